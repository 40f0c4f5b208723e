/* What befalls joins on the paths of further local addresses, among the findings of the trace: each
 * path is concluded by itself, and a box that stands in several of them is told of once. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"
#include "probe/held.h"

/* The trace's own path is known by then: who speaks at all does so. */
#define WAIT_NS (2 * NS_PER_S)

struct trace *trace_add_further(struct trace *t, const struct trace_further *further,
				struct error *err)
{
	struct trace_config config = t->result.config;
	size_t n = t->result.further_count;
	struct trace *path;

	if (n == TRACE_FURTHER_MAX) {
		error_set(err, ERR_USAGE, "trace: more than %d further addresses",
			  TRACE_FURTHER_MAX);
		return NULL;
	}
	config.source = further->source;
	config.mtu = further->mtu;
	config.further = (uint8_t)(n + 1);
	config.seed += config.further;
	if (config.wait_max_ns > WAIT_NS)
		config.wait_max_ns = WAIT_NS;
	memcpy(config.local_ports, further->ports, sizeof(config.local_ports));
	path = trace_new(&config, NULL, err);
	if (!path)
		return NULL;
	t->further[n] = path;
	t->result.further[t->result.further_count++] = &path->result;
	return path;
}

/* Paths of other lengths may share a router: then its address tells. */
static bool same_place(const struct place *a, const struct place *b)
{
	if (!a->known || !b->known)
		return a->known == b->known;
	return (!a->ttl && !b->ttl) ||
	       (a->ttl && b->ttl && a->addr.family && ip_addr_equal(&a->addr, &b->addr));
}

static bool same(const struct finding *a, const struct finding *b)
{
	return !strcmp(a->field, b->field) && a->change == b->change &&
	       a->direction == b->direction && a->basis == b->basis && a->cause == b->cause &&
	       same_place(&a->after, &b->after) && same_place(&a->by, &b->by);
}

static struct finding *find_same(struct trace *t, const struct finding *f)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (same(&t->result.findings[i], f))
			return &t->result.findings[i];
	return NULL;
}

/* "…; so it is on the path from 192.0.3.7." */
static void mention(struct finding *known, const struct ip_addr *local)
{
	size_t len = strlen(known->explain);
	char text[IP_ADDR_TEXT];

	if (len && known->explain[len - 1] == '.')
		len--;
	snprintf(known->explain + len, sizeof(known->explain) - len,
		 "; so it is on the path from %s.", ip_addr_print(local, text));
}

static void add(struct trace *t, const struct trace_config *path, const struct finding *seen)
{
	struct finding *f = conclude_add(t, seen->field, seen->change);
	char text[IP_ADDR_TEXT];

	if (!f)
		return;
	*f = *seen;
	f->subflow = path->further;
	f->local = path->source;
	snprintf(f->explain, sizeof(f->explain), "On the path from %s: %.*s",
		 ip_addr_print(&path->source, text), FINDING_EXPLAIN_MAX - 64, seen->explain);
}

static void merge(struct trace *t, const struct trace_result *path)
{
	for (size_t i = 0; i < path->finding_count; i++) {
		struct finding *known = find_same(t, &path->findings[i]);

		if (known)
			mention(known, &path->config.source);
		else
			add(t, &path->config, &path->findings[i]);
	}
}

void conclude_further(struct trace *t)
{
	for (size_t i = 0; i < t->result.further_count; i++)
		if (t->result.further[i]->inside.state != INSIDE_NOT_ASKED)
			merge(t, t->result.further[i]);
}

/* Joins that were to be tried from there, and could not be, leave something open; unless there was
 * no connection to join. */
void conclude_further_verdict(struct trace *t)
{
	struct trace_result *r = &t->result;

	for (size_t i = 0; i < r->further_count; i++) {
		const struct trace_inside *in = &r->further[i]->inside;

		if (r->verdict != VERDICT_CLEAN || r->inside.state != INSIDE_TESTED ||
		    in->state != INSIDE_UNTESTED)
			continue;
		r->verdict = VERDICT_INCONCLUSIVE;
		snprintf(r->reason, sizeof(r->reason), "%s", in->note);
	}
}
