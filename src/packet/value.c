/* Values of fields and options, for findings and reports. */
#include <inttypes.h>
#include <string.h>

#include "packet/field.h"

static struct ip_addr value_addr(const struct value *v)
{
	return v->family == 4 ? ip_addr_v4(v->octets) : ip_addr_v6(v->octets);
}

void value_print(struct buf *out, const struct value *v)
{
	char text[IP_ADDR_TEXT];
	struct ip_addr addr;

	switch (v->kind) {
	case VALUE_NONE: return;
	case VALUE_DEC: buf_printf(out, "%" PRIu64, v->number); return;
	case VALUE_HEX: buf_printf(out, "0x%0*" PRIx64, v->len, v->number); return;
	case VALUE_OCTETS: buf_hex(out, v->octets, v->len); return;
	case VALUE_ADDR:
		addr = value_addr(v);
		buf_printf(out, "%s", ip_addr_print(&addr, text));
		return;
	}
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NONE: return true;
	case VALUE_DEC:
	case VALUE_HEX: return a->number == b->number;
	case VALUE_ADDR:
		return a->family == b->family &&
		       memcmp(a->octets, b->octets, a->family == 4 ? 4 : 16) == 0;
	case VALUE_OCTETS: return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
	}
	return false;
}
