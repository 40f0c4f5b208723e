/* The mappings of one subflow (RFC 8684 §3.3.1), sorted by subflow sequence number. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/subflow.h"
#include "util/seq.h"

static uint32_t end_of(const struct mapping *m)
{
	return m->ssn + m->len;
}

/* Index of the first mapping that ends behind `ssn`: nearly always the first or none. */
static uint32_t find(const struct mappings *m, uint32_t ssn)
{
	uint32_t low = 0, high = m->count;
	const struct mapping *at;

	if (!high)
		return 0;
	at = m->at + m->first;
	if (seq_before(ssn, end_of(at)))
		return 0;
	if (!seq_before(ssn, end_of(at + high - 1)))
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (seq_before(ssn, end_of(at + middle)))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool reserve(struct mappings *m)
{
	uint32_t capacity = m->capacity ? m->capacity * 2 : 4;
	struct mapping *at;

	if (m->first + m->count < m->capacity)
		return true;
	if (m->first > m->capacity / 4) {
		memmove(m->at, m->at + m->first, m->count * sizeof(*m->at));
		m->first = 0;
		return true;
	}
	if (m->count >= MAPPINGS_MAX)
		return false;
	at = realloc(m->at, capacity * sizeof(*at));
	if (!at)
		return false;
	m->at = at;
	m->capacity = capacity;
	return true;
}

static bool same(const struct mapping *a, const struct mapping *b)
{
	return a->dsn == b->dsn && a->ssn == b->ssn && a->total == b->total &&
	       a->has_checksum == b->has_checksum && a->checksum == b->checksum;
}

/* Both say the same of the octets that they share. */
static bool agree(const struct mapping *a, const struct mapping *b)
{
	return b->dsn - a->dsn == (uint64_t)(int64_t)seq_diff(b->ssn, a->ssn);
}

static bool ends_before_next(const struct mappings *m, uint32_t i, const struct mapping *one)
{
	return i + 1 == m->count || !seq_before(m->at[m->first + i + 1].ssn, end_of(one));
}

/* A mapping must not change, but Linux's grows: data that is appended while it waits to be sent
 * again, or a DATA_FIN. */
static enum map_result overlap(struct mappings *m, uint32_t i, const struct mapping *one)
{
	struct mapping *at = &m->at[m->first + i];
	bool within = !seq_before(end_of(at), end_of(one));

	if (same(at, one))
		return MAP_KNOWN;
	if (!agree(at, one))
		return MAP_CONFLICT;
	if (one->ssn == at->ssn && !seq_before(end_of(one), end_of(at)) &&
	    ends_before_next(m, i, one)) {
		*at = *one;
		return MAP_TAKEN;
	}
	return within && !seq_before(one->ssn, at->ssn) ? MAP_KNOWN : MAP_CONFLICT;
}

enum map_result map_add(struct mappings *m, const struct mapping *one)
{
	uint32_t i = find(m, one->ssn);
	struct mapping *at;

	if (i < m->count && seq_before(m->at[m->first + i].ssn, end_of(one)))
		return overlap(m, i, one);
	if (!reserve(m))
		return MAP_FULL;
	at = m->at + m->first + i;
	memmove(at + 1, at, (m->count - i) * sizeof(*at));
	*at = *one;
	m->count++;
	return MAP_TAKEN;
}

const struct mapping *map_after(const struct mappings *m, uint32_t ssn)
{
	uint32_t i = find(m, ssn);

	return i < m->count ? m->at + m->first + i : NULL;
}

const struct mapping *map_find(const struct mappings *m, uint32_t ssn)
{
	const struct mapping *at = map_after(m, ssn);

	return at && !seq_before(ssn, at->ssn) ? at : NULL;
}

void map_trim(struct mappings *m, uint32_t below)
{
	while (m->count && !seq_before(below, end_of(&m->at[m->first]))) {
		m->first++;
		m->count--;
	}
	if (!m->count)
		m->first = 0;
}
