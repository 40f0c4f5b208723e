/* The MPTCP options of what a subflow sends. */
#include "mptcp/conn_state.h"
#include "mptcp/key.h"

static size_t put(const struct mptcp_option *o, uint8_t *out, size_t room)
{
	int len = mptcp_option_build(o, out, room);

	return len > 0 ? (size_t)len : 0;
}

static uint8_t capable_flags(const struct conn *c)
{
	return (uint8_t)(MPTCP_CAPABLE_H | (c->checksum ? MPTCP_CAPABLE_A : 0) |
			 (c->config.no_join_here && c->version == 1 ? MPTCP_CAPABLE_C : 0));
}

static size_t put_capable(const struct conn *c, bool ours, bool theirs, const struct tcp_mapping *m,
			  uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_CAPABLE};

	o.capable.version = c->version;
	o.capable.flags = capable_flags(c);
	o.capable.has_sender_key = ours;
	o.capable.sender_key = c->local_key;
	o.capable.has_receiver_key = theirs;
	o.capable.receiver_key = c->remote_key;
	if (m) {
		o.capable.has_data_len = true;
		o.capable.data_len = m->len;
		o.capable.has_checksum = m->has_checksum;
		o.capable.checksum = m->checksum;
	}
	return put(&o, out, room);
}

/* After some SYNs that vanished, one goes without the option (RFC 8684 §3.7 and its §3.1). */
static size_t syn_options(struct subflow *sf, const struct tcp_segment *s, uint8_t *out,
			  size_t room)
{
	struct conn *c = sf->conn;

	if (!sf->initial)
		return join_options(sf, s, out, room);
	if (s->ack)
		return put_capable(c, true, false, NULL, out, room);
	if (sf->syns < UINT8_MAX)
		sf->syns++;
	if (sf->syns > c->config.plain_after_syns) {
		sf->plain_syn = true;
		return 0;
	}
	return put_capable(c, c->version == 0, false, NULL, out, room);
}

static size_t rst_options(struct subflow *sf, uint8_t *out, size_t room)
{
	struct conn *c = sf->conn;
	struct mptcp_option o = {.subtype = MPTCP_FASTCLOSE};
	size_t len = 0;

	if (sf->reset_fastclose && c->remote_known) {
		o.fastclose_key = c->remote_key;
		return put(&o, out, room);
	}
	if (sf->reset_fail) {
		o = (struct mptcp_option){.subtype = MPTCP_FAIL, .fail_dsn = sf->fail_dsn};
		len = put(&o, out, room);
	}
	if (!sf->reset_wanted || c->version == 0)
		return len;
	o = (struct mptcp_option){.subtype = MPTCP_TCPRST};
	o.tcprst.reason = sf->reset_reason;
	return len + put(&o, out + len, room - len);
}

static void dss_ack(const struct conn *c, struct mptcp_dss *dss)
{
	if (!c->rx.known || c->plain)
		return;
	dss->flags |= MPTCP_DSS_ACK | (c->rx.ack8 ? MPTCP_DSS_ACK8 : 0);
	dss->ack = rx_ack(c);
}

static void dss_map(const struct conn *c, struct mptcp_dss *dss, const struct tcp_mapping *m)
{
	dss->flags |= MPTCP_DSS_DSN | (tx_whole_dsn(c) ? MPTCP_DSS_DSN8 : 0);
	dss->flags |= m->data_fin ? MPTCP_DSS_FIN : 0;
	dss->dsn = m->dsn;
	dss->ssn = m->ssn;
	dss->data_len = m->len;
	dss->has_checksum = m->has_checksum;
	dss->checksum = m->checksum;
}

static size_t put_dss(const struct conn *c, const struct tcp_mapping *m, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_DSS};
	size_t len;

	dss_ack(c, &o.dss);
	if (!m)
		return put(&o, out, room);
	dss_map(c, &o.dss, m);
	len = put(&o, out, room);
	if (len)
		return len;
	/* The mapping must go; the DATA_ACK can wait. */
	o = (struct mptcp_option){.subtype = MPTCP_DSS};
	dss_map(c, &o.dss, m);
	return put(&o, out, room);
}

/* "From here on it is TCP": length 0, no checksum (RFC 8684 §3.3.1). In four octets, to leave room
 * for an MP_FAIL. */
static size_t put_infinite(const struct conn *c, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_DSS};

	o.dss.flags = MPTCP_DSS_DSN;
	o.dss.dsn = (uint32_t)c->tx.una;
	o.dss.ssn = (uint32_t)(c->tx.una - c->plain_base);
	o.dss.has_checksum = c->checksum;
	return put(&o, out, room);
}

