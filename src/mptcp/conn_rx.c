/* The stream on its way in: reassembly across subflows, and the shared window. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/conn_state.h"

#define RING_MIN 4096

void rx_start(struct conn *c, uint64_t dsn)
{
	struct rx *rx = &c->rx;

	rx->first = rx->read = rx->next = rx->base = rx->edge = dsn;
	rx->known = true;
}

void rx_fini(struct rx *rx)
{
	free(rx->at);
	ranges_fini(&rx->early);
	rx->at = NULL;
	rx->size = 0;
}

uint64_t rx_ack(const struct conn *c)
{
	return c->rx.next + c->rx.fin_taken;
}

static void ring_copy(struct rx *rx, uint64_t dsn, struct span octets)
{
	size_t at = (size_t)(dsn - rx->base) & (rx->size - 1);
	struct span head = span_cut(octets, 0, rx->size - at);

	memcpy(rx->at + at, head.at, head.len);
	if (octets.len > head.len)
		memcpy(rx->at, octets.at + head.len, octets.len - head.len);
}

/* Copies what the old ring holds from `from` to `to` into the new one, which starts at `read`. */
static void ring_move(const struct rx *from, struct rx *to, uint64_t low, uint64_t high)
{
	while (dsn_before(low, high)) {
		size_t at = (size_t)(low - from->base) & (from->size - 1);
		size_t len = from->size - at;

		if (len > high - low)
			len = (size_t)(high - low);
		ring_copy(to, low, span_of(from->at + at, len));
		low += len;
	}
}

static uint64_t last_held(const struct rx *rx)
{
	const struct ranges *r = &rx->early;

	return r->count ? r->at[r->first + r->count - 1].to : rx->next;
}

/* Makes the ring reach to `end`. */
static bool ring_reach(struct conn *c, uint64_t end)
{
	struct rx *rx = &c->rx, bigger = *rx;

	if (rx->read == rx->next && !rx->early.count)
		rx->base = rx->read;
	if (end - rx->read <= rx->size)
		return true;
	bigger.size = rx->size ? rx->size : RING_MIN;
	while (bigger.size < end - rx->read)
		bigger.size *= 2;
	if (bigger.size - rx->size > endpoint_memory_left(c->endpoint))
		return false;
	bigger.at = malloc(bigger.size);
	if (!bigger.at)
		return false;
	bigger.base = rx->read;
	if (rx->size)
		ring_move(rx, &bigger, rx->read, last_held(rx));
	endpoint_account(c->endpoint, bigger.size, rx->size);
	free(rx->at);
	*rx = bigger;
	return true;
}

static void tell_readable(struct conn *c)
{
	if (c->told_readable)
		return;
	c->told_readable = true;
	endpoint_tell(c, EVENT_READABLE, NULL);
}

static void take_early(struct rx *rx)
{
	const struct range *r = ranges_first(&rx->early);

	if (!r || dsn_before(rx->next, r->from))
		return;
	if (dsn_before(rx->next, r->to))
		rx->next = r->to;
	ranges_trim(&rx->early, rx->next);
}

static void advanced(struct conn *c)
{
	struct rx *rx = &c->rx;

	take_early(rx);
	if (rx->fin_known && !rx->fin_taken && rx->next == rx->fin_dsn) {
		rx->fin_taken = true;
		c->settle_due = true;
	}
	tell_readable(c);
}

/* How far a peer may send that means well. Linux adds to a DATA_ACK the window of the ACK before:
 * it runs ahead of the edge by what was acknowledged in between, a window at most, and octets that
 * are thrown away it repeats by the piece, one a time-out. A peer that has become plain counts the
 * window from what the subflow acknowledged, which may have been a window ahead of the stream; and
 * a box may have put octets in. */
static uint64_t room_max(const struct conn *c)
{
	return (c->plain ? 3 : 2) * (uint64_t)c->config.receive_buffer;
}

/* Cuts off what is known, and what lies behind the end of the stream or beyond the buffer. Where
 * does the rest begin? */
