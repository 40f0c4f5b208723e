#include "probe/mirrored.h"

#include <stdlib.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/mirrored_parts.h"

#define REASON_MIDDLEBOX 6

static void compare_all(struct comparison *c)
{
	if (!c->left.syn || !c->arrived.syn)
		return;
	for (size_t i = 0; i < c->arrived.count; i++)
		mirrored_compare_one(c, c->arrived.at[i]);
	if (!c->forward)
		mirrored_compare_sent(c);
	mirrored_compare_order(c);
	mirrored_compare_sacks(c);
}

static void note_direction(struct mirrored_direction *d, const struct comparison *c)
{
	d->compared = c->left.syn && c->arrived.syn;
	d->segments = c->segments;
	if (d->compared && c->left.syn_ttl >= c->arrived.syn_ttl)
		d->hops = (uint8_t)(c->left.syn_ttl - c->arrived.syn_ttl + 1);
}

/* Of joined subflows, what the connection calls them; 0 otherwise. */
static uint8_t number_of(const struct conn_info *info, const struct mirror_client *m, size_t at)
{
	const struct mirror_flow *flow = &m->subflow[at].flow;

	for (size_t i = 0; at && i < info->subflow_count; i++) {
		const struct conn_subflow_info *s = &info->subflow[i];
		struct mirror_flow its = {s->local, s->remote, s->local_port, s->remote_port};

		if (s->id && mirror_flow_equal(&its, flow))
			return s->id;
	}
	return (uint8_t)at;
}

static void load(struct comparison c[2], const struct mirror_client *m, size_t at)
{
	const struct mirror_subflow *subflow = &m->subflow[at];
	struct mirror_flow flow;
	bool told = mirrored_theirs(m, subflow, &flow);

	memset(c, 0, 2 * sizeof(*c));
	mirrored_load(&c[0], m, subflow, told ? &flow : NULL, true);
	mirrored_load(&c[1], m, subflow, told ? &flow : NULL, false);
	c[0].peer_shift = c[1].shift;
	c[1].peer_shift = c[0].shift;
	mirrored_measure(&c[0], &c[1]);
}

/* Acknowledgements of what goes one way are seen on the other. */
static void compare_acks(struct comparison c[2])
{
	for (size_t i = 0; i < 2; i++) {
		unsigned early = mirrored_early_acks(&c[1 - i]) + c[1 - i].raised;

		mirrored_count_plain(&c[i], "tcp.ack", CHANGE_ANSWERED, early > 1 ? early : 0);
		c[1 - i].answered_for = early > 1;
	}
}

static void compare_subflow(struct mirrored *out, struct comparison c[2],
			    const struct mirror_client *m, const struct conn_info *info, size_t at)
{
	uint8_t number = number_of(info, m, at);

	load(c, m, at);
	for (size_t i = 0; i < 2; i++)
		compare_all(&c[i]);
	compare_acks(c);
	for (size_t i = 0; i < 2; i++) {
		mirrored_count_bearers(&c[i]);
		mirrored_report(out, &c[i], number);
	}
	if (!at) {
		note_direction(&out->forward, &c[0]);
		note_direction(&out->reverse, &c[1]);
	} else if (m->finished && info->fallback_stage == FALLBACK_NONE) {
		mirrored_report_join(out, &c[0], &c[1], number);
	}
	out->subflows += c[0].segments && c[1].segments;
}

/* The mirror's own words came damaged. */
static void report_damage(struct mirrored *out, const struct mirror_client *m)
{
	const struct mirror_flow *flow = &m->subflow[0].flow;
	struct finding *f;

	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE &&
		    !strcmp(out->findings[i].field, "tcp.payload"))
			return;
	if (!m->alien || out->finding_count == MIRRORED_FINDINGS_MAX)
		return;
	f = &out->findings[out->finding_count++];
	*f = (struct finding){.field = "tcp.payload",
			      .change = CHANGE_REWRITTEN,
			      .direction = DIRECTION_REVERSE,
			      .after = {true, 0, flow->remote},
			      .by = {out->reverse.hops > 0, out->reverse.hops, flow->local},
			      .basis = BASIS_ENDPOINT,
			      .cause = CAUSE_ALG,
			      .impact = IMPACT_DEGRADED,
			      .confidence = CONFIDENCE_LIKELY,
			      .explain = "On the way back, the data is changed: what the target "
					 "mirrored came damaged."};
}