static size_t plain_options(struct subflow *sf, const struct tcp_segment *s, uint8_t *out,
			    size_t room)
{
	struct conn *c = sf->conn;
	size_t len = 0;

	if (sf->fail_due && !s->piece) {
		struct mptcp_option o = {.subtype = MPTCP_FAIL, .fail_dsn = sf->fail_dsn};

		len = put(&o, out, room);
		sf->fail_due = len == 0;
	}
	if (!c->infinite_due || !c->remote_known)
		return len;
	if ((int32_t)(tcp_acked_ssn(&sf->tcp) - c->infinite_until) > 0) {
		c->infinite_due = false;
		return len;
	}
	return len + put_infinite(c, out + len, room - len);
}

static size_t data_options(struct subflow *sf, const struct tcp_piece *p, uint8_t *out, size_t room)
{
	struct conn *c = sf->conn;

	if (!p->mapping.present)
		return 0;
	if (p->mapping.capable)
		return put_capable(c, true, true, &p->mapping, out, room);
	return put_dss(c, &p->mapping, out, room);
}

static size_t put_prio(struct subflow *sf, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_PRIO};
	size_t len;

	o.prio.backup = sf->backup_set;
	len = put(&o, out, room);
	sf->prio_due = len == 0;
	return len;
}

/* A lone DATA_FIN: subflow sequence number 0, length 1. */
static size_t put_fin(const struct conn *c, uint8_t *out, size_t room)
{
	struct tcp_mapping m = {.dsn = c->tx.end, .len = 1, .data_fin = true};

	m.has_checksum = c->checksum;
	if (c->checksum)
		m.checksum = key_dss_checksum(m.dsn, 0, 1, 0);
	return put_dss(c, &m, out, room);
}

/* One signal an ACK; another ACK is asked for what waits, or had no room. None beside the end of a
 * stream: it would go again and again with that. */
static size_t put_signal(struct subflow *sf, bool ends, uint8_t *out, size_t room)
{
	struct mptcp_option fail = {.subtype = MPTCP_FAIL, .fail_dsn = sf->fail_dsn};
	struct conn *c = sf->conn;
	bool may_go = addr_may_go(c);
	size_t len = 0;

	c->signal_again = false;
	if (sf->failing)
		return put(&fail, out, room);
	if (ends && !sf->prio_due)
		return 0;
	if (sf->prio_due)
		len = put_prio(sf, out, room);
	else if (may_go)
		len = addr_options(c, out, room);
	c->signal_again = (len || !may_go) && (addr_options_due(c) || sf->prio_due);
	return len;
}

/* A DATA_FIN without any data before it has to take turns with the keys, which come first; behind
 * data it waits for these to arrive: a peer that sees a DSS where it expects the keys falls back.
 */
static bool keys_first(struct subflow *sf, bool lone_fin)
{
	const struct conn *c = sf->conn;

	sf->turn = !sf->turn;
	return c->client && sf->initial && !c->confirmed &&
	       !(lone_fin && c->tx.una == c->tx.end && !sf->turn);
}

/* A signal, and the DATA_ACK in what room it leaves. */
static size_t ack_options(struct subflow *sf, const struct tcp_segment *s, uint8_t *out,
			  size_t room)
{
	struct conn *c = sf->conn;
	bool lone_fin = c->tx.fin_sent && !c->tx.fin_acked && c->tx.next == c->tx.end;
	size_t len = 0;

	/* Two ends that miss data would else answer each other's DATA_FINs for ever. */
	lone_fin = lone_fin && !sf->fin_heard;
	sf->fin_heard = false;
	if (keys_first(sf, lone_fin))
		return put_capable(c, true, true, NULL, out, room);
	if (!c->remote_known)
		return 0;
	if (!s->fin || sf->failing)
		len = put_signal(sf, lone_fin, out, room);
	c->ack_told = c->ack_told || (!len && c->rx.next != c->rx.first);
	return len + (lone_fin ? put_fin(c, out + len, room - len)
			       : put_dss(c, NULL, out + len, room - len));
}

size_t subflow_options(struct tcp *t, const struct tcp_segment *s, uint8_t *out, size_t room)
{
	struct subflow *sf = subflow_of(t);
	struct conn *c = sf->conn;

	if (s->rst)
		return sf->plain && !sf->reset_fastclose ? 0 : rst_options(sf, out, room);
	if (sf->plain)
		return 0;
	if (s->syn)
		return syn_options(sf, s, out, room);
	if (c->plain)
		return plain_options(sf, s, out, room);
	if (!sf->initial && sf->stage <= STAGE_PRE)
		return join_options(sf, s, out, room);
	if (s->piece && s->piece->chunk)
		return data_options(sf, s->piece, out, room);
	return ack_options(sf, s, out, room);
}
