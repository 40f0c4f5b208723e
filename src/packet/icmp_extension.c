#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/icmp_wire.h"
#include "util/octets.h"

/* The length of the object at the front of `s`, or 0 if it lies. */
static size_t object_len(struct span s)
{
	size_t len = s.len < ICMP_OBJECT_HEADER ? 0 : load_u16(s.at);

	return len < ICMP_OBJECT_HEADER || len > s.len ? 0 : len;
}

static bool header_valid(struct span s)
{
	if (s.len < ICMP_EXTENSION_HEADER || s.at[0] >> 4 != 2)
		return false;
	return load_u16(s.at + 2) == 0 || checksum_finish(checksum_add(0, s.at, s.len)) == 0;
}

static bool objects_valid(struct span s)
{
	while (s.len > 0) {
		size_t len = object_len(s);

		if (len == 0)
			return false;
		s = span_cut(s, len, s.len);
	}
	return true;
}

bool icmp_extensions_valid(struct span s, bool strict)
{
	struct span objects = span_cut(s, ICMP_EXTENSION_HEADER, s.len);

	if (!header_valid(s) || !objects_valid(objects))
		return false;
	return !strict || (load_u16(s.at + 2) != 0 && objects.len > 0);
}

void icmp_extensions_parse(struct icmp_error *out, struct span s)
{
	struct span rest = span_cut(s, ICMP_EXTENSION_HEADER, s.len);
	size_t len;

	out->extension_count = 0;
	out->extensions_bad = s.len > 0 && !icmp_extensions_valid(s, false);
	for (; rest.len > 0 && out->extension_count < ICMP_EXTENSIONS_MAX;
	     rest = span_cut(rest, len, rest.len)) {
		len = object_len(rest);
		if (len == 0)
			return;
		out->extension[out->extension_count++] = (struct icmp_extension){
		    .class_num = rest.at[2],
		    .c_type = rest.at[3],
		    .payload = span_of(rest.at + ICMP_OBJECT_HEADER, len - ICMP_OBJECT_HEADER),
		};
	}
}

size_t mpls_label_count(const struct icmp_extension *e)
{
	if (e->class_num != MPLS_CLASS || e->c_type != MPLS_C_TYPE)
		return 0;
	return e->payload.len / 4;
}

struct mpls_label mpls_label_at(const struct icmp_extension *e, size_t i)
{
	uint32_t entry = i < mpls_label_count(e) ? load_u32(e->payload.at + 4 * i) : 0;

	return (struct mpls_label){
	    .label = entry >> 12,
	    .tc = entry >> 9 & 7,
	    .s = entry >> 8 & 1,
	    .ttl = (uint8_t)entry,
	};
}
