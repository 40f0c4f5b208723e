/* From replies to findings. May be run again whenever more replies are there. */
#include "probe/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding *conclude_add(struct trace *t, const char *field, enum change_kind change)
{
	struct trace_result *r = &t->result;
	struct finding *f;

	if (r->finding_count == t->finding_cap) {
		size_t cap = t->finding_cap ? 2 * t->finding_cap : 16;
		struct finding *findings = realloc(r->findings, cap * sizeof(*findings));

		if (!findings) {
			t->oom = true;
			return NULL;
		}
		r->findings = findings;
		t->finding_cap = cap;
	}
	f = &r->findings[r->finding_count++];
	*f = (struct finding){.change = change};
	snprintf(f->field, sizeof(f->field), "%s", field);
	return f;
}

/* Did routers lead some probe beyond where this TTL's answer came from? Then not the target gave
 * it. */
static bool walked_beyond(const struct trace *t, uint8_t ttl)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && t->series[i].top >= ttl)
			return true;
	return false;
}

/* Where the target is: the nearest TTL at which it answered any probe, unless somebody before it
 * answered in its name. */
static void note_path(struct trace *t)
{
	struct trace_result *r = &t->result;
	uint8_t nearest = 0, farthest = 0;

	for (size_t i = 0; i < r->probe_count; i++) {
		uint8_t ttl = r->probes[i].reached_ttl;

		if (!t->series[i].walks || !ttl)
			continue;
		if (!walked_beyond(t, ttl) && (!nearest || ttl < nearest))
			nearest = ttl;
		if (ttl > farthest)
			farthest = ttl;
	}
	r->path_length = nearest ? nearest : farthest;
	if (r->path_length > r->last_ttl)
		r->last_ttl = r->path_length;
}

static void conclude_connection(struct trace *t)
{
	conclude_data(t);
	conclude_held(t);
	conclude_inside(t);
	conclude_back(t);
}

/* Over the path of a further address connections are not opened, only joined. */
static void soften(struct trace_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].impact == IMPACT_FALLBACK ||
		    r->findings[i].impact == IMPACT_BROKEN)
			r->findings[i].impact = IMPACT_NO_SUBFLOW;
}

void conclude(struct trace *t)
{
	struct trace_result *r = &t->result;

	r->finding_count = 0;
	credit_disown(t);
	note_path(t);
	conclude_quotes(t);
	conclude_proxies(t);
	conclude_fates(t);
	conclude_answers(t);
	if (!r->config.further)
		conclude_connection(t);
	conclude_joins(t);
	conclude_add_addr(t);
	conclude_mirrored(t);
	if (r->config.further)
		soften(r);
	for (size_t i = 0; i < r->finding_count; i++)
		explain_finding(t, &r->findings[i]);
	conclude_further(t);
	if (r->finding_count)
		qsort(r->findings, r->finding_count, sizeof(*r->findings), finding_by_weight);
	conclude_verdict(t);
	conclude_mirrored_verdict(t);
	conclude_further_verdict(t);
}
