/* What a random connection may come to: RFC 8684's ways out, for what its boxes and links do. */
#include <stdlib.h>
#include <string.h>

#include "support/random_run.h"

#define LASTS_NS     (600 * NS_PER_S) /* where no box breaks subflows */
#define INSERTED_MAX (3 * 5)	      /* octets, of all boxes */
#define MEMORY_MAX                                                                                 \
	((size_t)2 * (4 + 6 + 12) << 20) /* buffers of both ends, and what subflows keep */

/* May SYNs be lost? */
static bool is_lossy(const struct random_run *r)
{
	for (unsigned i = 0; i < r->plan.paths; i++)
		if (r->plan.link[i].loss > 0 || r->plan.link[i].down_count)
			return true;
	return false;
}

static const char *wrong_end(const struct conn_info *info)
{
	if (info->outcome == OUTCOME_NONE)
		return "ended without an outcome";
	if (info->outcome == OUTCOME_FALLBACK && (!info->fallback_stage || !info->fallback_reason))
		return "fell back without a reason";
	return NULL;
}

bool random_fell_back(const struct lab_run *run)
{
	return run->client.outcome == OUTCOME_FALLBACK ||
	       (run->accepted && run->server.outcome == OUTCOME_FALLBACK);
}

/* What allows a fallback; 0: nothing does. */
static unsigned needed(const struct conn_info *info)
{
	switch (info->fallback_reason) {
	case FALLBACK_BECAUSE_NO_CAPABLE:
	case FALLBACK_BECAUSE_MIRRORED:
	case FALLBACK_BECAUSE_VERSION: /* a proxy's; §3.1: "the receiver SHOULD fall back" */
	case FALLBACK_BECAUSE_SYN_LOST: return FALLS_BY_SYN;
	case FALLBACK_BECAUSE_NO_KEYS: return FALLS_BY_SYN | FALLS_BY_SILENCE;
	case FALLBACK_BECAUSE_NO_DSS: /* v0: the third ACK need not say anything */
		return FALLS_BY_SILENCE | (info->version ? 0 : FALLS_BY_SYN);
	case FALLBACK_BECAUSE_CHECKSUM:
	case FALLBACK_BECAUSE_MP_FAIL: return FALLS_BY_CHECKSUM;
	case FALLBACK_BECAUSE_INFINITE: return FALLS_BY_SILENCE | FALLS_BY_CHECKSUM;
	default: return 0;
	}
}

static bool may_fall_back(const struct random_run *r, const struct conn_info *info)
{
	unsigned leave = r->leave;

	/* v0 (RFC 6824 §3.1) brings the key with the third ACK alone: behind a cookie, one that is
	 * lost or late leaves TCP (RFC 8041 §3.11). */
	if (r->plan.serve.cookies && !info->version)
		leave |= FALLS_BY_SILENCE;
	/* §3.1: "a sender will eventually fall back to single-path TCP (i.e., without the
	 * MP_CAPABLE option)" if SYNs with it are not answered. */
	if (is_lossy(r) && r->run.client.fallback_reason == FALLBACK_BECAUSE_SYN_LOST)
		leave |= FALLS_BY_SYN;
	return !info->fallback_reason || (needed(info) & leave);
}

#define REASON_MIDDLEBOX 6
#define GIVES_UP_NS	 (900 * NS_PER_S)

static bool says_why(const struct random_run *r, const struct conn_info *info)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].reset_reason == REASON_MIDDLEBOX)
			return true;
	return info->stalled ||
	       (info->outcome == OUTCOME_TIMEOUT && r->run.lasted_ns > GIVES_UP_NS);
}

/* Options that vanish are answered with a fallback, but only "before any additional subflows are
 * added" (§3.7): not while a join is under way that the other end may hold for made. */
static bool may_break(const struct random_run *r)
{
	return r->leave & BREAKS ||
	       (r->leave & FALLS_BY_SILENCE && r->run.client.subflow_count > 1);
}

/* Not by time, and not without a word: MP_TCPRST 6 (§3.6) is "middlebox interference", and a peer
 * may have gone on to send while its DATA_ACK stood still. Where nothing moved, long enough
 * (RFC 1122 §4.2.3.5: R2), there is nothing to be said. */
