/* Writes a packet in the notation. Printed is what differs from what the notation presets, so
 * the same draft that the reader builds from is asked for its presets. What is no packet, or no
 * option, that the notation has words for is written as octets. */
#include <inttypes.h>
#include <string.h>

#include "packet/notation_parts.h"
#include "util/octets.h"

/* A packet taken apart as the notation sees it: fixed headers, option area, the rest. */
struct parts {
	struct draft draft;
	struct span ip, transport; /* fixed headers; `transport` empty: neither TCP nor ICMP */
	struct span area;
	enum field_layer ip_layer, transport_layer;
	uint8_t family;
};

static struct span octets_behind(struct span s, size_t from)
{
	return span_cut(s, from, s.len);
}

/* TCP options are shown as such only if all of their area is there. */
static void take_tcp(struct parts *t, struct span rest)
{
	size_t header_len = (size_t)(rest.at[12] >> 4) * 4;

	if (header_len < 20 || header_len > rest.len)
		header_len = 20;
	t->draft.has_tcp = true;
	t->transport_layer = LAYER_TCP;
	t->transport = span_cut(rest, 0, 20);
	t->area = span_cut(rest, 20, header_len - 20);
	memcpy(t->draft.options, t->area.at, t->area.len);
	t->draft.options_len = t->area.len;
	t->draft.payload = octets_behind(rest, header_len);
	if (load_u32(rest.at + 8) != 0)
		draft_set(&t->draft, FIELD_TCP_ACK, load_u32(rest.at + 8));
}

static void take_icmp(struct parts *t, struct span rest)
{
	t->draft.has_icmp = true;
	t->transport_layer = LAYER_ICMP;
	t->transport = span_cut(rest, 0, 8);
	t->draft.payload = octets_behind(rest, 8);
}

/* IP options, extension headers and fragments are left as they are. */
static void take_apart(struct parts *t, const struct packet *p)
{
	bool v4 = p->ip.version == 4, plain;
	uint8_t icmp = v4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;
	struct span rest;

	memset(t, 0, sizeof *t);
	t->family = p->ip.version;
	t->ip_layer = v4 ? LAYER_IP4 : LAYER_IP6;
	t->ip = span_cut(p->octets, 0, v4 ? 20 : 40);
	rest = octets_behind(p->octets, t->ip.len);
	plain = p->ip.header_len == t->ip.len && p->ip.frag_offset == 0;
	if (plain && p->ip.proto == IP_PROTO_TCP && rest.len >= 20)
		take_tcp(t, rest);
	else if (plain && p->ip.proto == icmp && rest.len >= 8)
		take_icmp(t, rest);
	else
		t->draft.payload = rest;
}

/* The checksums that would be computed, in `headers` and, if the packet is not too large for a
 * probe, right; else they are left zero, and those of the packet get printed. */
static void preset_checksums(const struct parts *t, const struct packet *p, uint8_t *headers)
{
	const struct notation n = {.has_tcp = t->draft.has_tcp, .has_icmp = t->draft.has_icmp};
	uint8_t octets[PROBE_OCTETS_MAX];
	size_t sum_at = t->draft.has_tcp ? 16 : 2, len = p->octets.len;

	if (len > sizeof octets)
		return;
	memcpy(octets, p->octets.at, len);
	if (t->family == 4)
		memset(octets + 10, 0, 2);
	if (t->transport.len > 0)
		memset(octets + t->ip.len + sum_at, 0, 2);
	notation_finish(&n, octets, len);
	if (t->family == 4)
		memcpy(headers + 10, octets + 10, 2);
	if (t->transport.len > 0)
		memcpy(headers + t->ip.len + sum_at, octets + t->ip.len + sum_at, 2);
}

/* Starts or goes on with a list in braces. */
static void next_item(struct buf *out, bool *open)
{
	buf_printf(out, *open ? "," : "{");
	*open = true;
}

static void print_flags(struct buf *out, uint64_t flags)
{
	static const char LETTERS[] = "FSRPAUEC";

	if (flags == 0 || flags > 0xff) {
		buf_printf(out, "0x%03" PRIx64, flags);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		if (flags >> i & 1)
			buf_put(out, &LETTERS[i], 1);
}

static void print_fields(struct buf *out, enum field_layer layer, struct span header,
			 const uint8_t *preset)
{
	struct span presets = span_of(preset, header.len);
	bool open = false;

	for (enum field f = field_next(layer, FIELD_NONE); f; f = field_next(layer, f)) {
		struct value is, would;

		field_load(header, f, &is);
		field_load(presets, f, &would);
		if (value_equal(&is, &would))
			continue;
		next_item(out, &open);
		buf_printf(out, "%s=", field_info(f)->key);
		if (f == FIELD_TCP_FLAGS)
			print_flags(out, is.number);
		else
			value_print(out, &is);
	}
	if (open)
		buf_printf(out, "}");
}

static void print_octets(struct buf *out, const void *octets, size_t len)
{
	buf_printf(out, "x");
	buf_hex(out, octets, len);
}

static void print_list(struct buf *out, const struct arg_spec *spec, const struct arg *a)
{
	size_t step = spec->bits / 8u;

	for (size_t i = 0; i + step <= a->len; i += step)
		buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "",
			   load_bits(a->octets + i, 0, spec->bits));
}