static uint64_t trim(const struct conn *c, uint64_t dsn, struct span *octets)
{
	const struct rx *rx = &c->rx;
	uint64_t limit = rx->read + room_max(c), known;

	if (rx->fin_known && dsn_before(rx->fin_dsn, limit))
		limit = rx->fin_dsn;
	if (dsn_before(dsn, rx->next)) {
		known = rx->next - dsn;
		*octets = span_cut(*octets, known < octets->len ? (size_t)known : octets->len,
				   octets->len);
		dsn = rx->next;
	}
	*octets = span_cut(*octets, 0, dsn_before(dsn, limit) ? (size_t)(limit - dsn) : 0);
	return dsn;
}

/* False: some octets that were wanted could not be kept. */
bool rx_put(struct conn *c, uint64_t dsn, struct span octets)
{
	struct rx *rx = &c->rx;
	uint64_t end = dsn + octets.len;

	dsn = trim(c, dsn, &octets);
	if (!octets.len)
		return !dsn_before(rx->next, end);
	if (!ring_reach(c, dsn + octets.len))
		return false;
	if (dsn != rx->next && !ranges_add(&rx->early, dsn, dsn + octets.len))
		return false;
	ring_copy(rx, dsn, octets);
	if (dsn == rx->next) {
		rx->next += octets.len;
		advanced(c);
	}
	return dsn + octets.len == end;
}

/* The end of the stream is known: what was put behind it is not part of it. */
void rx_fin(struct conn *c, uint64_t dsn)
{
	struct rx *rx = &c->rx;

	if (rx->fin_known || dsn_before(dsn, last_held(rx)) ||
	    dsn_before(rx->read + room_max(c), dsn))
		return;
	rx->fin_known = true;
	rx->fin_dsn = dsn;
	if (rx->next == dsn)
		advanced(c);
}

/* The right edge moves on by a segment or half of the buffer, or not at all (RFC 1122 §4.2.3.3).
 */
uint32_t rx_window(struct conn *c)
{
	struct rx *rx = &c->rx;
	uint64_t held = rx->next - rx->read + rx->spare, size = c->config.receive_buffer;
	uint64_t room = held < size ? size - held : 0, left,
		 step = size / 2 < 1460 ? size / 2 : 1460;
	size_t memory = endpoint_memory_left(c->endpoint) + rx->size;

	if (room > memory)
		room = memory;
	if (c->plain || !rx->known)
		return (uint32_t)room;
	left = dsn_before(rx->next, rx->edge) ? rx->edge - rx->next : 0;
	if (room < left + step)
		return (uint32_t)(left < size ? left : size);
	rx->edge = rx->next + room;
	return (uint32_t)room;
}

struct span conn_peek(const struct conn *c)
{
	const struct rx *rx = &c->rx;
	size_t at = rx->size ? (size_t)(rx->read - rx->base) & (rx->size - 1) : 0;
	uint64_t len = rx->next - rx->read;

	if (!len)
		return (struct span){0};
	if (len > rx->size - at)
		len = rx->size - at;
	return span_of(rx->at + at, (size_t)len);
}

void conn_consume(struct conn *c, size_t octets)
{
	struct rx *rx = &c->rx;

	if (octets > rx->next - rx->read)
		octets = (size_t)(rx->next - rx->read);
	if (!octets)
		return;
	rx->read += octets;
	if (rx->read == rx->next && !rx->early.count && rx->size > RING_MIN)
		c->timer[TIMER_TRIM] = c->now_ns + NS_PER_S;
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage == STAGE_UP)
			tcp_window_opened(&c->subflow[i]->tcp);
	conn_touch(c);
}

/* An idle connection gives its ring back. */
void rx_trim(struct conn *c)
{
	struct rx *rx = &c->rx;

	if (rx->read != rx->next || rx->early.count)
		return;
	endpoint_account(c->endpoint, 0, rx->size);
	free(rx->at);
	rx->at = NULL;
	rx->size = 0;
	rx->base = rx->read;
	ranges_fini(&rx->early);
}

bool conn_read_ended(const struct conn *c)
{
	const struct rx *rx = &c->rx;

	return rx->read == rx->next && (rx->fin_taken || c->state == CONN_CLOSED);
}