static const char *wrong_early_end(const struct random_run *r)
{
	const struct lab_run *run = &r->run;

	if (r->leave & STALLS)
		return NULL;
	/* RFC 9293 §3.8.3: a SYN, too, is given up in the end (R2). */
	if (is_lossy(r) && !run->packets && run->client.outcome == OUTCOME_TIMEOUT)
		return NULL;
	if (run->hung_up || run->server_hung_up)
		return "stalls";
	if (!may_break(r))
		return "ended early for no reason";
	if (!(r->leave & TERMINATES) && !says_why(r, &run->client) && !says_why(r, &run->server))
		return "ended early, and nobody says why";
	return NULL;
}

/* Where the first box that changes octets does so. Boxes count the octets of a flow: of the stream
 * that an end reads, if it has one subflow, and on that nothing had to be sent again as new. */
static uint64_t changed_from(const struct random_run *r, const struct conn_info *reader)
{
	uint64_t from = LAB_STREAM_RIGHT;

	for (size_t i = 0; i < r->plan.box_count; i++) {
		const struct lab_plan_box *b = &r->plan.box[i];
		const char *at = strstr(b->params, "at=");

		if (!strcmp(b->name, "payload") && strtoull(at + 3, NULL, 10) < from)
			from = strtoull(at + 3, NULL, 10);
	}
	return reader->subflow_count > 1 || r->leave & SPOILS ? 0 : from;
}

/* No end may take more harm than boxes did. With checksums none does, unless both agreed to do
 * without. */
static bool is_changed_only(const struct random_run *r, const struct conn_info *reader,
			    const struct lab_stream *in, const struct lab_stream *out)
{
	const struct lab_run *run = &r->run;

	if (in->octets > out->octets + INSERTED_MAX)
		return false;
	if (!in->octets || in->wrong_at == LAB_STREAM_RIGHT || r->leave & TERMINATES)
		return true;
	if (reader->checksum && !run->client.fallback_reason && !run->server.fallback_reason)
		return false;
	return in->wrong_at >= changed_from(r, reader);
}

static const char *wrong_changes(const struct random_run *r, bool failed)
{
	const struct lab_app *c = &r->run.client_app, *s = &r->run.server_app;

	if (!is_changed_only(r, &r->run.client, &c->in, &s->out) ||
	    !is_changed_only(r, &r->run.server, &s->in, &c->out))
		return "the stream is not in order, and no box did it";
	if (!failed && (c->in.octets + INSERTED_MAX < s->out.octets ||
			s->in.octets + INSERTED_MAX < c->out.octets))
		return "the stream is not whole, and no box did it";
	return NULL;
}

static const char *wrong_content(const struct random_run *r, bool failed)
{
	if (r->leave & CHANGES)
		return wrong_changes(r, failed);
	if (!lab_run_in_order(&r->run))
		return "the stream is not in order";
	if (!failed && !lab_run_whole(&r->run))
		return "the stream is not whole, and nobody says so";
	return NULL;
}

/* Where nothing breaks the first path, what happens to others is their subflows' business ("the
 * host SHOULD ... close the subflow", §3.7), also if they take data and swallow them. */
static const char *wrong_despite_first(const struct random_run *r, bool failed)
{
	const struct lab_run *run = &r->run;

	if (r->leave_first || !run->packets)
		return NULL;
	if (failed)
		return "ended early, and the first path is clean";
	if (random_fell_back(run) && !is_lossy(r) && !r->plan.serve.cookies)
		return "fell back, and the first path is clean";
	return NULL;
}

const char *random_wrong(const struct random_run *r)
{
	const struct lab_run *run = &r->run;
	const char *wrong = NULL;
	bool failed = run->client.outcome >= OUTCOME_REFUSED ||
		      (run->accepted && run->server.outcome >= OUTCOME_REFUSED);

	if (!run->client_closed || (run->accepted && !run->server_closed))
		return "hangs";
	if (run->unsendable)
		return "packets are too long";
	if ((wrong = wrong_content(r, failed)))
		return wrong;
	if ((wrong = wrong_end(&run->client)) ||
	    (run->accepted && (wrong = wrong_end(&run->server))))
		return wrong;
	if (failed && (wrong = wrong_early_end(r)))
		return wrong;
	if ((wrong = wrong_despite_first(r, failed)))
		return wrong;
	if (!may_fall_back(r, &run->client) || (run->accepted && !may_fall_back(r, &run->server)))
		return "fell back for no reason";
	if (run->lasted_ns > LASTS_NS && !(r->leave & (BREAKS | STALLS)))
		return "takes too long";
	if (run->memory_max > MEMORY_MAX)
		return "memory is not bounded";
	return NULL;
}
