/* Does ADD_ADDR arrive? Who gets one sends it back, whether it makes use of it or not: "a receiver
 * receiving a fresh ADD_ADDR option (where E=0), will send the same option back to the sender, but
 * not including the HMAC, and with E=1" (RFC 8684 §3.4.1; v0 knows no such thing). One was sent
 * with the other segments. As long as no echo comes it is sent again, each time behind data that
 * the target has had before: these it answers, too (RFC 9293 §3.10.7.4), and so tell loss from a
 * box. */
#include <stdio.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/inside_state.h"

#define ANSWERS_ENOUGH 8 /* to data: with no echo at all, one chance in 12870 */
#define ASKED_MAX      16

void inside_note_sent(struct inside *in, const struct packet *p)
{
	bool segment = p->have & PACKET_HAS_TCP && !(p->tcp.flags & (TCP_SYN | TCP_RST));

	if (!segment || p->octets.len > sizeof(in->last.octets))
		return;
	in->last.len = p->octets.len;
	memcpy(in->last.octets, p->octets.at, p->octets.len);
	in->last_ns = inside_now_ns(in);
}

void inside_note_add_addr(struct inside *in, const struct packet *p)
{
	const struct tcp_option *o =
	    tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_ADD_ADDR);
	struct mptcp_option add;

	in->echo_answered |= !p->payload.len && p->tcp.ack == in->end &&
			     !(p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST));
	if (!o || mptcp_option_parse(&add, o))
		return;
	in->result.add_addr.echoed |= add.add_addr.echo;
	in->result.add_addr.announced |= !add.add_addr.echo;
}

static const struct inside_segment *held(const struct inside *in, enum probe_role role)
{
	for (size_t i = 0; i < in->count; i++)
		if (in->held[i].role == role)
			return &in->held[i];
	return NULL;
}

static int send_again(struct inside *in, enum probe_role role, struct error *err)
{
	int64_t since_ns = inside_now_ns(in) - in->last_ns;
	struct span last = span_of(in->last.octets, in->last.len);
	struct inside_segment again;

	if (!inside_segment_again(&again, held(in, role), last, (uint32_t)(since_ns / NS_PER_MS)))
		return 0;
	return net_send(in->net, span_of(again.octets, again.len), err);
}

static bool is_echoed(struct inside *in)
{
	return in->result.add_addr.echoed || in->ended || in->closed;
}

static int ask(struct inside *in, struct error *err)
{
	int rc;

	in->echo_answered = false;
	rc = send_again(in, ROLE_DATA_DSS, err);
	if (rc >= 0)
		rc = send_again(in, ROLE_ADD_ADDR, err);
	if (rc >= 0)
		rc = inside_pump(in, inside_patience_ns(in), is_echoed, err);
	in->result.add_addr.asked++;
	in->result.add_addr.answered += in->echo_answered;
	return rc;
}

/* Did some router see it changed? Then there is nothing to ask. */
static bool is_spoilt(const struct inside *in)
{
	const struct trace_result *r = trace_result(in->trace);

	for (size_t i = 0; i < r->reply_count; i++)
		for (unsigned k = 0; k < r->replies[i].diff.count; k++)
			if (strstr(r->replies[i].diff.changes[k].field, "mptcp.add_addr"))
				return true;
	return false;
}

/* All is well but for that. */
static bool may_ask(struct inside *in)
{
	return !is_spoilt(in) && in->result.version == 1 && in->conn && in->heard &&
	       !in->result.bare_ack && inside_info(in)->fallback_stage == FALLBACK_NONE &&
	       inside_info(in)->sent == in->config->request.len && held(in, ROLE_DATA_DSS) &&
	       held(in, ROLE_ADD_ADDR);
}

int inside_ask_add_addr(struct inside *in, struct error *err)
{
	struct trace_add_addr *echo = &in->result.add_addr;
	int rc;

	echo->asked_for = may_ask(in);
	if (!echo->asked_for)
		return 0;
	rc = inside_pump(in, inside_patience_ns(in), is_echoed, err);
	while (!rc && !is_echoed(in) && !inside_stopped(in) && echo->answered < ANSWERS_ENOUGH &&
	       echo->asked < ASKED_MAX)
		rc = ask(in, err);
	echo->ended = in->ended || in->closed || inside_stopped(in);
	return rc < 0 ? rc : 0;
}

void inside_describe_add_addr(struct inside *in)
{
	const struct trace_add_addr *a = &in->result.add_addr;
	char *note = in->result.note, *out = note + strlen(note);
	size_t cap = sizeof(in->result.note) - strlen(note);

	if (!in->result.mapped)
		return;
	if (a->echoed)
		snprintf(out, cap, " Its ADD_ADDR was echoed.");
	else if (a->asked)
		snprintf(out, cap,
			 " Its ADD_ADDR, sent %u times more, was not echoed; of as many segments "
			 "with data beside it %u were answered%s.",
			 a->asked, a->answered, a->ended ? ", until the connection ended" : "");
	else if (!in->result.version || a->ended)
		snprintf(out, cap, " Whether its ADD_ADDR arrived is not known: %s.",
			 a->ended ? "the connection ended before it was echoed"
				  : "MPTCP v0 has no echo of it");
}
