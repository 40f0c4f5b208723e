/* From fields, options and payload to the octets of a packet. */
#include <string.h>

#include "packet/notation_parts.h"
#include "util/octets.h"

void draft_set(struct draft *d, enum field f, uint64_t number)
{
	d->set |= FIELD_BIT(f);
	d->number[f] = number;
}

static size_t ip_fixed_len(uint8_t family)
{
	return family == 4 ? 20 : 40;
}

static size_t padded(size_t len)
{
	return (len + 3) / 4 * 4;
}

static size_t transport_len(const struct draft *d)
{
	if (d->has_tcp)
		return 20 + padded(d->options_len);
	return d->has_icmp ? 8 : 0;
}

size_t draft_len(const struct draft *d, uint8_t family)
{
	return ip_fixed_len(family) + transport_len(d) + d->payload.len;
}

static void put(uint8_t *header, enum field f, uint64_t number)
{
	const struct field_info *info = field_info(f);

	store_bits(header, info->bit, info->bits, number / info->unit);
}

/* Writes what was given for a layer over what is preset. */
static void put_given(const struct draft *d, enum field_layer layer, uint8_t *header)
{
	for (enum field f = field_next(layer, FIELD_NONE); f; f = field_next(layer, f)) {
		const struct field_info *info = field_info(f);

		if (!(d->set & FIELD_BIT(f)))
			continue;
		if (info->format == FORMAT_ADDR)
			memcpy(header + info->bit / 8, d->addr[f].octets, info->bits / 8);
		else
			put(header, f, d->number[f]);
	}
}

static uint8_t transport_proto(const struct draft *d, uint8_t family)
{
	if (d->has_tcp)
		return IP_PROTO_TCP;
	if (d->has_icmp)
		return family == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;
	return IP_PROTO_NONE;
}

static void put_ip4(const struct draft *d, uint8_t *header)
{
	put(header, FIELD_IP4_VERSION, 4);
	put(header, FIELD_IP4_HDR_LEN, 20);
	put(header, FIELD_IP4_LEN, draft_len(d, 4));
	put(header, FIELD_IP4_DF, 1);
	put(header, FIELD_IP4_TTL, 64);
	put(header, FIELD_IP4_PROTO, transport_proto(d, 4));
	put_given(d, LAYER_IP4, header);
}

static void put_ip6(const struct draft *d, uint8_t *header)
{
	put(header, FIELD_IP6_VERSION, 6);
	put(header, FIELD_IP6_PLEN, draft_len(d, 6) - ip_fixed_len(6));
	put(header, FIELD_IP6_NEXT, transport_proto(d, 6));
	put(header, FIELD_IP6_HLIM, 64);
	put_given(d, LAYER_IP6, header);
}

static void put_tcp(const struct draft *d, uint8_t *header)
{
	put(header, FIELD_TCP_HDR_LEN, transport_len(d));
	put(header, FIELD_TCP_FLAGS, d->set & FIELD_BIT(FIELD_TCP_ACK) ? TCP_ACK : TCP_SYN);
	put(header, FIELD_TCP_WINDOW, 65535);
	put_given(d, LAYER_TCP, header);
	memcpy(header + 20, d->options, d->options_len);
}

static void put_icmp(const struct draft *d, uint8_t family, uint8_t *header)
{
	put(header, FIELD_ICMP_TYPE, family == 4 ? 8 : 128); /* echo request */
	put_given(d, LAYER_ICMP, header);
}

size_t draft_headers(const struct draft *d, uint8_t family, uint8_t out[DRAFT_HEADERS_MAX])
{
	size_t ip = ip_fixed_len(family);

	memset(out, 0, DRAFT_HEADERS_MAX);
	if (family == 4)
		put_ip4(d, out);
	else
		put_ip6(d, out);
	if (d->has_tcp)
		put_tcp(d, out + ip);
	if (d->has_icmp)
		put_icmp(d, family, out + ip);
	return ip + transport_len(d);
}
