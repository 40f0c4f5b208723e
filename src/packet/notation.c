/* Reads the probe notation, layer by layer, into a draft, and builds it for both families. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/notation_parts.h"
#include "util/octets.h"

struct parser {
	struct scanner scan;
	struct draft draft;
	bool has_ip, has_payload;
	const char *narrowed; /* where a key settled the family */
	uint8_t payload[PROBE_OCTETS_MAX];
};

/* Where and how a list of valid names goes into a message. */
struct names {
	char text[192];
	size_t len;
};

static void names_add(struct names *n, const char *name)
{
	int put = snprintf(n->text + n->len, sizeof n->text - n->len, "%s%s",
			   n->len > 0 ? ", " : "", name);

	n->len += (size_t)put;
	if (n->len >= sizeof n->text)
		n->len = sizeof n->text - 1;
}

static void names_of_layer(struct names *n, enum field_layer layer)
{
	for (enum field f = field_next(layer, FIELD_NONE); f; f = field_next(layer, f))
		names_add(n, field_info(f)->key);
}

static uint64_t bits_max(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* --- Arguments of options --- */

static int arg_append(struct parser *p, const struct arg_spec *spec, struct word w, struct arg *out)
{
	uint64_t number;
	int err = value_number(&p->scan, w, spec->key, bits_max(spec->bits), &number);

	if (err)
		return err;
	if (out->len + spec->bits / 8 > sizeof out->octets)
		return scan_fail(&p->scan, w.at, "an option holds at most %d octets",
				 TCP_OPTIONS_MAX);
	store_bits(out->octets + out->len, 0, spec->bits, number);
	out->len += spec->bits / 8;
	return 0;
}

static int arg_value(struct parser *p, const struct arg_spec *spec, struct word w, struct arg *out)
{
	out->given = true;
	switch (spec->type) {
	case ARG_LIST: return arg_append(p, spec, w, out);
	case ARG_ADDR: return value_address(&p->scan, w, &out->addr);
	case ARG_OCTETS: return value_hex(&p->scan, w, out->octets, sizeof out->octets, &out->len);
	default: return value_number(&p->scan, w, spec->key, bits_max(spec->bits), &out->number);
	}
}

static int positional(struct parser *p, const struct option_spec *spec, struct arg *args)
{
	size_t i = 0;

	if (!scan_char(&p->scan, '(') || scan_char(&p->scan, ')'))
		return 0;
	do {
		struct word w = scan_value(&p->scan);
		int err;

		if (i == ARGS_MAX || !spec->args[i].type)
			return scan_fail(&p->scan, w.at, "%s takes %zu argument%s", spec->name, i,
					 i == 1 ? "" : "s");
		err = arg_value(p, &spec->args[i], w, &args[i]);
		if (err)
			return err;
		i += spec->args[i].type != ARG_LIST;
	} while (scan_char(&p->scan, ','));
	if (!scan_char(&p->scan, ')'))
		return scan_fail(&p->scan, p->scan.at, "expected ',' or ')'");
	return 0;
}

static int arg_unknown(struct parser *p, const struct option_spec *spec, struct word key)
{
	struct names names = {.len = 0};

	for (size_t i = 0; i < ARGS_MAX && spec->args[i].type; i++)
		names_add(&names, spec->args[i].key);
	return scan_fail(&p->scan, key.at, "'%.*s' is not an argument of %s (%s)", (int)key.len,
			 key.at, spec->name, names.len > 0 ? names.text : "it takes none");
}

static int named_arg(struct parser *p, const struct option_spec *spec, struct arg *args)
{
	struct word key = scan_name(&p->scan);
	size_t i = 0;

	while (i < ARGS_MAX && spec->args[i].type && !word_is(key, spec->args[i].key))
		i++;
	if (i == ARGS_MAX || !spec->args[i].type)
		return arg_unknown(p, spec, key);
	if (scan_char(&p->scan, '='))
		return arg_value(p, &spec->args[i], scan_value(&p->scan), &args[i]);
	if (spec->args[i].type != ARG_SWITCH)
		return scan_fail(&p->scan, p->scan.at, "expected '=' and a value of %s",
				 spec->args[i].key);
	args[i].given = true;
	args[i].number = 1;
	return 0;
}

static int named_args(struct parser *p, const struct option_spec *spec, struct arg *args)
{
	int err;

	if (!scan_char(&p->scan, '{') || scan_char(&p->scan, '}'))
		return 0;
	do {
		err = named_arg(p, spec, args);
		if (err)
			return err;
	} while (scan_char(&p->scan, ','));
	if (!scan_char(&p->scan, '}'))
		return scan_fail(&p->scan, p->scan.at, "expected ',' or '}'");
	return 0;
}

static int parse_args(struct parser *p, const struct option_spec *spec, struct word name,
		      struct arg *args)
{
	int err;

	memset(args, 0, ARGS_MAX * sizeof *args);
	for (size_t i = 0; i < ARGS_MAX; i++)
		args[i].number = spec->args[i].preset;
	err = positional(p, spec, args);
	if (!err)
		err = named_args(p, spec, args);
	for (size_t i = 0; i < ARGS_MAX && !err; i++)
		if (spec->args[i].rule == ARG_REQUIRED && spec->args[i].type && !args[i].given)
			err = scan_fail(&p->scan, name.at, "%s needs its argument %s", spec->name,
					spec->args[i].key);
	return err;
}

/* How many octets the options are that do not fit is worth knowing, so they are counted on. */
static int parse_option(struct parser *p, const struct option_spec *spec, struct word name)
{
	struct arg args[ARGS_MAX];
	uint8_t octets[2 * TCP_OPTIONS_MAX];
	struct draft *d = &p->draft;
	int len, err = parse_args(p, spec, name, args);

	if (err)
		return err;
	if (!d->has_tcp)
		return scan_fail(&p->scan, name.at, "%s is a TCP option: write TCP before it",
				 spec->name);
	len = option_spec_build(spec, args, octets, sizeof octets);
	if (len < 0)
		return scan_fail(&p->scan, name.at, "no form of %s has these arguments",
				 spec->name);
	if (d->options_len + (size_t)len > TCP_OPTIONS_MAX)
		return scan_fail(&p->scan, name.at,
				 "with %s there are %zu octets of options; TCP has room for %d",
				 spec->name, d->options_len + (size_t)len, TCP_OPTIONS_MAX);
	memcpy(d->options + d->options_len, octets, (size_t)len);
	d->options_len += (size_t)len;
	return 0;
}

/* --- Fields of headers --- */

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
static int field_number(struct parser *p, struct word key, enum field f, enum field other)
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
	(void)key;
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

/* Layers of IP have two tables of fields, of which a key may be in one or both. */
static int parse_field(struct parser *p, const char *layer, const enum field_layer layers[2])
{
	struct word key = scan_name(&p->scan);
	char text[16];
	enum field a, b;
	int err;

	lower(key, text, sizeof text);
	a = field_by_key(layers[0], text);
	b = field_by_key(layers[1], text);
	if (!a && !b)
		return field_unknown(p, key, layer, layers);
	err = expect_equals(p, key);
	if (err)
		return err;
	if (layers[0] == LAYER_TCP || layers[0] == LAYER_ICMP)
		return field_number(p, key, a, FIELD_NONE);
	if (field_info(a ? a : b)->format == FORMAT_ADDR)
		return field_address(p, key, field_by_key(LAYER_IP4, text),
				     field_by_key(LAYER_IP6, text));
	if (!a || !b || layers[0] == layers[1])
		err =
		    narrow(p, key, field_info(a ? a : b)->layer == LAYER_IP4 ? FAMILY_4 : FAMILY_6);
	return err ? err : field_number(p, key, a ? a : b, a && b != a ? b : FIELD_NONE);
}

static int parse_fields(struct parser *p, const char *layer, const enum field_layer layers[2])
{
	int err;

	if (!scan_char(&p->scan, '{') || scan_char(&p->scan, '}'))
		return 0;
	do {
		err = parse_field(p, layer, layers);
		if (err)
			return err;
	} while (scan_char(&p->scan, ','));
	if (!scan_char(&p->scan, '}'))
		return scan_fail(&p->scan, p->scan.at, "expected ',' or '}'");
	return 0;
}

/* --- Layers --- */

static int parse_ip(struct parser *p, struct word name)
{
	static const struct {
		const char *name;
		enum field_layer layers[2];
		unsigned families;
	} IPS[] = {
	    {"IP", {LAYER_IP4, LAYER_IP6}, FAMILY_4 | FAMILY_6},
	    {"IPV4", {LAYER_IP4, LAYER_IP4}, FAMILY_4},
	    {"IPV6", {LAYER_IP6, LAYER_IP6}, FAMILY_6},
	};

	for (size_t i = 0; i < sizeof IPS / sizeof *IPS; i++) {
		if (!word_is(name, IPS[i].name))
			continue;
		p->has_ip = true;
		p->draft.families = IPS[i].families;
		p->narrowed = i > 0 ? name.at : NULL;
		return parse_fields(p, IPS[i].name, IPS[i].layers);
	}
	return scan_fail(&p->scan, name.at, "expected IP or IPV6 as the first layer, not '%.*s'",
			 (int)name.len, name.at);
}

static int parse_payload(struct parser *p)
{
	size_t len;
	int err;

	if (!scan_char(&p->scan, '('))
		return scan_fail(&p->scan, p->scan.at, "expected RAW(x…) with hex digits");
	err = value_hex(&p->scan, scan_value(&p->scan), p->payload, sizeof p->payload, &len);
	if (err)
		return err;
	if (!scan_char(&p->scan, ')'))
		return scan_fail(&p->scan, p->scan.at, "expected ')'");
	p->has_payload = true;
	p->draft.payload = span_of(p->payload, len);
	return 0;
}

static int parse_transport(struct parser *p, struct word name)
{
	static const enum field_layer TCP[2] = {LAYER_TCP, LAYER_TCP};
	static const enum field_layer ICMP[2] = {LAYER_ICMP, LAYER_ICMP};
	bool tcp = word_is(name, "TCP");

	if (p->draft.has_tcp || p->draft.has_icmp)
		return scan_fail(&p->scan, name.at, "a packet has one TCP or ICMP layer");
	p->draft.has_tcp = tcp;
	p->draft.has_icmp = !tcp;
	return parse_fields(p, tcp ? "TCP" : "ICMP", tcp ? TCP : ICMP);
}

static int layer_unknown(struct parser *p, struct word name)
{
	struct names names = {.len = 0};

	names_add(&names, "TCP, ICMP, RAW");
	for (size_t i = 0; i < notation_option_count; i++)
		names_add(&names, notation_options[i].name);
	for (size_t i = 0; i <= 8; i++)
		names_add(&names, notation_mptcp[i].name);
	return scan_fail(&p->scan, name.at, "'%.*s' is not a layer (%s)", (int)name.len, name.at,
			 names.text);
}

static int parse_layer(struct parser *p)
{
	struct word name = scan_name(&p->scan);
	const struct option_spec *option;

	if (!p->has_ip)
		return parse_ip(p, name);
	if (p->has_payload)
		return scan_fail(&p->scan, name.at, "nothing can follow RAW");
	if (word_is(name, "TCP") || word_is(name, "ICMP"))
		return parse_transport(p, name);
	if (word_is(name, "RAW"))
		return parse_payload(p);
	option = option_spec_by_name(name);
	return option ? parse_option(p, option, name) : layer_unknown(p, name);
}

static int parse_layers(struct parser *p)
{
	int err;

	do {
		err = parse_layer(p);
		if (err)
			return err;
	} while (scan_char(&p->scan, '/'));
	scan_char(&p->scan, ' ');
	if (*p->scan.at != '\0')
		return scan_fail(&p->scan, p->scan.at, "expected '/' and a layer, or the end");
	return 0;
}

/* --- The packets --- */

static int build(struct parser *p, uint8_t family, uint8_t *out, uint16_t *out_len)
{
	uint8_t headers[DRAFT_HEADERS_MAX];
	size_t len = draft_len(&p->draft, family), head;

	*out_len = 0;
	if (!(p->draft.families & (family == 4 ? FAMILY_4 : FAMILY_6)))
		return 0;
	if (len > PROBE_OCTETS_MAX)
		return scan_fail(&p->scan, p->scan.text,
				 "the IPv%d packet has %zu octets, more than %d", family, len,
				 PROBE_OCTETS_MAX);
	head = draft_headers(&p->draft, family, headers);
	memcpy(out, headers, head);
	if (p->draft.payload.len > 0)
		memcpy(out + head, p->draft.payload.at, p->draft.payload.len);
	*out_len = (uint16_t)len;
	return 0;
}

static int finish(struct parser *p, struct notation *n)
{
	int err = build(p, 4, n->octets4, &n->len4);

	if (!err)
		err = build(p, 6, n->octets6, &n->len6);
	if (p->draft.families != (FAMILY_4 | FAMILY_6))
		n->family = p->draft.families == FAMILY_4 ? 4 : 6;
	n->has_tcp = p->draft.has_tcp;
	n->has_icmp = p->draft.has_icmp;
	n->fields_set = p->draft.set;
	return err;
}

int notation_parse(struct notation *n, const char *text, struct error *err)
{
	struct parser *p;
	int code;

	memset(n, 0, sizeof *n);
	if (strlen(text) >= sizeof n->text)
		return error_set(err, ERR_USAGE, "probe '%.60s…': %zu characters, more than %zu",
				 text, strlen(text), sizeof n->text - 1);
	strcpy(n->text, text);
	p = calloc(1, sizeof *p);
	if (!p)
		return error_set(err, ERR_NOMEM, "probe '%.60s': out of memory", text);
	p->scan = (struct scanner){.text = n->text, .at = n->text, .err = err};
	code = parse_layers(p);
	if (!code)
		code = finish(p, n);
	free(p);
	return code;
}

/* Takes the two octets of a checksum from where they are right. */
static void take(uint8_t *octets, size_t len, const uint8_t *right, size_t at)
{
	if (at + 2 <= len)
		memcpy(octets + at, right + at, 2);
}

void notation_finish(const struct notation *n, uint8_t *octets, size_t len)
{
	uint8_t right[PROBE_OCTETS_MAX];
	bool v4 = len > 0 && octets[0] >> 4 == 4;
	size_t ip = v4 ? 20 : 40;

	if (len > sizeof right)
		return;
	memcpy(right, octets, len);
	packet_fix_checksums(right, len);
	if (v4 && !(n->fields_set & FIELD_BIT(FIELD_IP4_CHECKSUM)))
		take(octets, len, right, 10);
	if (n->has_tcp && !(n->fields_set & FIELD_BIT(FIELD_TCP_CHECKSUM)))
		take(octets, len, right, ip + 16);
	if (n->has_icmp && !(n->fields_set & FIELD_BIT(FIELD_ICMP_CHECKSUM)))
		take(octets, len, right, ip + 2);
}
