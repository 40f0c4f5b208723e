#include "lab/box_wire.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "util/octets.h"

const char *const box_quotes_names[] = {"none", "partial", "full", NULL};

bool box_wire_init(struct box_wire *w, uint8_t *octets, size_t len, bool fix)
{
	struct packet p;

	if (packet_parse(&p, span_of(octets, len)))
		return false;
	*w = (struct box_wire){.at = octets, .len = len, .transport = p.ip.header_len, .fix = fix};
	w->family = p.ip.version;
	w->proto = p.ip.proto;
	if (p.ip.frag_offset || w->transport > len)
		w->transport = len;
	return true;
}

bool box_wire_quote(struct box_wire *w, struct box_packet *packet, bool fix)
{
	struct icmp_error error;
	struct packet p;

	if (packet_parse(&p, span_of(packet->octets, packet->len)) ||
	    (p.ip.proto != IP_PROTO_ICMP && p.ip.proto != IP_PROTO_ICMPV6) ||
	    icmp_error_parse(&error, &p))
		return false;
	return box_wire_init(w, packet->octets + (error.quote.at - packet->octets), error.quote.len,
			     fix);
}

void box_wire_requoted(struct box_packet *packet)
{
	packet_fix_checksums(packet->octets, packet->len);
}

static bool is_there(const struct box_wire *w, size_t offset, size_t len)
{
	return w->transport + offset + len <= w->len;
}

/* The transport checksum, if there is one and it is there. `pseudo`: one that covers addresses. */
static uint8_t *checksum_at(const struct box_wire *w, bool pseudo)
{
	size_t offset;

	switch (w->proto) {
	case IP_PROTO_TCP: offset = 16; break;
	case IP_PROTO_UDP: offset = 6; break;
	case IP_PROTO_ICMPV6: offset = 2; break;
	case IP_PROTO_ICMP:
		offset = 2;
		if (!pseudo)
			break;
		return NULL;
	default: return NULL;
	}
	if (!is_there(w, offset, 2))
		return NULL;
	if (w->proto == IP_PROTO_UDP && !load_u16(w->at + w->transport + offset))
		return NULL; /* none was computed */
	return w->at + w->transport + offset;
}

static void update(uint8_t *checksum, uint16_t from, uint16_t to)
{
	if (checksum)
		store_u16(checksum, checksum_update(load_u16(checksum), from, to));
}

static size_t addr_at(const struct box_wire *w, bool source)
{
	if (w->family == 6)
		return source ? 8 : 24;
	return source ? 12 : 16;
}

struct ip_addr box_wire_addr(const struct box_wire *w, bool source)
{
	const uint8_t *at = w->at + addr_at(w, source);

	return w->family == 6 ? ip_addr_v6(at) : ip_addr_v4(at);
}

void box_wire_set_addr(struct box_wire *w, bool source, const struct ip_addr *to)
{
	uint8_t *at = w->at + addr_at(w, source), *checksum = checksum_at(w, true);
	size_t len = w->family == 6 ? 16 : 4;

	for (size_t i = 0; w->fix && i < len; i += 2) {
		if (w->family == 4)
			update(w->at + 10, load_u16(at + i), load_u16(to->octets + i));
		update(checksum, load_u16(at + i), load_u16(to->octets + i));
	}
	memcpy(at, to->octets, len);
}

/* Where the port, or what stands for it, is in the transport header; -1: nowhere. */
static int port_at(const struct box_wire *w, bool source)
{
	uint8_t type;

	if (w->proto == IP_PROTO_TCP || w->proto == IP_PROTO_UDP)
		return source ? 0 : 2;
	if (!is_there(w, 0, 1))
		return -1;
	type = w->at[w->transport];
	if (w->proto == IP_PROTO_ICMP && (type == 8 || type == 0))
		return 4;
	if (w->proto == IP_PROTO_ICMPV6 && (type == 128 || type == 129))
		return 4;
	return -1;
}

int box_wire_port(const struct box_wire *w, bool source)
{
	int at = port_at(w, source);

	return at >= 0 && is_there(w, (size_t)at, 2) ? load_u16(w->at + w->transport + at) : -1;
}

static void set_u16(struct box_wire *w, size_t offset, uint16_t to)
{
	uint8_t *at = w->at + w->transport + offset;

	if (!is_there(w, offset, 2))
		return;
	if (w->fix)
		update(checksum_at(w, false), load_u16(at), to);
	store_u16(at, to);
}

void box_wire_set_port(struct box_wire *w, bool source, uint16_t to)
{
	int at = port_at(w, source);

	if (at >= 0)
		set_u16(w, (size_t)at, to);
}

void box_wire_set_u32(struct box_wire *w, size_t offset, uint32_t to)
{
	set_u16(w, offset, (uint16_t)(to >> 16));
	set_u16(w, offset + 2, (uint16_t)to);
}

void box_wire_set_id(struct box_wire *w, uint16_t to)
{
	if (w->family != 4)
		return;
	if (w->fix)
		update(w->at + 10, load_u16(w->at + 4), to);
	store_u16(w->at + 4, to);
}
