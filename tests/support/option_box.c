#include "support/option_box.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/packet.h"

static unsigned kind_of(const struct packet *p)
{
	if (p->tcp.flags & TCP_SYN)
		return p->tcp.flags & TCP_ACK ? ON_SYN_ACK : ON_SYN;
	return ON_REST | (p->payload.len ? ON_DATA : ON_ACK);
}

static bool on_path(const struct option_box *box, const struct duo_packet *packet)
{
	return !box->path || box->path == packet->octets[(packet->from == CLIENT ? 12 : 16) + 3];
}

static bool fits(const struct option_box *box, const struct duo_packet *packet,
		 const struct packet *p)
{
	unsigned kind = kind_of(p);

	if (box->from >= 0 && box->from != packet->from)
		return false;
	if (!on_path(box, packet))
		return false;
	if (kind & ON_REST)
		return box->segments & ON_REST || box->segments & kind & (ON_DATA | ON_ACK);
	return box->segments & kind;
}

static const struct tcp_option *find(const struct option_box *box, const struct packet *p)
{
	for (size_t i = 0; i < p->tcp.options.count; i++) {
		const struct tcp_option *o = &p->tcp.options.item[i];
		int subtype = mptcp_subtype_of(o);

		if (subtype >= 0 && (!box->subtypes || box->subtypes & 1u << subtype))
			return o;
	}
	return NULL;
}

static void blank(struct option_box *box, struct duo_packet *packet, struct packet *p)
{
	const struct tcp_option *o;

	while ((o = find(box, p))) {
		uint8_t *at = packet->octets + (o->at - packet->octets);

		if (box->action == BOX_EOL)
			memset(at, TCP_OPT_EOL, 1);
		else
			memset(at, TCP_OPT_NOP, o->len);
		packet_parse(p, span_of(packet->octets, packet->len));
	}
}

static void cut(struct option_box *box, struct duo_packet *packet, struct packet *p)
{
	struct packet shorter = *p;
	uint8_t area[TCP_OPTIONS_MAX], out[DUO_PACKET];
	size_t len = 0;
	int built;

	for (size_t i = 0; i < p->tcp.options.count; i++) {
		const struct tcp_option *o = &p->tcp.options.item[i];
		int subtype = mptcp_subtype_of(o);

		if (subtype >= 0 && (!box->subtypes || box->subtypes & 1u << subtype))
			continue;
		memcpy(area + len, o->at, o->len);
		len += o->len;
	}
	while (len % 4)
		area[len++] = TCP_OPT_NOP;
	tcp_options_parse(&shorter.tcp.options, span_of(area, len));
	built = packet_build(&shorter, PACKET_FIX_ALL, out, sizeof(out));
	memcpy(packet->octets, out, (size_t)built);
	packet->len = (size_t)built;
}

static void mirror(struct option_box *box, struct duo_packet *packet, struct packet *p)
{
	const struct tcp_option *o = find(box, p);

	if (!o)
		return;
	if (kind_of(p) == ON_SYN) {
		memcpy(box->mirrored, o->at, o->len);
		box->mirrored_len = o->len;
	} else if (box->mirrored_len && box->mirrored_len <= o->len) {
		uint8_t *at = packet->octets + (o->at - packet->octets);

		memset(at, TCP_OPT_NOP, o->len);
		memcpy(at, box->mirrored, box->mirrored_len);
	}
}

static void flip(const struct option_box *box, struct duo_packet *packet, const struct packet *p)
{
	const struct tcp_option *o = find(box, p);

	if (o)
		packet->octets[o->at - packet->octets + 3] ^= box->value;
}

static void edit(struct duo_packet *packet, const struct packet *p)
{
	packet->octets[p->payload.at - packet->octets + (ptrdiff_t)p->payload.len / 2] ^= 0x20;
}

/* An ALG that makes an address longer. Numbers behind it are moved ever after; the sender never
 * notices. */
static void grow(struct option_box *box, struct duo_packet *packet, const struct packet *p)
{
	struct packet longer = *p;
	uint8_t payload[DUO_PACKET], out[DUO_PACKET];
	int built;

	if (packet->from == box->from) {
		memcpy(payload, p->payload.at, p->payload.len);
		longer.payload = span_of(payload, p->payload.len);
		if (box->done == 1 && p->payload.len) {
			memcpy(payload + p->payload.len, "XYZ", 3);
			longer.payload.len += 3;
			box->done = 2;
			box->mirrored_len = 3;
		} else {
			longer.tcp.seq += box->mirrored_len;
		}
	} else {
		longer.tcp.ack -= box->mirrored_len;
	}
	built = packet_build(&longer, PACKET_FIX_ALL, out, sizeof(out));
	memcpy(packet->octets, out, (size_t)built);
	packet->len = (size_t)built;
}

static void split(struct duo *duo, struct duo_packet *packet, const struct packet *p)
{
	struct packet half = *p;
	struct duo_packet first = *packet;
	size_t len = p->payload.len / 2;
	int built;

	half.payload.len = len;
	half.tcp.flags &= ~TCP_FIN;
	built = packet_build(&half, PACKET_FIX_ALL, first.octets, sizeof(first.octets));
	first.len = (size_t)built;
	duo_fly(duo, &first);
	half.payload = span_cut(p->payload, len, p->payload.len);
	half.tcp.seq += (uint32_t)len;
	half.tcp.flags = p->tcp.flags;
	built = packet_build(&half, PACKET_FIX_ALL, first.octets, sizeof(first.octets));
	memcpy(packet->octets, first.octets, (size_t)built);
	packet->len = (size_t)built;
}

static bool act(struct option_box *box, struct duo *duo, struct duo_packet *packet,
		struct packet *p)
{
	switch (box->action) {
	case BOX_NOP:
	case BOX_EOL: blank(box, packet, p); break;
	case BOX_CUT: cut(box, packet, p); return true;
	case BOX_DROP: return !find(box, p);
	case BOX_MIRROR: mirror(box, packet, p); break;
	case BOX_EDIT:
		if (p->payload.len)
			edit(packet, p);
		break;
	case BOX_GROW: grow(box, packet, p); return true;
	case BOX_SPLIT:
		if (p->payload.len > 1)
			split(duo, packet, p);
		return true;
	case BOX_FLAGS: flip(box, packet, p); break;
	}
	packet_fix_checksums(packet->octets, packet->len);
	return true;
}

/* A box that has grown the stream sees every packet. */
static bool one_box(struct option_box *box, struct duo *duo, struct duo_packet *packet)
{
	struct packet p;

	if (packet_parse(&p, span_of(packet->octets, packet->len)))
		return true;
	if (box->action == BOX_GROW && box->done && on_path(box, packet))
		return act(box, duo, packet, &p);
	if (!fits(box, packet, &p) || box->seen++ < box->after)
		return true;
	if (box->times && box->done >= box->times)
		return true;
	box->done++;
	return act(box, duo, packet, &p);
}

bool option_box(struct duo *duo, struct duo_packet *packet)
{
	for (struct option_box *box = duo->context; box->segments; box++)
		if (!one_box(box, duo, packet))
			return false;
	return true;
}
