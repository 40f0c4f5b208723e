/* A refused join says nothing of the path unless the target still had the connection then: it is
 * refused as well by a host that closed it. So both joins are asked again, and a plain SYN with
 * them, and last a segment of the connection that the target has had before: to that it answers if
 * it has the connection yet (RFC 9293 §3.10.7.4). */
#include "packet/mptcp_option.h"
#include "probe/inside_state.h"

#define AGAIN_NS (5 * NS_PER_S)
#define PROOFS	 3 /* times that the segment is sent */

static bool ends(const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	struct mptcp_option dss;

	return p->tcp.flags & (TCP_FIN | TCP_RST) ||
	       tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_FASTCLOSE) ||
	       (o && (mptcp_option_parse(&dss, o) || dss.dss.flags & MPTCP_DSS_FIN));
}

void inside_note_segment(struct inside *in, const struct packet *p)
{
	in->ended |= ends(p);
	in->alive |= in->proving && p->tcp.flags & TCP_ACK;
}

static int control_of(const struct inside_joins *j)
{
	const struct trace_result *r = trace_result(j->trace);

	for (size_t i = 0; i < r->probe_count; i++)
		if (r->probes[i].role == ROLE_CONTROL)
			return (int)i;
	return -1;
}

/* Is this the target's to that probe? */
static bool answers(const struct inside_joins *j, int probe, const struct packet *p)
{
	struct packet sent;

	return probe >= 0 && !packet_parse(&sent, trace_octets(j->trace, probe)) &&
	       ip_addr_equal(&p->ip.src, &sent.ip.dst) && ip_addr_equal(&p->ip.dst, &sent.ip.src) &&
	       p->tcp.dst_port == sent.tcp.src_port && p->tcp.src_port == sent.tcp.dst_port;
}

static bool is_same(const struct inside *in, const struct inside_joins *j, int probe,
		    const struct trace_join *before, const struct packet *p)
{
	struct trace_join join;

	if (!answers(j, probe, p))
		return false;
	join = inside_read_answer(in, j, probe, p->octets);
	return join.answer == before->answer && join.reason == before->reason;
}

static void note(const struct inside *in, struct inside_joins *j, const struct packet *p)
{
	struct inside_again *a = &j->again;

	if (!a->asked)
		return;
	a->valid |= is_same(in, j, j->valid, &j->to_valid, p);
	a->bogus |= is_same(in, j, j->bogus, &j->to_bogus, p);
	a->control |= (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
		      answers(j, control_of(j), p);
}

void inside_note_answer(struct inside *in, const struct packet *p)
{
	for (size_t i = 0; i < in->joins_count; i++)
		note(in, &in->joins[i], p);
}

static bool is_all_same(const struct inside_again *a)
{
	return a->valid && a->bogus && a->control;
}

static bool is_answered(struct inside *in)
{
	for (size_t i = 0; i < in->joins_count; i++)
		if (in->joins[i].again.asked && is_all_same(&in->joins[i].again))
			return true;
	return in->ended || inside_is_settled(in);
}

static bool is_proved(struct inside *in)
{
	return in->alive || in->ended;
}

static int prove_alive(struct inside *in, struct error *err)
{
	const struct inside_segment *s = &in->held[in->count > 1];
	int rc = 0;

	in->alive = false;
	in->proving = true;
	for (int i = 0; rc >= 0 && i < PROOFS && !is_proved(in) && !inside_stopped(in); i++) {
		rc = net_send(in->net, span_of(s->octets, s->len), err);
		if (rc >= 0)
			rc = inside_pump(in, inside_patience_ns(in), is_proved, err);
	}
	in->proving = false;
	return rc < 0 ? rc : 0;
}

bool inside_is_doubtful(const struct inside_joins *j)
{
	enum join_answer answer = j->to_valid.answer;

	return answer == JOIN_REFUSED || answer == JOIN_RESET || answer == JOIN_BARE;
}

int inside_confirm_joins(struct inside *in, struct inside_joins *j, struct error *err)
{
	int rc;

	inside_read_joins(in, j);
	if (!inside_is_doubtful(j) || in->ended || !in->count || inside_stopped(in) ||
	    inside_info(in)->sent != in->config->request.len)
		return 0;
	j->again.asked = true;
	trace_repeat_target(j->trace, j->valid, net_now_ns(in->net));
	trace_repeat_target(j->trace, j->bogus, net_now_ns(in->net));
	trace_repeat_target(j->trace, control_of(j), net_now_ns(in->net));
	rc = inside_pump(in, AGAIN_NS, is_answered, err);
	j->again.asked = false;
	if (rc || !is_all_same(&j->again))
		return rc;
	rc = prove_alive(in, err);
	j->confirmed = in->alive && !in->ended;
	return rc;
}
