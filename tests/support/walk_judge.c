#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

void walk_all(unsigned runs, const struct walk_spec *spec, void (*judge)(const struct walk *w))
{
	uint64_t seed = walk_first_seed();
	struct walk w;

	for (unsigned i = 0; i < runs; i++) {
		walk_run(&w, seed + i, spec);
		judge(&w);
		walk_fini(&w);
	}
}

void walk_check(const struct walk *w, bool ok, const char *what)
{
	char text[8192];

	if (!ok)
		fail_msg("%s: %s", what, walk_describe(w, text, sizeof(text)));
}

void walk_check_nothing_found(const struct walk *w)
{
	walk_check(w, w->result->verdict != VERDICT_INTERFERENCE, "a finding that is not there");
	walk_check(w, walk_interferences(w) == 0, "a finding that is not there");
}

const struct finding *walk_finding(const struct walk *w, const char *field)
{
	for (size_t i = 0; i < w->result->finding_count; i++)
		if (!strcmp(w->result->findings[i].field, field))
			return &w->result->findings[i];
	return NULL;
}

size_t walk_interferences(const struct walk *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->result->finding_count; i++)
		count += w->result->findings[i].cause != CAUSE_TARGET &&
			 w->result->findings[i].confidence != CONFIDENCE_POSSIBLE;
	return count;
}

const char *walk_describe(const struct walk *w, char *out, size_t cap)
{
	size_t len = (size_t)snprintf(
	    out, cap, "seed %llu, IPv%u, %u routers, box behind %u, target mptcp %d: %s: %s\n",
	    (unsigned long long)w->seed, w->family, w->routers, w->box_after, (int)w->mptcp,
	    verdict_name(w->result->verdict), w->result->reason);

	if (w->further_routers && len < cap)
		len += (size_t)snprintf(out + len, cap - len, " the box behind %u of %u\n",
					w->further_after, w->further_routers);
	for (unsigned n = 0; n < w->routers && len < cap; n++)
		len += (size_t)snprintf(out + len, cap - len, " %u:%s%d", n + 1,
					w->silent[n] ? "silent" : "q", (int)w->quote[n]);
	for (size_t i = 0; i < w->result->finding_count && len < cap; i++)
		len += (size_t)snprintf(
		    out + len, cap - len, "\n  %s %s %s %u..%u: %s",
		    direction_name(w->result->findings[i].direction), w->result->findings[i].field,
		    change_kind_name(w->result->findings[i].change),
		    w->result->findings[i].after.ttl, w->result->findings[i].by.ttl,
		    w->result->findings[i].explain);
	return out;
}
