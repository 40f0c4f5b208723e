/* Reads the fields of headers. A key of IP may be of one version or both, and settles the family
 * of the packet if it is of one. */
#include <string.h>

#include "packet/notation_parser.h"

static void names_of_layer(struct names *n, enum field_layer layer)
{
	for (enum field f = field_next(layer, FIELD_NONE); f; f = field_next(layer, f))
		names_add(n, field_info(f)->key);
}

static int narrow(struct parser *p, struct word key, unsigned families)
{
	if ((p->draft.families & families) == 0)
		return scan_fail(&p->scan, key.at, "'%.*s' is of IPv%d only, but '%.*s' is not",
				 (int)key.len, key.at, families == FAMILY_4 ? 4 : 6,
				 (int)(p->narrowed ? strcspn(p->narrowed, "={,/") : 0),
				 p->narrowed ? p->narrowed : "");
	if ((p->draft.families & families) != p->draft.families)
		p->narrowed = key.at;
	p->draft.families &= families;
	return 0;
}

static int field_address(struct parser *p, struct word key, enum field f4, enum field f6)
{
	struct word w = scan_value(&p->scan);
	struct ip_addr addr;
	int err = value_address(&p->scan, w, &addr);
	enum field f = addr.family == 4 ? f4 : f6;

	if (err)
		return err;
	err = narrow(p, key, addr.family == 4 ? FAMILY_4 : FAMILY_6);
	if (err)
		return err;
	draft_set(&p->draft, f, 0);
	p->draft.addr[f] = addr;
	return 0;
}

/* `other`: the same field of the other IP version, or FIELD_NONE. */
static int field_number(struct parser *p, enum field f, enum field other)
{
	const struct field_info *info = field_info(f);
	struct word w = scan_value(&p->scan);
	uint64_t max = bits_max(info->bits) * info->unit, number = 0;
	int err = f == FIELD_TCP_FLAGS ? value_flags(&p->scan, w, &number)
				       : value_number(&p->scan, w, info->key, max, &number);

	if (err)
		return err;
	if (number % info->unit != 0)
		return scan_fail(&p->scan, w.at, "%s counts octets in steps of %d", info->key,
				 info->unit);
	draft_set(&p->draft, f, number);
	if (other)
		draft_set(&p->draft, other, number);
	return 0;
}

static int expect_equals(struct parser *p, struct word key)
{
	if (scan_char(&p->scan, '='))
		return 0;
	return scan_fail(&p->scan, p->scan.at, "expected '=' and a value of %.*s", (int)key.len,
			 key.at);
}

static void lower(struct word w, char *out, size_t cap)
{
	size_t len = w.len < cap ? w.len : cap - 1;

	for (size_t i = 0; i < len; i++)
		out[i] = (char)(w.at[i] >= 'A' && w.at[i] <= 'Z' ? w.at[i] | 0x20 : w.at[i]);
	out[len] = '\0';
}

static int field_unknown(struct parser *p, struct word key, const char *layer,
			 const enum field_layer layers[2])
{
	struct names names = {.len = 0};

	names_of_layer(&names, layers[0]);
	if (layers[1] != layers[0])
		names_add(&names, "flow, next");
	return scan_fail(&p->scan, key.at, "'%.*s' is not a field of %s (%s)", (int)key.len, key.at,
			 layer, names.text);
}

static bool is_given(const struct parser *p, enum field f)
{
	return f && (p->draft.set & FIELD_BIT(f));
}

struct header {
	const char *layer;
	enum field_layer layers[2];
};

/* Layers of IP have two tables of fields, of which a key may be in one or both. */
static int parse_field(struct parser *p, void *context)
{
	const enum field_layer *layers = ((struct header *)context)->layers;
	struct word key = scan_name(&p->scan);
	char text[16];
	enum field a, b;
	int err;

	lower(key, text, sizeof text);
	a = field_by_key(layers[0], text);
	b = field_by_key(layers[1], text);
	if (!a && !b)
		return field_unknown(p, key, ((struct header *)context)->layer, layers);
	if (is_given(p, a) || is_given(p, b))
		return scan_fail(&p->scan, key.at, "%s is given twice", text);
	err = expect_equals(p, key);
	if (err)
		return err;
	if (layers[0] == LAYER_TCP || layers[0] == LAYER_ICMP)
		return field_number(p, a, FIELD_NONE);
	if (field_info(a ? a : b)->format == FORMAT_ADDR)
		return field_address(p, key, field_by_key(LAYER_IP4, text),
				     field_by_key(LAYER_IP6, text));
	if (!a || !b || layers[0] == layers[1])
		err =
		    narrow(p, key, field_info(a ? a : b)->layer == LAYER_IP4 ? FAMILY_4 : FAMILY_6);
	return err ? err : field_number(p, a ? a : b, a && b != a ? b : FIELD_NONE);
}

int parse_fields(struct parser *p, const char *layer, const enum field_layer layers[2])
{
	return parse_braces(p, parse_field, &(struct header){layer, {layers[0], layers[1]}});
}