static void print_arg(struct buf *out, const struct arg_spec *spec, const struct arg *a)
{
	char text[IP_ADDR_TEXT];

	switch (spec->type) {
	case ARG_NONE: return;
	case ARG_DEC:
	case ARG_SWITCH: buf_printf(out, "%" PRIu64, a->number); return;
	case ARG_HEX: buf_printf(out, "0x%0*" PRIx64, (spec->bits + 3) / 4, a->number); return;
	case ARG_ADDR: buf_printf(out, "%s", ip_addr_print(&a->addr, text)); return;
	case ARG_OCTETS: print_octets(out, a->octets, a->len); return;
	case ARG_LIST: print_list(out, spec, a); return;
	}
}

static bool to_print(const struct arg_spec *spec, const struct arg *a)
{
	return a->given && (spec->rule != ARG_OPTIONAL || a->number != spec->preset);
}

static void print_positional(struct buf *out, const struct option_spec *spec,
			     const struct arg *args)
{
	size_t count = 0;

	for (size_t i = 0; i < ARGS_MAX && spec->args[i].type; i++)
		if (to_print(&spec->args[i], &args[i]))
			count = i + 1;
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, i > 0 ? "," : "(");
		print_arg(out, &spec->args[i], &args[i]);
	}
	if (count > 0)
		buf_printf(out, ")");
}

static void print_named(struct buf *out, const struct option_spec *spec, const struct arg *args)
{
	bool open = false;

	for (size_t i = 0; i < ARGS_MAX && spec->args[i].type; i++) {
		if (!to_print(&spec->args[i], &args[i]))
			continue;
		next_item(out, &open);
		buf_printf(out, "%s=", spec->args[i].key);
		print_arg(out, &spec->args[i], &args[i]);
	}
	if (open)
		buf_printf(out, "}");
}

/* Returns the octets of the area it has written: those of the option, or all that is left. */
static size_t print_option(struct buf *out, const struct tcp_option *o, struct span left)
{
	struct arg args[ARGS_MAX];
	const struct option_spec *spec = o->malformed ? NULL : option_spec_read(o, args);

	if (!spec) {
		buf_printf(out, "/OCTETS(");
		print_octets(out, left.at, left.len);
		buf_printf(out, ")");
		return left.len;
	}
	buf_printf(out, "/%s", spec->name);
	/* A list of named values would not tell where it ends. */
	if (spec->form == OPTION_MPTCP && spec->args[0].type != ARG_LIST)
		print_named(out, spec, args);
	else
		print_positional(out, spec, args);
	return o->len;
}

static bool all_zero(struct span s)
{
	while (s.len > 0 && s.at[s.len - 1] == 0)
		s.len--;
	return s.len == 0;
}

static void print_options(struct buf *out, struct span area)
{
	struct tcp_option_list list;

	if (area.len == 0)
		return;
	tcp_options_parse(&list, area);
	for (size_t i = 0; i < list.count && area.len > 0; i++) {
		const struct tcp_option *o = &list.item[i];

		if (o->kind == TCP_OPT_EOL && all_zero(area) && area.len < 4)
			return; /* is padded again */
		if (o->kind == TCP_OPT_EOL && !all_zero(area)) {
			buf_printf(out, "/EOL/OCTETS(");
			print_octets(out, area.at + 1, area.len - 1);
			buf_printf(out, ")");
			return;
		}
		area = octets_behind(area, print_option(out, o, area));
	}
	for (; area.len > 0; area.len--)
		buf_printf(out, "/EOL");
}

void notation_print(struct buf *out, const struct packet *p)
{
	struct parts t;
	uint8_t headers[DRAFT_HEADERS_MAX];

	take_apart(&t, p);
	draft_headers(&t.draft, t.family, headers);
	/* The acknowledgement that presets the flags is itself preset to none. */
	if (t.draft.has_tcp)
		memset(headers + t.ip.len + 8, 0, 4);
	preset_checksums(&t, p, headers);
	buf_printf(out, t.family == 4 ? "IP" : "IPV6");
	print_fields(out, t.ip_layer, t.ip, headers);
	if (t.transport.len > 0) {
		buf_printf(out, t.draft.has_tcp ? "/TCP" : "/ICMP");
		print_fields(out, t.transport_layer, t.transport, headers + t.ip.len);
	}
	print_options(out, t.area);
	if (t.draft.payload.len > 0) {
		buf_printf(out, "/RAW(");
		print_octets(out, t.draft.payload.at, t.draft.payload.len);
		buf_printf(out, ")");
	}
}
