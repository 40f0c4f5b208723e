#include "lab/box_edit.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/mptcp_option.h"
#include "util/octets.h"

const char *const box_directions[] = {"forward", "reverse", "both", NULL};
const char *const box_segment_kinds[] = {"all", "syn", "synack", "handshake", "nonsyn", NULL};

static bool is_known_kind(uint8_t kind)
{
	switch (kind) {
	case TCP_OPT_EOL:
	case TCP_OPT_NOP:
	case TCP_OPT_MSS:
	case TCP_OPT_WSCALE:
	case TCP_OPT_SACK_PERM:
	case TCP_OPT_SACK:
	case TCP_OPT_TIMESTAMP: return true;
	default: return false;
	}
}

static bool option_given(const struct box_option *option)
{
	return option->kind != BOX_KIND_UNSET || option->subtype >= 0;
}

bool box_option_matches(const struct box_option *option, const struct tcp_option *o)
{
	int kind = option->kind;

	if (kind == BOX_KIND_UNSET && option->subtype >= 0)
		kind = TCP_OPT_MPTCP;
	if (kind == BOX_KIND_UNKNOWN)
		return !is_known_kind(o->kind);
	if (kind == BOX_KIND_ANY)
		return o->kind != TCP_OPT_EOL && o->kind != TCP_OPT_NOP;
	if (kind != o->kind)
		return false;
	return option->subtype < 0 || mptcp_subtype_of(o) == option->subtype;
}

const struct tcp_option *box_option_find(const struct box_option *option, const struct packet *p)
{
	for (size_t i = 0; i < p->tcp.options.count; i++)
		if (box_option_matches(option, &p->tcp.options.item[i]))
			return &p->tcp.options.item[i];
	return NULL;
}

int box_option_ready(const struct box *box, const struct box_option *option, struct error *err)
{
	if (option_given(option))
		return 0;
	return error_set(err, ERR_USAGE, "box '%s': no option named: expected kind or subtype",
			 box->ops->name);
}

bool box_walks(const struct box_filter *filter, const struct box_packet *packet)
{
	return (filter->direction + 1) & (int)packet->direction;
}

static bool is_of(enum box_segments segments, uint16_t flags)
{
	bool syn = flags & TCP_SYN, ack = flags & TCP_ACK;

	switch (segments) {
	case SEGMENTS_SYN: return syn && !ack;
	case SEGMENTS_SYNACK: return syn && ack;
	case SEGMENTS_HANDSHAKE: return syn;
	case SEGMENTS_NONSYN: return !syn;
	default: return true;
	}
}

bool box_segment(struct packet *p, const struct box_packet *packet, const struct box_filter *filter)
{
	const unsigned whole = PACKET_HAS_OPTIONS | PACKET_HAS_ALL;

	if (!box_walks(filter, packet) || packet_parse(p, span_of(packet->octets, packet->len)) ||
	    p->ip.proto != IP_PROTO_TCP || (p->have & whole) != whole || p->ip.frag_offset ||
	    p->tcp.header_len < 20)
		return false;
	return is_of((enum box_segments)filter->segments, p->tcp.flags);
}

static uint16_t transport_checksum(const struct packet *p, bool *has)
{
	*has = p->have & PACKET_HAS_ALL && !p->ip.frag_offset;
	if (p->ip.proto == IP_PROTO_TCP && p->have & PACKET_HAS_TCP)
		return p->tcp.checksum;
	if ((p->ip.proto == IP_PROTO_ICMP || p->ip.proto == IP_PROTO_ICMPV6) &&
	    p->have & PACKET_HAS_ICMP)
		return p->icmp.checksum;
	*has = false;
	return 0;
}

void box_edit_begin(struct box_edit *edit, struct box_packet *packet)
{
	struct packet p;

	*edit = (struct box_edit){.packet = packet};
	if (packet_parse(&p, span_of(packet->octets, packet->len)))
		return;
	edit->carried = transport_checksum(&p, &edit->has_checksum);
	if (edit->has_checksum)
		edit->right = packet_transport_checksum(&p);
}

/* The checksum field of a parsed TCP or ICMP packet. */
static uint8_t *checksum_at(struct box_packet *packet, const struct packet *p)
{
	return packet->octets + p->ip.header_len + (p->ip.proto == IP_PROTO_TCP ? 16 : 2);
}

void box_edit_end(struct box_edit *edit)
{
	struct box_packet *packet = edit->packet;
	uint16_t carried;
	struct packet p;
	bool has;

	packet_fix_checksums(packet->octets, packet->len);
	if (!edit->has_checksum || edit->carried == edit->right ||
	    packet_parse(&p, span_of(packet->octets, packet->len)))
		return;
	carried = transport_checksum(&p, &has);
	if (!has)
		return;
	/* It was wrong: update it as if it had been right, by the same difference. */
	store_u16(checksum_at(packet, &p),
		  checksum_update(edit->carried, (uint16_t)~edit->right, (uint16_t)~carried));
}

/* Makes the packet `by` octets longer (or shorter) at `at`; the IP length follows. */
static void resize(struct box_packet *packet, const struct packet *p, size_t at, size_t end,
		   size_t len)
{
	memmove(packet->octets + at + len, packet->octets + end, packet->len - end);
	packet->len = packet->len - (end - at) + len;
	store_u16(packet->octets + (p->ip.version == 6 ? 4 : 2),
		  (uint16_t)(p->ip.length - (end - at) + len));
}

bool box_options_replace(struct box_packet *packet, const struct packet *p, struct span area)
{
	size_t at = (size_t)p->ip.header_len + 20, end = at + p->tcp.option_area.len;
	size_t len = (area.len + 3) & ~(size_t)3;
	struct box_edit edit;

	if (len > TCP_OPTIONS_MAX || packet->len - (end - at) + len > sizeof(packet->octets))
		return false;
	box_edit_begin(&edit, packet);
	resize(packet, p, at, end, len);
	memset(packet->octets + at, TCP_OPT_EOL, len);
	if (area.len)
		memcpy(packet->octets + at, area.at, area.len);
	store_bits(packet->octets + at - 20, 96, 4, 5 + len / 4);
	box_edit_end(&edit);
	return true;
}

void box_answer_init(struct packet *answer, const struct packet *p, uint8_t ttl)
{
	*answer = (struct packet){
	    .have = PACKET_HAS_IP | PACKET_HAS_PORTS | PACKET_HAS_TCP | PACKET_HAS_OPTIONS |
		    PACKET_HAS_ALL,
	    .ip =
		{
		    .version = p->ip.version,
		    .header_len = p->ip.version == 6 ? 40 : 20,
		    .proto = IP_PROTO_TCP,
		    .next_header = IP_PROTO_TCP,
		    .flags = p->ip.version == 6 ? 0 : 2,
		    .ttl = ttl,
		    .src = p->ip.dst,
		    .dst = p->ip.src,
		},
	};
	answer->tcp.src_port = p->tcp.dst_port;
	answer->tcp.dst_port = p->tcp.src_port;
}

void box_answer_send(struct packet *answer, struct span options, enum box_direction towards,
		     const struct box_io *io)
{
	struct box_packet out;
	int len;

	answer->tcp.header_len = (uint8_t)(20 + options.len);
	answer->tcp.option_area = options;
	tcp_options_parse(&answer->tcp.options, options);
	len = packet_build(answer, PACKET_FIX_ALL, out.octets, sizeof(out.octets));
	if (len < 0)
		return;
	out.len = (size_t)len;
	out.direction = towards;
	out.path = io->path;
	io->emit(io->context, &out);
}
