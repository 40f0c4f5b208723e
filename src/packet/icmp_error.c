#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/icmp_wire.h"
#include "packet/packet_wire.h"
#include "util/octets.h"

/* Every message that quotes: kind, where its RFC 4884 length is (0: it has none) and in which
 * unit. ICMPv6 types below 128 that have no row are errors all the same (RFC 4443 §2.1). */
static const struct icmp_type {
	uint8_t family, type;
	enum icmp_kind kind;
	uint8_t length_shift, length_unit;
} types[] = {
    {4, 3, ICMP_KIND_UNREACHABLE, 16, 4},    {4, 4, ICMP_KIND_OTHER_ERROR, 0, 0},
    {4, 5, ICMP_KIND_OTHER_ERROR, 0, 0},     {4, 11, ICMP_KIND_TIME_EXCEEDED, 16, 4},
    {4, 12, ICMP_KIND_PARAM_PROBLEM, 16, 4}, {6, 1, ICMP_KIND_UNREACHABLE, 24, 8},
    {6, 2, ICMP_KIND_TOO_BIG, 0, 0},	     {6, 3, ICMP_KIND_TIME_EXCEEDED, 24, 8},
    {6, 4, ICMP_KIND_PARAM_PROBLEM, 0, 0},
};

static struct icmp_type type_of(const struct packet *p)
{
	struct icmp_type none = {p->ip.version, p->icmp.type, ICMP_KIND_NONE, 0, 0};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].family == p->ip.version && types[i].type == p->icmp.type)
			return types[i];
	}
	if (p->ip.version == 6 && p->icmp.type < 128)
		none.kind = ICMP_KIND_OTHER_ERROR;
	return none;
}

/* How many octets the quoted packet had by its own IP length; 0 if that cannot be told. */
static size_t quoted_length(struct span quote)
{
	struct packet p;

	if (packet_parse_ip(&p, quote) || p.ip.length == 0)
		return 0;
	return p.ip.version == 4 ? p.ip.length : IP6_HEADER + p.ip.length;
}

/* Takes off the zeros that pad a short packet to 128 octets. Octets that are not zero are not
 * padding, whatever the length says: routers are known to garble it. */
static struct span without_padding(struct span quote)
{
	size_t len = quoted_length(quote);

	if (len < IP4_HEADER || len >= quote.len)
		return quote;
	for (size_t i = len; i < quote.len; i++) {
		if (quote.at[i] != 0)
			return quote;
	}
	return span_cut(quote, 0, len);
}

/* Where the quote ends and an extension structure begins; the whole body if there is none. */
static size_t split(struct icmp_error *out, const struct icmp_type *type, uint32_t rest,
		    struct span body)
{
	size_t len = (rest >> type->length_shift & 0xff) * type->length_unit;
	struct span behind = span_cut(body, len, body.len);

	if (type->length_unit && len != 0 && len <= body.len) {
		/* A length under 128 is against the RFC; then what follows must prove it. */
		out->extended = len >= ICMP_QUOTE_PADDED || icmp_extensions_valid(behind, false);
		if (out->extended)
			return len;
	}
	behind = span_cut(body, ICMP_QUOTE_PADDED, body.len);
	if (type->length_unit && len == 0 && icmp_extensions_valid(behind, true))
		return ICMP_QUOTE_PADDED;
	return body.len;
}

static void take_header(struct icmp_error *out, const struct packet *p, enum icmp_kind kind)
{
	bool v4 = p->ip.version == 4;

	out->kind = kind;
	out->type = p->icmp.type;
	out->code = p->icmp.code;
	out->from = p->ip.src;
	out->mtu = 0;
	out->extended = false;
	if (v4 && kind == ICMP_KIND_UNREACHABLE && out->code == 4)
		out->kind = ICMP_KIND_TOO_BIG;
	if (out->kind == ICMP_KIND_TOO_BIG)
		out->mtu = v4 ? p->icmp.rest & 0xffff : p->icmp.rest;
}

int icmp_error_parse(struct icmp_error *out, const struct packet *p)
{
	struct icmp_type type;
	size_t end;

	if (!(p->have & PACKET_HAS_ICMP))
		return p->have & PACKET_HAS_ALL ? ERR_MALFORMED : ERR_TRUNCATED;
	type = type_of(p);
	if (type.kind == ICMP_KIND_NONE)
		return ERR_MALFORMED;
	take_header(out, p, type.kind);
	end = split(out, &type, p->icmp.rest, p->payload);
	out->quote = span_cut(p->payload, 0, end);
	if (out->extended || end < p->payload.len)
		out->quote = without_padding(out->quote);
	icmp_extensions_parse(out, span_cut(p->payload, end, p->payload.len));
	return 0;
}

const char *icmp_kind_name(enum icmp_kind kind)
{
	static const char *const names[] = {
	    [ICMP_KIND_NONE] = "none",
	    [ICMP_KIND_TIME_EXCEEDED] = "time-exceeded",
	    [ICMP_KIND_UNREACHABLE] = "unreachable",
	    [ICMP_KIND_TOO_BIG] = "too-big",
	    [ICMP_KIND_PARAM_PROBLEM] = "param-problem",
	    [ICMP_KIND_OTHER_ERROR] = "other-error",
	};

	return names[kind];
}

const char *icmp_unreachable_name(uint8_t family, uint8_t code)
{
	static const char *const v4[] = {
	    "network",	       "host",
	    "protocol",	       "port",
	    "frag-needed",     "source-route",
	    "network-unknown", "host-unknown",
	    "host-isolated",   "net-prohibited",
	    "host-prohibited", "network-tos",
	    "host-tos",	       "admin-prohibited",
	    "host-precedence", "precedence-cutoff",
	};
	static const char *const v6[] = {
	    "network", "admin-prohibited", "beyond-scope", "host",
	    "port",    "source-policy",	   "reject-route", "source-route",
	};

	if (family == 4)
		return code < sizeof(v4) / sizeof(v4[0]) ? v4[code] : NULL;
	return code < sizeof(v6) / sizeof(v6[0]) ? v6[code] : NULL;
}
