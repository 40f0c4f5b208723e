/* The stream on its way out, kept until it is DATA_ACKed. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/conn_state.h"

#define CHUNK_MIN 4096
#define CHUNK_MAX (64 * 1024)

static struct tx_chunk *at(const struct tx *tx, uint32_t i)
{
	return &tx->at[i & (tx->size - 1)];
}

static struct tx_chunk *last(const struct tx *tx)
{
	return tx->head == tx->tail ? NULL : at(tx, tx->tail - 1);
}

void tx_fini(struct tx *tx)
{
	for (uint32_t i = tx->head; i != tx->tail; i++)
		chunk_unref(at(tx, i)->chunk);
	free(tx->at);
	tx->at = NULL;
	tx->head = tx->tail = tx->size = 0;
	ranges_fini(&tx->again);
}

static bool grow(struct tx *tx)
{
	uint32_t size = tx->size ? tx->size * 2 : 4;
	struct tx_chunk *bigger;

	if (tx->tail - tx->head < tx->size)
		return true;
	bigger = malloc(size * sizeof(*bigger));
	if (!bigger)
		return false;
	for (uint32_t i = tx->head; i != tx->tail; i++)
		bigger[i & (size - 1)] = *at(tx, i);
	free(tx->at);
	tx->at = bigger;
	tx->size = size;
	return true;
}

static bool add_chunk(struct conn *c, size_t want)
{
	struct tx *tx = &c->tx;
	size_t size = want > CHUNK_MAX ? CHUNK_MAX : want < CHUNK_MIN ? CHUNK_MIN : want;
	struct chunk *chunk;

	if (size > endpoint_memory_left(c->endpoint) || !grow(tx))
		return false;
	chunk = chunk_new(size);
	if (!chunk)
		return false;
	*at(tx, tx->tail++) = (struct tx_chunk){chunk, tx->end};
	tx->memory += sizeof(*chunk) + size;
	endpoint_account(c->endpoint, sizeof(*chunk) + size, 0);
	return true;
}

size_t conn_write_space(const struct conn *c)
{
	uint64_t held = c->tx.end - c->tx.una;

	return held < c->config.send_buffer ? c->config.send_buffer - (size_t)held : 0;
}

/* Appends to the last chunk while it has room. */
static size_t append(struct conn *c, struct span octets)
{
	struct tx_chunk *l = last(&c->tx);
	struct chunk *chunk = l ? l->chunk : NULL;

	if (!chunk || chunk->len == chunk->size) {
		if (!add_chunk(c, octets.len))
			return 0;
		chunk = last(&c->tx)->chunk;
	}
	octets = span_cut(octets, 0, chunk->size - chunk->len);
	memcpy(chunk->octets + chunk->len, octets.at, octets.len);
	chunk->len += (uint32_t)octets.len;
	c->tx.end += octets.len;
	return octets.len;
}

long conn_write(struct conn *c, int64_t now_ns, struct span octets)
{
	size_t space = conn_write_space(c), done = 0, len;

	if (c->tx.fin_wanted || c->state == CONN_CLOSED)
		return ERR_DEVICE;
	c->now_ns = now_ns;
	c->tx.blocked = octets.len > space;
	octets = span_cut(octets, 0, space);
	while (done < octets.len) {
		len = append(c, span_cut(octets, done, octets.len));
		if (!len)
			break;
		done += len;
	}
	conn_touch(c);
	return (long)done;
}

static bool holds(const struct tx_chunk *t, uint64_t dsn)
{
	return dsn - t->dsn < t->chunk->len;
}

/* The chunk with `dsn`: mostly the one before, or the next. */
static struct tx_chunk *find(struct tx *tx, uint64_t dsn)
{
	uint32_t low = tx->head, high = tx->tail;

	if (tx->cursor - low < high - low && holds(at(tx, tx->cursor), dsn))
		return at(tx, tx->cursor);
	while (low != high) {
		uint32_t middle = low + (high - low) / 2;

		if (holds(at(tx, middle), dsn)) {
			tx->cursor = middle;
			return at(tx, middle);
		}
		if (dsn_before(dsn, at(tx, middle)->dsn))
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct chunk *tx_find(struct tx *tx, uint64_t dsn, uint32_t *offset, uint32_t *len)
{
	struct tx_chunk *t = find(tx, dsn);

	if (!t)
		return NULL;
	*offset = (uint32_t)(dsn - t->dsn);
	*len = t->chunk->len - *offset;
	return t->chunk;
}

/* A small last chunk that nobody else holds is used again instead of freed. */
static bool keep(struct tx *tx, struct tx_chunk *t)
{
	if (tx->tail - tx->head != 1 || t->chunk->refs != 1 || t->chunk->size > CHUNK_MIN)
		return false;
	t->chunk->len = 0;
	t->dsn = tx->end;
	return true;
}

static void drop_acked(struct conn *c)
{
	struct tx *tx = &c->tx;

	while (tx->head != tx->tail) {
		struct tx_chunk *t = at(tx, tx->head);
		size_t size = sizeof(*t->chunk) + t->chunk->size;

		if (dsn_before(tx->una, t->dsn + t->chunk->len) || keep(tx, t))
			return;
		chunk_unref(t->chunk);
		tx->head++;
		tx->memory -= size;
		endpoint_account(c->endpoint, 0, size);
	}
}

static void tell_writable(struct conn *c)
{
	if (!c->tx.blocked || c->told_writable || conn_write_space(c) < c->config.send_buffer / 4)
		return;
	c->tx.blocked = false;
	c->told_writable = true;
	endpoint_tell(c, EVENT_WRITABLE, NULL);
}

/* All before `dsn` has arrived. */
void tx_acked(struct conn *c, uint64_t dsn)
{
	struct tx *tx = &c->tx;

	if (dsn_before(tx->end, dsn)) {
		dsn = tx->end;
		if (tx->fin_sent && !tx->fin_acked) {
			tx->fin_acked = true;
			c->settle_due = true;
		}
	}
	if (dsn_before(tx->una, dsn)) {
		tx->una = dsn;
		tx->taker = NULL;
		drop_acked(c);
		ranges_trim(&tx->again, dsn);
		tell_writable(c);
	}
	reinject_progress(c);
}

bool conn_write_ended(const struct conn *c)
{
	return c->tx.fin_acked;
}
