/* The options that are TCP's own: written and read. */
#include <string.h>

#include "mptcp/tcp_parts.h"
#include "util/octets.h"

static size_t put_stamp(const struct tcp *t, uint8_t *out)
{
	store_u32(out, 0x0101080a);
	store_u32(out + 4, tcp_stamp_at(t, t->now_ns));
	store_u32(out + 8, t->ts_recent);
	return 12;
}

/* MSS, then SACK-permitted in the place of NOPs before timestamps, then window scale. A SYN/ACK
 * has only what the SYN had. */
static size_t put_syn_options(const struct tcp *t, bool ack, uint8_t *out)
{
	bool sack = ack ? t->sack_on : t->config.sack;
	bool stamp = ack ? t->timestamps_on : t->config.timestamps;
	size_t len = 4;

	store_u16(out, TCP_OPT_MSS << 8 | 4);
	store_u16(out + 2, t->config.mss);
	if (stamp)
		len += put_stamp(t, out + len);
	if (stamp && sack)
		store_u16(out + 4, TCP_OPT_SACK_PERM << 8 | 2);
	else if (sack) {
		store_u32(out + len, 0x01010000 | TCP_OPT_SACK_PERM << 8 | 2);
		len += 4;
	}
	if (!ack || t->wscale_on) {
		store_u32(out + len, 0x01030300u | t->config.wscale);
		len += 4;
	}
	return len;
}

static size_t pad(uint8_t *out, size_t len)
{
	while (len & 3)
		out[len++] = TCP_OPT_NOP;
	return len;
}

static size_t put_sack(struct tcp *t, uint8_t *out, size_t room)
{
	struct tcp_range block[TCP_SACK_BLOCKS];
	size_t fit = room < 12 ? 0 : (room - 4) / 8;
	unsigned count;

	if (fit == 0 || (t->reorder.count == 0 && !t->reorder.has_duplicate))
		return 0;
	count = reorder_blocks(&t->reorder, block, fit < TCP_SACK_BLOCKS ? (unsigned)fit : 4);
	t->reorder.has_duplicate = false;
	if (count == 0)
		return 0;
	store_u32(out, 0x01010000u | TCP_OPT_SACK << 8 | (2 + 8 * count));
	for (unsigned i = 0; i < count; i++) {
		store_u32(out + 4 + 8 * i, block[i].from);
		store_u32(out + 8 + 8 * i, block[i].to);
	}
	return 4 + 8 * count;
}

size_t tcp_options_write(struct tcp *t, const struct tcp_segment *segment, uint8_t *out)
{
	size_t payload = segment->piece ? segment->piece->len : 0, room = TCP_OPTIONS_MAX, used = 0;

	if (payload)
		room = t->mss > payload ? t->mss - payload : 0;
	if (room > TCP_OPTIONS_MAX)
		room = TCP_OPTIONS_MAX;
	room &= ~(size_t)3;
	if (segment->syn)
		used = put_syn_options(t, segment->ack, out);
	else if (t->timestamps_on && !(t->bare_ack_due && !payload && !segment->fin))
		used = put_stamp(t, out);
	if (used < room)
		used = pad(out, used + t->owner->options(t, segment, out + used, room - used));
	if (t->sack_on && !segment->syn && !segment->rst && used < room)
		used += put_sack(t, out + used, room - used);
	return used;
}

static void read_option(struct tcp_arrival *a, const struct tcp_option *o)
{
	if (o->malformed)
		return;
	if (o->kind == TCP_OPT_TIMESTAMP && o->len == 10) {
		a->has_stamp = true;
		a->stamp = load_u32(o->at + 2);
		a->stamp_echo = load_u32(o->at + 6);
	} else if (o->kind == TCP_OPT_SACK && o->len % 8 == 2) {
		a->sack = span_of(o->at + 2, o->len - 2u);
	}
}

void tcp_arrival_read(const struct tcp *t, struct tcp_arrival *a, const struct packet *p)
{
	bool fin = (p->tcp.flags & TCP_FIN) && !(p->tcp.flags & TCP_SYN);

	*a = (struct tcp_arrival){.p = p,
				  .seq = p->tcp.seq,
				  .ack = p->tcp.ack,
				  .flags = p->tcp.flags,
				  .payload = p->payload,
				  .window = tcp_window_of(t, p)};
	a->end = a->seq + (uint32_t)a->payload.len + fin;
	for (unsigned i = 0; i < p->tcp.options.count; i++)
		read_option(a, &p->tcp.options.item[i]);
	if (!t->timestamps_on)
		a->has_stamp = false;
}
