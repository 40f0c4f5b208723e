/* The handshake of the first subflow: MP_CAPABLE (RFC 8684 §3.1, RFC 6824 §3.1). */
#include "mptcp/conn_state.h"
#include "util/seq.h"

/* From the start, or from here on, there is no MPTCP: nothing was said that would bind us. */
static void stay_plain(struct subflow *sf, enum fallback_stage stage, enum fallback_reason reason)
{
	conn_fall_back(sf, stage, reason);
}

static enum fallback_reason judge_flags(const struct conn *c, const struct mptcp_capable *o)
{
	if ((o->flags & MPTCP_CAPABLE_B) || !(o->flags & MPTCP_CAPABLE_H))
		return FALLBACK_BECAUSE_FLAGS;
	if ((o->flags & MPTCP_CAPABLE_A) && c->config.refuse_checksum)
		return FALLBACK_BECAUSE_CHECKSUM_REFUSED;
	return FALLBACK_BECAUSE_NONE;
}

/* A version above ours is answered with ours (RFC 8684 §3.1). */
static enum fallback_reason judge_syn(const struct conn *c, const struct arrived *a)
{
	if (a->has_join && (a->has_capable || a->capable_mangled))
		return FALLBACK_BECAUSE_JOIN_AND_CAPABLE;
	if (!a->has_capable && a->capable_mangled && a->mangled_version > 1)
		return c->version == 1 ? FALLBACK_BECAUSE_NONE : FALLBACK_BECAUSE_VERSION;
	if (!a->has_capable)
		return FALLBACK_BECAUSE_NO_CAPABLE;
	if (a->capable.version != c->version)
		return FALLBACK_BECAUSE_VERSION;
	if (a->capable.has_receiver_key || a->capable.has_sender_key != (c->version == 0))
		return FALLBACK_BECAUSE_NO_CAPABLE;
	return judge_flags(c, &a->capable);
}

void subflow_take_syn(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	enum fallback_reason reason;

	if (sf->plain) {
		rx_start(c, 1);
		c->plain_base = c->tx.first - 1;
		return;
	}
	if (a->any || a->capable_mangled)
		c->options_seen |= UINT64_C(1) << (a->has_join ? MPTCP_JOIN : MPTCP_CAPABLE);
	reason = judge_syn(c, a);
	if (reason == FALLBACK_BECAUSE_NONE && !conn_draw_key(c))
		reason = FALLBACK_BECAUSE_NO_KEYS;
	if (reason != FALLBACK_BECAUSE_NONE) {
		stay_plain(sf, FALLBACK_SYN_ACK, reason);
		return;
	}
	if (!a->has_capable)
		return;
	c->checksum = c->config.checksum || (a->capable.flags & MPTCP_CAPABLE_A);
	c->remote_c = a->capable.flags & MPTCP_CAPABLE_C;
	if (c->version == 0)
		conn_learn_key(c, a->capable.sender_key);
}

static enum fallback_reason judge_syn_ack(const struct subflow *sf, const struct arrived *a)
{
	const struct conn *c = sf->conn;

	if (!(a->packet->tcp.flags & TCP_ACK))
		return FALLBACK_BECAUSE_SIMULTANEOUS;
	if (!a->has_capable && a->capable_mangled)
		return a->mangled_version != c->version ? FALLBACK_BECAUSE_VERSION
							: FALLBACK_BECAUSE_NO_CAPABLE;
	if (!a->has_capable)
		return sf->plain_syn ? FALLBACK_BECAUSE_SYN_LOST : FALLBACK_BECAUSE_NO_CAPABLE;
	if (a->capable.version != c->version)
		return FALLBACK_BECAUSE_VERSION;
	if (!a->capable.has_sender_key || a->capable.sender_key == c->local_key)
		return FALLBACK_BECAUSE_MIRRORED;
	if (a->capable.has_receiver_key)
		return FALLBACK_BECAUSE_NO_CAPABLE;
	return judge_flags(c, &a->capable);
}

