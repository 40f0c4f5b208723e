#include "probe/trace.h"

#include <stdlib.h>

#include "probe/engine.h"

#define MEASUREMENT_WALKS 3	/* test, control, sham */
#define SENT_MAX	  40000 /* so that no IP ID of a run is used twice */
#define OWN_ISNS	  32768 /* as many as there are steps of series.c in 32 bits */
#define RESET_IDS	  9	/* below them: of the RSTs of the first probes */

void trace_config_defaults(struct trace_config *config)
{
	*config = (struct trace_config){
	    .port = 443,
	    .first_ttl = 1,
	    .max_ttl = 30,
	    .in_flight = 16,
	    .queries = 2,
	    .wait_max_ns = 5 * NS_PER_S,
	    .wait_here = 3,
	    .wait_near = 4,
	    .gap_ns = 40 * NS_PER_US,
	    .mtu = 1500,
	};
}

static int check_config(const struct trace_config *c, struct error *err)
{
	if (!c->first_ttl || c->first_ttl > c->max_ttl)
		return error_set(err, ERR_USAGE,
				 "trace: TTL %u to %u: expected 1 <= first <= max <= 255",
				 c->first_ttl, c->max_ttl);
	if (!c->in_flight || !c->queries || c->wait_max_ns <= 0)
		return error_set(err, ERR_USAGE, "trace: nothing in flight, no queries or no wait");
	if (c->source.family != c->target.family ||
	    (c->target.family != 4 && c->target.family != 6))
		return error_set(err, ERR_USAGE,
				 "trace: source and target are of different families");
	return 0;
}

static int add_series(struct trace *t, struct error *err)
{
	static const enum probe_role measurement[] = {ROLE_TEST, ROLE_CONTROL, ROLE_SHAM,
						      ROLE_ECHO};
	static const enum probe_role plain[] = {ROLE_CONTROL, ROLE_ECHO};
	bool further = t->result.config.further;
	const enum probe_role *roles = further ? plain : measurement;
	int rc = 0;

	if (t->result.config.user_probe) {
		rc = series_add(t, ROLE_USER, err);
		/* Who answers a SYN, an echo must tell. */
		return rc >= 0 && t->series[0].syn ? series_add(t, ROLE_ECHO, err) : rc;
	}
	for (size_t i = 0; rc >= 0 && i < (further ? 2 : 4); i++)
		rc = series_add(t, roles[i], err);
	return rc;
}

struct trace *trace_new(const struct trace_config *config, const struct trace_events *events,
			struct error *err)
{
	struct trace *t;

	if (check_config(config, err) < 0)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		error_set(err, ERR_NOMEM, "trace: out of memory");
		return NULL;
	}
	t->result.config = *config;
	t->events = events ? *events : (struct trace_events){0};
	rng_seed(&t->rng, config->seed);
	t->id_base = (uint16_t)(RESET_IDS + rng_below(&t->rng, UINT16_MAX - SENT_MAX - 64));
	t->ts_base = rng_u32(&t->rng) | 1;
	t->front = config->first_ttl - 1;
	t->hops_told = t->front;
	t->result.first_ttl = config->first_ttl;
	if (add_series(t, err) < 0) {
		trace_free(t);
		return NULL;
	}
	t->gap_ns =
	    config->gap_ns / (config->user_probe || config->further ? 1 : MEASUREMENT_WALKS);
	followup_start(t);
	return t;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->result.further_count; i++)
		trace_free(t->further[i]);
	arena_fini(&t->octets);
	free(t->result.replies);
	free(t->result.findings);
	free(t->sent);
	free(t);
}

static bool sent_room(struct trace *t)
{
	size_t cap = t->sent_cap ? 2 * t->sent_cap : 512;
	struct sent *sent;

	if (t->sent_count < t->sent_cap)
		return true;
	if (t->sent_count >= SENT_MAX)
		return false;
	sent = realloc(t->sent, cap * sizeof(*sent));
	if (!sent)
		return false;
	t->sent = sent;
	t->sent_cap = cap;
	return true;
}

/* RSTs bear no token but what they acknowledge. Where they cannot be told apart by it, each packet
 * gets a sequence number of its own: nothing that answers with them holds a connection to which
 * another one would be a stranger. */
static bool wants_own_isn(const struct trace *t, int probe, size_t number)
{
	const struct series *s = &t->series[probe];

	return s->serial && s->syn && !s->keeps_seq && s->nameless &&
	       t->orphan[probe].kind == REPLY_RST && number < OWN_ISNS;
}