/* Did the peer reset a subflow because options were missing (RFC 8684 §3.6)? */
static bool is_peers_reset(const struct mirror_segment *s)
{
	const struct tcp_option *o;
	struct mptcp_option rst;
	struct packet p;

	if (s->kind != MIRROR_ARRIVED || !mirrored_parse(s, &p) || !(p.tcp.flags & TCP_RST))
		return false;
	o = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_TCPRST);
	return o && !mptcp_option_parse(&rst, o) && rst.tcprst.reason == REASON_MIDDLEBOX;
}

static bool peer_missed_options(const struct mirror_client *m)
{
	for (uint64_t n = mirror_log_first(&m->log); n < m->log.count; n++)
		if (is_peers_reset(mirror_log_at(&m->log, n)))
			return true;
	return false;
}

void mirrored_compare(struct mirrored *out, const struct mirror_client *m,
		      const struct conn_info *info)
{
	struct comparison *c = calloc(2, sizeof(*c));

	*out =
	    (struct mirrored){.answered = m->mirrors, .version = m->version, .whole = m->finished};
	out->peer_missed = peer_missed_options(m);
	for (size_t i = 0; c && m->mirrors && i < m->subflow_count; i++)
		compare_subflow(out, c, m, info, i);
	if (c && m->mirrors) {
		report_damage(out, m);
		mirrored_locate(out, m);
	}
	free(c);
}

bool mirrored_covers(const struct mirrored *m)
{
	return m->answered && m->whole && m->forward.segments && m->reverse.segments;
}

const char *mirrored_missing(const struct mirrored *m)
{
	if (mirrored_covers(m))
		return NULL;
	if (m->version)
		return "The target mirrors in another version of the format, which is not known "
		       "here: what arrived there was not compared.";
	if (!m->answered)
		return "The target does not mirror: nothing can be said of what arrived there "
		       "(mboxtrace serve --mirror does).";
	return "The target did not tell of all that it should have mirrored.";
}

static bool is_mptcp_loss(const struct finding *f)
{
	static const char prefix[] = "tcp.options.mptcp.";

	return !strncmp(f->field, prefix, sizeof(prefix) - 1) && mirrored_is_loss(f->change);
}

static bool is_early_ack(const struct finding *f)
{
	return f->change == CHANGE_ANSWERED && !strcmp(f->field, "tcp.ack");
}

/* An acknowledgement that is not the peer's bears no DSS, as if that had been lost. */
bool mirrored_tells_of(const struct mirrored *m, const struct finding *f)
{
	for (size_t i = 0; i < m->finding_count; i++) {
		const struct finding *seen = &m->findings[i];

		if (is_mptcp_loss(f) && is_early_ack(seen))
			return true;
		if (is_mptcp_loss(f) ? is_mptcp_loss(seen)
				     : !strcmp(f->field, seen->field) && f->change == seen->change)
			return true;
	}
	return false;
}

bool mirrored_is_serious(const struct finding *f)
{
	return is_mptcp_loss(f) || is_early_ack(f) || !strcmp(f->field, "tcp.payload");
}

bool mirrored_is_translation(const struct finding *f)
{
	static const char *const fields[] = {"ip.src",	    "ip.dst",	   "ipv6.src", "ipv6.dst",
					     "tcp.srcport", "tcp.dstport", "tcp.seq",  "tcp.ack"};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(f->field, fields[i]))
			return f->change == CHANGE_REWRITTEN;
	return false;
}
