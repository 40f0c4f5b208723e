#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/engine.h"

static const char *const kind_names[] = {
    [REPLY_TIME_EXCEEDED] = "time-exceeded",
    [REPLY_UNREACHABLE] = "unreachable",
    [REPLY_SYN_ACK] = "syn-ack",
    [REPLY_RST] = "rst",
    [REPLY_ACK] = "ack",
    [REPLY_DATA] = "data",
    [REPLY_ECHO] = "echo-reply",
};

static const char *const mptcp_names[] = {
    [MPTCP_NONE] = "none",
    [MPTCP_V0] = "v0",
    [MPTCP_V1] = "v1",
    [MPTCP_MIRRORED] = "mirrored",
};

const char *reply_kind_name(enum reply_kind kind)
{
	return kind_names[kind];
}

const char *reply_mptcp_name(enum reply_mptcp mptcp)
{
	return mptcp_names[mptcp];
}

static bool same_option(const struct tcp_option *a, const struct tcp_option *b)
{
	return a && b && a->len == b->len && !memcmp(a->at, b->at, a->len);
}

/* A key of our own coming back is no answer either (RFC 6824 §3.1: keys are the hosts' own). */
static bool same_key(const struct tcp_option *sent, const struct mptcp_capable *answer)
{
	struct mptcp_option ours;

	return sent && !mptcp_option_parse(&ours, sent) && ours.subtype == MPTCP_CAPABLE &&
	       ours.capable.has_sender_key && ours.capable.sender_key == answer->sender_key;
}

enum reply_mptcp answer_mptcp(const struct packet *sent, const struct packet *answer)
{
	const struct tcp_option *ours =
	    tcp_option_find(&sent->tcp.options, TCP_OPT_MPTCP, MPTCP_CAPABLE);
	const struct tcp_option *theirs =
	    tcp_option_find(&answer->tcp.options, TCP_OPT_MPTCP, MPTCP_CAPABLE);
	struct mptcp_option m;

	if (!theirs)
		return MPTCP_NONE;
	if (same_option(ours, theirs))
		return MPTCP_MIRRORED;
	if (mptcp_option_parse(&m, theirs) || !m.capable.has_sender_key ||
	    m.capable.has_receiver_key)
		return MPTCP_NONE;
	if (same_key(ours, &m.capable))
		return MPTCP_MIRRORED;
	return m.capable.version == 0 ? MPTCP_V0 : MPTCP_V1;
}