static struct span ask(struct trace *t, int probe, uint8_t ttl, int64_t now_ns)
{
	struct question *q = &t->series[probe].question[ttl];
	size_t number = t->sent_count++;

	t->sent[number] = (struct sent){.time_ns = now_ns,
					.probe = (uint8_t)probe,
					.ttl = ttl,
					.attempt = q->asked,
					.own_isn = wants_own_isn(t, probe, number)};
	t->series[probe].closed = false;
	q->state = QUESTION_OPEN;
	q->asked++;
	q->sent_ns = now_ns;
	q->number = (uint32_t)number;
	t->result.probes[probe].sent++;
	t->next_send_ns = now_ns + t->gap_ns;
	if (!number)
		t->result.start_ns = now_ns;
	return span_of(t->packet, series_packet(t, probe, ttl, number, t->packet));
}

/* A half-open connection is closed before its probe is asked again: else the target takes the SYN
 * for a retransmission, and may not answer it. */
static struct span close_half_open(struct trace *t, int probe)
{
	t->series[probe].half_open = false;
	t->series[probe].closed = true;
	return span_of(t->packet, series_reset_packet(t, probe, t->packet));
}

static bool send_question(struct trace *t, int64_t now_ns, struct span *packet)
{
	int probe;
	uint8_t ttl;

	if (now_ns < t->next_send_ns || !schedule_next(t, now_ns, &probe, &ttl))
		return false;
	if (!sent_room(t)) {
		trace_stop(t, now_ns);
		return trace_send(t, now_ns, packet);
	}
	*packet =
	    t->series[probe].half_open ? close_half_open(t, probe) : ask(t, probe, ttl, now_ns);
	return true;
}

static void tell_hops(struct trace *t)
{
	while (t->hops_told < t->front && !schedule_beyond(t, t->hops_told + 1u) &&
	       schedule_hop_settled(t, t->hops_told + 1)) {
		t->hops_told++;
		t->result.last_ttl = t->hops_told;
		if (t->events.hop)
			t->events.hop(t->events.context, &t->result, t->hops_told);
	}
}

static void finish(struct trace *t, int64_t now_ns)
{
	t->result.end_ns = now_ns;
	conclude(t);
	t->phase = PHASE_CLOSING;
}

/* Did a SYN of this series get as far as something that may have kept it? */
static bool needs_closing(const struct trace *t, int probe)
{
	const struct series *s = &t->series[probe];
	uint8_t nearest = t->result.path_length;

	if (!s->syn || s->half_open)
		return s->syn;
	return !s->closed && observe_asked_from(t, probe, nearest ? nearest : s->top + 1);
}

static bool send_closing(struct trace *t, struct span *packet)
{
	while (t->closing < t->result.probe_count) {
		int probe = t->closing++;

		if (needs_closing(t, probe)) {
			*packet = close_half_open(t, probe);
			return packet->len;
		}
	}
	t->phase = PHASE_DONE;
	return false;
}

bool trace_send(struct trace *t, int64_t now_ns, struct span *packet)
{
	if (t->phase == PHASE_ASKING) {
		schedule_settle(t, now_ns);
		tell_hops(t);
		if (schedule_idle(t) && !followup_ask(t, now_ns))
			finish(t, now_ns);
	}
	if (t->phase == PHASE_ASKING)
		return send_question(t, now_ns, packet);
	if (t->phase == PHASE_INSIDE) {
		schedule_settle(t, now_ns);
		return send_question(t, now_ns, packet);
	}
	return t->phase == PHASE_CLOSING && send_closing(t, packet);
}

void trace_receive(struct trace *t, int64_t now_ns, struct span octets)
{
	if (t->phase == PHASE_INSIDE)
		credit_packet(t, now_ns, octets);
	if (t->phase != PHASE_ASKING)
		return;
	if (credit_packet(t, now_ns, octets))
		followup_eager(t, now_ns);
}

int64_t trace_expiry_ns(const struct trace *t)
{
	if (t->phase == PHASE_ASKING || t->phase == PHASE_INSIDE)
		return schedule_expiry_ns(t);
	return INT64_MIN;
}

bool trace_finished(const struct trace *t)
{
	return t->phase == PHASE_DONE;
}

void trace_stop(struct trace *t, int64_t now_ns)
{
	if (t->phase != PHASE_ASKING && t->phase != PHASE_INSIDE)
		return;
	t->result.interrupted = true;
	finish(t, now_ns);
}

const struct trace_result *trace_result(const struct trace *t)
{
	return &t->result;
}
