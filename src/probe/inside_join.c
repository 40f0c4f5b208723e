/* SYNs with MP_JOIN, with the connection's token and with one of nobody's, from further ports and
 * from further addresses, and what the target answers. */
#include <stdio.h>
#include <string.h>

#include "mptcp/key.h"
#include "packet/mptcp_option.h"
#include "probe/inside_state.h"

#define JOIN_NS		(10 * NS_PER_S)
#define JOIN_ASKED	3
#define JOIN_ASKED_MORE 5

void inside_hold_joins(struct inside *in)
{
	uint32_t token = inside_info(in)->remote_token;

	for (size_t i = 0; i < in->joins_count; i++) {
		struct inside_joins *j = &in->joins[i];

		j->valid = trace_join(j->trace, ROLE_JOIN_VALID, token);
		j->bogus =
		    trace_join(j->trace, ROLE_JOIN_BOGUS, ~token ^ (uint32_t)in->config->seed);
	}
}

void inside_walk_joins(struct inside *in)
{
	for (size_t i = 0; i < in->joins_count; i++) {
		struct inside_joins *j = &in->joins[i];

		trace_ask_hops(j->trace, j->valid, net_now_ns(in->net));
		trace_ask_hops(j->trace, j->bogus, net_now_ns(in->net));
	}
}

static int ask_target(struct inside *in, struct error *err)
{
	for (size_t i = 0; i < in->joins_count; i++) {
		struct inside_joins *j = &in->joins[i];

		trace_ask_target(j->trace, j->valid, JOIN_ASKED, net_now_ns(in->net));
		trace_ask_target(j->trace, j->bogus, JOIN_ASKED, net_now_ns(in->net));
	}
	return inside_pump(in, JOIN_NS, inside_is_settled, err);
}

/* A target that stays silent is asked more often, and a plain SYN along with it: so that it cannot
 * be mere loss. */
static int ask_more(struct inside *in, struct inside_joins *j, struct error *err)
{
	int rc;

	if (!trace_ask_silent_target(j->trace, j->valid, JOIN_ASKED_MORE, net_now_ns(in->net)))
		return inside_confirm_joins(in, j, err);
	rc = inside_pump(in, JOIN_NS, inside_is_settled, err);
	j->late = in->ended;
	return rc;
}

/* The target first, while it has the connection. */
int inside_ask_joins(struct inside *in, struct error *err)
{
	int rc;

	if (!in->conn || inside_info(in)->fallback_stage != FALLBACK_NONE)
		return 0;
	rc = ask_target(in, err);
	for (size_t i = 0; !rc && !inside_stopped(in) && i < in->joins_count; i++)
		rc = ask_more(in, &in->joins[i], err);
	for (size_t i = 1; !rc && !inside_stopped(in) && i < in->joins_count; i++)
		if (!trace_answer(in->joins[i].trace, in->joins[i].valid))
			rc = inside_walk_again(in, in->joins[i].trace, err);
	return rc;
}

/* The MP_JOIN of a packet; false if it has none. */
static bool join_of(struct span octets, struct mptcp_join *out, struct packet *p)
{
	const struct tcp_option *o;
	struct mptcp_option option;

	if (packet_parse(p, octets) || !(p->have & PACKET_HAS_TCP))
		return false;
	o = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_JOIN);
	if (!o || mptcp_option_parse(&option, o))
		return false;
	*out = option.join;
	return true;
}

static bool fits(const struct inside *in, const struct mptcp_join *syn,
		 const struct mptcp_join *answer)
{
	const struct conn_info *info = &in->result.connection.info;
	uint8_t hmac[KEY_HMAC_MAX];

	key_join_hmac(in->result.version, info->remote_key, info->local_key, answer->nonce,
		      syn->nonce, hmac);
	return answer->hmac.len == 8 && key_equal(hmac, answer->hmac.at, 8);
}

static enum join_answer read_syn_ack(const struct inside *in, struct span syn, struct span octets)
{
	struct mptcp_join asked, answer;
	struct packet p, q;

	if (!join_of(octets, &answer, &p))
		return JOIN_BARE;
	if (answer.len != 16 || !join_of(syn, &asked, &q))
		return JOIN_MIRRORED;
	return fits(in, &asked, &answer) ? JOIN_ACCEPTED : JOIN_FORGED;
}

static struct trace_join read_reset(struct span octets)
{
	const struct tcp_option *o;
	struct mptcp_option why;
	struct packet p;

	if (packet_parse(&p, octets) || !(p.have & PACKET_HAS_TCP))
		return (struct trace_join){JOIN_RESET, 0};
	o = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_TCPRST);
	if (!o || mptcp_option_parse(&why, o))
		return (struct trace_join){JOIN_RESET, 0};
	return (struct trace_join){JOIN_REFUSED, why.tcprst.reason};
}

/* RST or SYN/ACK. */
struct trace_join inside_read_answer(const struct inside *in, const struct inside_joins *j,
				     int probe, struct span octets)
{
	struct packet p;

	if (!packet_parse(&p, octets) && p.tcp.flags & TCP_SYN)
		return (struct trace_join){read_syn_ack(in, trace_octets(j->trace, probe), octets),
					   0};
	return read_reset(octets);
}

static struct trace_join read_join(const struct inside *in, const struct inside_joins *j, int probe)
{
	const struct trace_reply *r = trace_answer(j->trace, probe);
	struct trace_join join = {r ? JOIN_RESET : JOIN_SILENT, 0};

	if (probe < 0 || (!r && !trace_asked_target(j->trace, probe)))
		return (struct trace_join){JOIN_UNASKED, 0};
	if (r && (r->kind == REPLY_RST || r->kind == REPLY_SYN_ACK))
		return inside_read_answer(in, j, probe, r->answer);
	return join;
}

void inside_read_joins(const struct inside *in, struct inside_joins *j)
{
	j->to_valid = read_join(in, j, j->valid);
	j->to_bogus = read_join(in, j, j->bogus);
}

static void put_answer(const struct trace_join *join, char *out, size_t cap)
{
	static const char *const texts[JOIN_ANSWERS] = {
	    [JOIN_SILENT] = "was not answered",
	    [JOIN_ACCEPTED] = "was accepted",
	    [JOIN_FORGED] = "was accepted by somebody who does not know the keys",
	    [JOIN_MIRRORED] = "was answered with the MP_JOIN of the SYN",
	    [JOIN_BARE] = "was answered without MP_JOIN",
	    [JOIN_RESET] = "was reset",
	};

	if (join->answer == JOIN_REFUSED)
		snprintf(out, cap, "was refused (MP_TCPRST, reason %u)", join->reason);
	else
		snprintf(out, cap, "%s", texts[join->answer]);
}

void inside_describe_joins(const struct inside_joins *j, const char *who, char *out, size_t cap)
{
	char valid[64], bogus[64];

	if (j->to_valid.answer == JOIN_UNASKED || j->to_bogus.answer == JOIN_UNASKED)
		return;
	put_answer(&j->to_valid, valid, sizeof(valid));
	put_answer(&j->to_bogus, bogus, sizeof(bogus));
	snprintf(out, cap, "%s SYN that joins it %s, one with a token of nobody's %s.%s", who,
		 valid, bogus,
		 (inside_is_doubtful(j) && !j->confirmed) || j->late
		     ? " The target may have ended the connection before."
		     : "");
}
