/* Subflows that do not come about: what left again and again, and of which the other end has seen
 * nothing. */
#include "probe/mirrored_parts.h"

#include <string.h>

#include "packet/mptcp_option.h"

#define MP_JOIN "tcp.options.mptcp.mp_join"
#define SURE	4 /* so many are not all lost by chance */
#define LIKELY	3

static unsigned count(const struct side *side, uint16_t flags, int subtype)
{
	unsigned sum = 0;
	struct packet p;

	for (size_t i = 0; i < side->count; i++)
		sum += mirrored_parse(side->at[i], &p) &&
		       (p.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == flags &&
		       (subtype < 0 || tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, subtype));
	return sum;
}

static bool is_told_of(const struct mirrored *out, const char *field, uint8_t subflow)
{
	for (size_t i = 0; i < out->finding_count; i++)
		if (!strcmp(out->findings[i].field, field) && out->findings[i].subflow == subflow)
			return true;
	return false;
}

static void add_lost(struct mirrored *out, struct comparison *c, uint8_t subflow, const char *field,
		     enum change_kind kind, unsigned lost)
{
	bool doubtful = kind == CHANGE_DROPPED && lost < SURE;
	size_t before = out->finding_count;

	if (is_told_of(out, field, subflow))
		return;
	c->count = 0;
	mirrored_count_plain(c, field, kind, lost);
	mirrored_report(out, c, subflow);
	if (out->finding_count > before)
		out->findings[before].confidence =
		    doubtful ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
}

/* The peer tells of every SYN that bears the connection's token. What it did not tell of did not
 * arrive, or not with the option: then it was answered as one of a new connection. */
void mirrored_report_join(struct mirrored *out, struct comparison *forward,
			  struct comparison *reverse, uint8_t subflow)
{
	unsigned syns = count(&forward->left, TCP_SYN, MPTCP_JOIN);
	unsigned arrived = count(&forward->arrived, TCP_SYN, MPTCP_JOIN);
	unsigned answers = count(&reverse->left, TCP_SYN | TCP_ACK, MPTCP_JOIN);
	unsigned back = count(&reverse->arrived, TCP_SYN | TCP_ACK, -1);
	unsigned resets =
	    count(&reverse->arrived, TCP_RST, -1) + count(&reverse->arrived, TCP_RST | TCP_ACK, -1);

	if (!syns)
		return;
	if (!arrived && back)
		add_lost(out, forward, subflow, MP_JOIN, CHANGE_REMOVED, back);
	else if (!arrived && resets)
		add_lost(out, forward, subflow, MP_JOIN, CHANGE_RESET, syns);
	else if (!arrived && syns >= LIKELY)
		add_lost(out, forward, subflow, MP_JOIN, CHANGE_DROPPED, syns);
	else if (arrived && !back && answers >= LIKELY)
		add_lost(out, reverse, subflow, MP_JOIN, CHANGE_DROPPED, answers);
}