bool subflow_syn_ack(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	enum fallback_reason reason;

	if (sf->plain)
		return true;
	reason = judge_syn_ack(sf, a);
	if (reason != FALLBACK_BECAUSE_NONE) {
		stay_plain(sf, FALLBACK_SYN_ACK, reason);
		return true;
	}
	c->checksum = c->config.checksum || (a->capable.flags & MPTCP_CAPABLE_A);
	c->remote_c = a->capable.flags & MPTCP_CAPABLE_C;
	conn_learn_key(c, a->capable.sender_key);
	c->tx.edge = c->tx.first + a->packet->tcp.window;
	return true;
}

/* The third ACK must say what was agreed on. */
static enum fallback_reason judge_third_ack(const struct conn *c, const struct mptcp_capable *o)
{
	if (o->version != c->version)
		return FALLBACK_BECAUSE_VERSION;
	if (judge_flags(c, o) != FALLBACK_BECAUSE_NONE ||
	    (bool)(o->flags & MPTCP_CAPABLE_A) != c->checksum)
		return FALLBACK_BECAUSE_FLAGS;
	if (!o->has_sender_key || !o->has_receiver_key || o->receiver_key != c->local_key)
		return FALLBACK_BECAUSE_NO_KEYS;
	if (c->remote_known && o->sender_key != c->remote_key)
		return FALLBACK_BECAUSE_NO_KEYS;
	return o->sender_key == c->local_key ? FALLBACK_BECAUSE_MIRRORED : FALLBACK_BECAUSE_NONE;
}

static bool take_keys(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	enum fallback_reason reason = judge_third_ack(c, &a->capable);

	if (reason != FALLBACK_BECAUSE_NONE) {
		stay_plain(sf, FALLBACK_THIRD_ACK, reason);
		return true;
	}
	conn_learn_key(c, a->capable.sender_key);
	c->confirmed = true;
	c->dss_heard = c->dss_heard || a->capable.has_data_len;
	c->tx.edge = c->tx.first + tcp_window_of(&sf->tcp, a->packet);
	return true;
}

/* Without MP_CAPABLE. A v0 server knows the key from the SYN and waits for data; a v1 server waits
 * for the data that brings the keys, if this is some that overtook it. */
static bool without_keys(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	bool data = a->packet->payload.len != 0;

	if (a->any || a->ssn > 1)
		return c->version == 0;
	if (c->version == 0 && !data)
		return true;
	stay_plain(sf, data ? FALLBACK_FIRST_DATA : FALLBACK_THIRD_ACK,
		   c->version == 0 ? FALLBACK_BECAUSE_NO_DSS : FALLBACK_BECAUSE_NO_KEYS);
	return true;
}

bool subflow_third_ack(struct subflow *sf, const struct arrived *a)
{
	if (sf->plain)
		return true;
	return a->has_capable ? take_keys(sf, a) : without_keys(sf, a);
}

/* A cookie's SYN/ACK left nothing here but what its ACK brings back: both keys, ours the one that
 * was given out, or nothing. */
bool subflow_cookie_ack(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	const struct mptcp_capable *o = &a->capable;
	bool keys = a->has_capable && o->has_sender_key && o->has_receiver_key;
	uint64_t key = endpoint_cookie_key(c->endpoint, &sf->tuple, a->packet->tcp.seq - 1);

	if (sf->plain) {
		rx_start(c, 1);
		c->plain_base = c->tx.first - 1;
		return true;
	}
	if (!keys || o->version != c->version || judge_flags(c, o) != FALLBACK_BECAUSE_NONE ||
	    !o->sender_key || o->receiver_key != key || !conn_take_key(c, key)) {
		stay_plain(sf, FALLBACK_THIRD_ACK, FALLBACK_BECAUSE_NO_KEYS);
		return true;
	}
	c->checksum = o->flags & MPTCP_CAPABLE_A;
	c->remote_c = o->flags & MPTCP_CAPABLE_C;
	return true;
}
