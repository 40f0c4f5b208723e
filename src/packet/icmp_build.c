#include <assert.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/icmp_wire.h"
#include "packet/packet_wire.h"
#include "util/octets.h"

#define LINUX_ICMP_DSCP 48 /* internetwork control: what Linux and Cisco mark IPv4 errors with */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t quote_len(const struct icmp_error_spec *spec, struct span offender)
{
	size_t outer = (spec->from.family == 4 ? IP4_HEADER : IP6_HEADER) + ICMP_HEADER;
	size_t total = spec->from.family == 4 ? 576 : 1280;
	struct packet p;
	size_t header = packet_parse_ip(&p, offender) ? 0 : p.ip.header_len;

	switch (spec->quote) {
	case QUOTE_8: return min(offender.len, header + 8);
	case QUOTE_28: return min(offender.len, header + 20);
	case QUOTE_128:
	case QUOTE_RFC4884: return min(offender.len, ICMP_QUOTE_PADDED);
	case QUOTE_FULL: break;
	}
	return min(offender.len, total - outer);
}

/* ICMPv6 has room for a length, and so for extensions, in two messages only. */
static bool is_extended(const struct icmp_error_spec *spec)
{
	return spec->quote == QUOTE_RFC4884 &&
	       (spec->from.family == 4 || spec->kind == ICMP_KIND_TIME_EXCEEDED ||
		spec->kind == ICMP_KIND_UNREACHABLE);
}

static size_t extension_len(const struct icmp_error_spec *spec)
{
	if (!is_extended(spec) || spec->label_count == 0)
		return 0;
	return ICMP_EXTENSION_HEADER + ICMP_OBJECT_HEADER + 4 * spec->label_count;
}

static void put_extension(const struct icmp_error_spec *spec, uint8_t *out)
{
	size_t len = extension_len(spec);
	uint8_t *object = out + ICMP_EXTENSION_HEADER;

	if (len == 0)
		return;
	store_u32(out, 2u << 28);
	store_u16(object, (uint16_t)(len - ICMP_EXTENSION_HEADER));
	object[2] = MPLS_CLASS;
	object[3] = MPLS_C_TYPE;
	for (size_t i = 0; i < spec->label_count; i++) {
		const struct mpls_label *l = &spec->labels[i];

		store_u32(object + ICMP_OBJECT_HEADER + 4 * i,
			  l->label << 12 | (uint32_t)(l->tc & 7) << 9 | (uint32_t)(l->s & 1) << 8 |
			      l->ttl);
	}
	store_u16(out + 2, checksum_finish(checksum_add(0, out, len)));
}

static uint8_t type_number(const struct icmp_error_spec *spec)
{
	static const uint8_t types[][2] = {
	    [ICMP_KIND_TIME_EXCEEDED] = {11, 3},
	    [ICMP_KIND_UNREACHABLE] = {3, 1},
	    [ICMP_KIND_TOO_BIG] = {3, 2},
	    [ICMP_KIND_PARAM_PROBLEM] = {12, 4},
	};

	assert(spec->kind > ICMP_KIND_NONE && spec->kind < ICMP_KIND_OTHER_ERROR);
	return types[spec->kind][spec->from.family == 6];
}

static uint32_t rest_of_header(const struct icmp_error_spec *spec)
{
	bool v4 = spec->from.family == 4;
	uint32_t rest = 0;

	if (spec->kind == ICMP_KIND_TOO_BIG)
		rest = v4 ? spec->mtu & 0xffff : spec->mtu;
	if (is_extended(spec))
		rest |= v4 ? ICMP_QUOTE_PADDED / 4 << 16 : ICMP_QUOTE_PADDED / 8 << 24;
	return rest;
}

static struct packet outer_packet(const struct icmp_error_spec *spec)
{
	bool v4 = spec->from.family == 4;
	struct packet p;

	p.have = 0;
	p.ip = (struct ip_header){
	    .version = spec->from.family,
	    .dscp = v4 ? LINUX_ICMP_DSCP : 0,
	    .ttl = spec->ttl,
	    .proto = v4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6,
	    .id = spec->id,
	    .src = spec->from,
	    .dst = spec->to,
	};
	p.icmp = (struct icmp_header){
	    .type = type_number(spec),
	    .code = spec->kind == ICMP_KIND_TOO_BIG ? (v4 ? 4 : 0) : spec->code,
	    .rest = rest_of_header(spec),
	};
	p.trailer = span_of(NULL, 0);
	return p;
}

/* The body is put in place first, and then wrapped: it lies where packet_build copies it to. */
int icmp_error_build(const struct icmp_error_spec *spec, struct span offender, uint8_t *out,
		     size_t cap)
{
	size_t outer = (spec->from.family == 4 ? IP4_HEADER : IP6_HEADER) + ICMP_HEADER;
	size_t quoted = quote_len(spec, offender), padded = quoted;
	struct packet p = outer_packet(spec);
	uint8_t *body = out + outer;
	size_t len;

	if (is_extended(spec))
		padded = ICMP_QUOTE_PADDED;
	len = padded + extension_len(spec);
	if (outer + len > cap)
		return ERR_NOSPACE;
	memcpy(body, offender.at, quoted);
	memset(body + quoted, 0, padded - quoted);
	put_extension(spec, body + padded);
	p.payload = span_of(body, len);
	return packet_build(&p, PACKET_FIX_ALL, out, cap);
}
