/* An end of a pair: the owner of its TCP, and its congestion control. */
#include "support/tcp_pair.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

uint8_t pair_octet(unsigned from, uint64_t at)
{
	return (uint8_t)(at * 167 + (at >> 8) * 13 + (at >> 16) + from * 101);
}

static void cc_init(struct cc_flow *f, int64_t now_ns)
{
	(void)now_ns;
	f->cwnd = 10 * f->mss;
	f->ssthresh = UINT32_MAX;
	f->state[0] = 0;
}

static void cc_acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	if (f->app_limited)
		return;
	if (f->cwnd < f->ssthresh) {
		f->cwnd += octets;
		return;
	}
	f->state[0] += octets;
	if (f->state[0] >= f->cwnd) {
		f->state[0] -= f->cwnd;
		f->cwnd += f->mss;
	}
}

static void cc_lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	f->ssthresh = f->cwnd / 2 > 2 * f->mss ? f->cwnd / 2 : 2 * f->mss;
	f->cwnd = f->ssthresh;
}

static void cc_timeout(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	cc_lost(g, f, now_ns);
	f->cwnd = f->mss;
}

const struct cc_ops pair_cc = {
    .name = "test", .init = cc_init, .acked = cc_acked, .lost = cc_lost, .timeout = cc_timeout};

static struct tcp_pair_end *end_of(struct tcp *t)
{
	return (struct tcp_pair_end *)((char *)t - offsetof(struct tcp_pair_end, tcp));
}

static unsigned index_of(const struct tcp_pair_end *e)
{
	return (unsigned)(e - e->pair->end);
}

/* A lone option of an experimental kind, as long as wanted. */
static size_t own_options(struct tcp *t, const struct tcp_segment *segment, uint8_t *out,
			  size_t room)
{
	size_t len = end_of(t)->option_octets;

	if (end_of(t)->options)
		return end_of(t)->options(end_of(t), segment, out, room);
	if (!segment->piece || len < 2 || len > room)
		return 0;
	memset(out, 0, len);
	out[0] = TCP_OPT_EXP2;
	out[1] = (uint8_t)len;
	return len;
}

static bool own_segment(struct tcp *t, const struct packet *p, uint32_t ssn)
{
	(void)p;
	(void)ssn;
	return !end_of(t)->refuses;
}

static void own_data(struct tcp *t, uint32_t ssn, struct span octets)
{
	struct tcp_pair_end *e = end_of(t);
	unsigned other = !index_of(e);

	if (ssn != (uint32_t)(e->received + 1))
		e->corrupt = true;
	for (size_t i = 0; i < octets.len; i++)
		if (octets.at[i] != pair_octet(other, e->received + i))
			e->corrupt = true;
	e->received += octets.len;
	if (!e->reads)
		e->unread += (uint32_t)octets.len;
}

static void own_event(struct tcp *t, enum tcp_event event)
{
	end_of(t)->events[event]++;
}

static uint32_t own_window(struct tcp *t)
{
	struct tcp_pair_end *e = end_of(t);

	return e->unread < e->buffer ? e->buffer - e->unread : 0;
}

const struct tcp_owner_ops pair_owner = {.options = own_options,
					 .segment = own_segment,
					 .data = own_data,
					 .event = own_event,
					 .window = own_window};

void pair_feed(struct tcp_pair_end *e)
{
	struct tcp *t = &e->tcp;
	uint32_t room;

	while (e->pushed < e->to_send && (room = tcp_room(t)) > 0) {
		uint64_t left = e->to_send - e->pushed;
		uint32_t len = tcp_payload_max(t, e->option_octets);
		struct tcp_piece piece = {0};

		len = len < room ? len : room;
		len = len < left ? len : (uint32_t)left;
		len = e->piece_max && len > e->piece_max ? e->piece_max : len;
		piece.chunk = chunk_new(len);
		piece.len = len;
		for (uint32_t i = 0; i < len; i++)
			piece.chunk->octets[i] = pair_octet(index_of(e), e->pushed + i);
		piece.mapping = (struct tcp_mapping){.present = true,
						     .dsn = e->pushed,
						     .ssn = tcp_next_ssn(t),
						     .len = (uint16_t)len};
		assert(tcp_push(t, &piece) == 0);
		e->pushed += len;
	}
	if (e->shut_when_sent && e->pushed == e->to_send && t->state != TCP_CLOSED &&
	    !t->fin_queued && t->state >= TCP_ESTABLISHED)
		tcp_shutdown(t);
}
