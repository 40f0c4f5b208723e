/* What arriving segments say in their MPTCP options. */
#include "mptcp/conn_state.h"

static void note(struct arrived *a, const struct mptcp_option *o)
{
	switch (o->subtype) {
	case MPTCP_CAPABLE:
		a->capable = o->capable;
		a->has_capable = true;
		break;
	case MPTCP_JOIN:
		a->join = o->join;
		a->has_join = true;
		break;
	case MPTCP_DSS:
		a->dss = o->dss;
		a->has_dss = true;
		break;
	default: break;
	}
}

void arrived_parse(struct arrived *a, const struct packet *p, uint32_t ssn)
{
	const struct tcp_option_list *list = &p->tcp.options;
	struct mptcp_option o;

	a->packet = p;
	a->ssn = ssn;
	a->any = a->capable_mangled = a->has_capable = a->has_join = a->has_dss = false;
	for (size_t i = 0; i < list->count; i++) {
		if (list->item[i].kind != TCP_OPT_MPTCP)
			continue;
		if (mptcp_option_parse(&o, &list->item[i]) == 0) {
			a->any = true;
			note(a, &o);
		} else if (mptcp_subtype_of(&list->item[i]) == MPTCP_CAPABLE) {
			a->capable_mangled = true;
			a->mangled_version = list->item[i].at[2] & 15;
		}
	}
}

/* Of this subflow; in v0 of those with an address, if it says which (RFC 6824 §3.3.8). */
static void take_prio(struct subflow *sf, const struct mptcp_option *o)
{
	struct conn *c = sf->conn;

	if (o->prio.has_id && c->version)
		return;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *one = c->subflow[i];

		if (o->prio.has_id ? one->remote_id != o->prio.address_id : one != sf)
			continue;
		if (one->stage != STAGE_UP || one->backup_asked == o->prio.backup)
			continue;
		one->backup_asked = o->prio.backup;
		endpoint_tell(c, EVENT_BACKUP_CHANGED, one);
	}
	c->pm_due = c->settle_due = true;
}

/* Options beside MP_CAPABLE, MP_JOIN and DSS. */
static void take_control(struct subflow *sf, const struct mptcp_option *o)
{
	struct conn *c = sf->conn;

	switch (o->subtype) {
	case MPTCP_FAIL: fallback_fail(sf, o->fail_dsn); return;
	case MPTCP_ADD_ADDR: addr_announced(sf, &o->add_addr); return;
	case MPTCP_REMOVE_ADDR: addr_removed(sf, o->remove_addr_ids); return;
	case MPTCP_PRIO: take_prio(sf, o); return;
	case MPTCP_FASTCLOSE:
		if (!c->plain && c->has_key && o->fastclose_key == c->local_key)
			close_peer_fast(c, sf);
		return;
	default: return;
	}
}

static void take_controls(struct subflow *sf, const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;
	struct mptcp_option o;

	for (size_t i = 0; i < list->count; i++) {
		int subtype = mptcp_subtype_of(&list->item[i]);

		if (subtype >= 0)
			sf->conn->options_seen |= UINT64_C(1) << subtype;
		if (subtype >= MPTCP_ADD_ADDR && mptcp_option_parse(&o, &list->item[i]) == 0)
			take_control(sf, &o);
	}
}

/* A RST that the TCP found valid. Only the right key makes it more than this subflow's end. */
static bool take_rst(struct subflow *sf, const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;
	struct conn *c = sf->conn;
	struct mptcp_option o;

	for (size_t i = 0; i < list->count; i++) {
		if (list->item[i].kind != TCP_OPT_MPTCP || mptcp_option_parse(&o, &list->item[i]))
			continue;
		c->options_seen |= UINT64_C(1) << o.subtype;
		sf->peer_failed = sf->peer_failed || o.subtype == MPTCP_FAIL;
		if (o.subtype == MPTCP_TCPRST) {
			sf->close_reason = o.tcprst.reason;
			sf->unwelcome = sf->stage < STAGE_UP && !(o.tcprst.flags & MPTCP_TCPRST_T);
		}
		if (o.subtype == MPTCP_FASTCLOSE && !c->plain && c->has_key &&
		    o.fastclose_key == c->local_key)
			close_peer_fast(c, sf);
	}
	sf->close = c->fastclosed ? SUBFLOW_FASTCLOSE : SUBFLOW_RST;
	return true;
}

static bool take_syn(struct subflow *sf, const struct arrived *a)
{
	for (size_t i = 0; i < a->packet->tcp.options.count; i++) {
		int subtype = mptcp_subtype_of(&a->packet->tcp.options.item[i]);

		if (subtype >= 0)
			sf->conn->options_seen |= UINT64_C(1) << subtype;
	}
	if (!sf->client || sf->stage != STAGE_SYN)
		return true;
	return sf->initial ? subflow_syn_ack(sf, a) : join_syn_ack(sf, a);
}

/* The first data of a v1 client maps itself (RFC 8684 §3.1). */
static void take_capable_data(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	struct mptcp_dss dss = {.flags = MPTCP_DSS_DSN | MPTCP_DSS_DSN8,
				.has_checksum = a->capable.has_checksum,
				.dsn = c->rx.first,
				.ssn = 1,
				.data_len = a->capable.data_len,
				.checksum = a->capable.checksum};
	struct arrived as_dss = *a;

	if (!sf->initial || sf->client || !a->capable.has_data_len || !a->capable.data_len ||
	    a->capable.sender_key != c->remote_key)
		return;
	as_dss.dss = dss;
	dss_take(sf, &as_dss);
}

/* A FIN without any option, once there were some, while the streams are not over: to the peer it
 * may mean the end of the stream, and our own FIN would to it. */
static void check_fin(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;

	if (a->packet->tcp.flags & TCP_FIN && c->dss_heard && !(c->tx.fin_acked && c->rx.fin_taken))
		subflow_reset(sf, 6);
}

static void take_established(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;

	sf->bare = !a->any;
	if (!sf->plain && !c->plain && a->has_capable)
		take_capable_data(sf, a);
	if (a->has_dss && (!c->plain || sf->failing || (a->dss.flags & MPTCP_DSS_DSN)))
		dss_take(sf, a);
	else if (!a->any && !c->plain && !fallback_unacked(sf, a))
		check_fin(sf, a);
	if (a->has_join && a->join.len == 24 && !sf->client)
		tcp_ack_now(&sf->tcp); /* the fourth ACK was lost */
	if (a->any && !sf->plain)
		take_controls(sf, a->packet);
}

/* Does the third ACK acknowledge our SYN? The TCP has not looked at it yet. */
static bool acks_syn(const struct subflow *sf, const struct packet *p)
{
	return (p->tcp.flags & TCP_ACK) && p->tcp.ack == sf->tcp.iss + 1;
}

bool subflow_segment(struct tcp *t, const struct packet *p, uint32_t ssn)
{
	struct subflow *sf = subflow_of(t);
	struct arrived a;

	if (sf->reset_wanted)
		return false;
	if (p->tcp.flags & TCP_RST)
		return take_rst(sf, p);
	sf->asked = 0;
	sf->heard = true;
	arrived_parse(&a, p, ssn);
	if (p->tcp.flags & TCP_SYN)
		return take_syn(sf, &a);
	if (sf->stage == STAGE_SYN && !sf->client && acks_syn(sf, p) &&
	    !(sf->initial ? subflow_third_ack(sf, &a) : join_third_ack(sf, &a)))
		return false;
	if (sf->stage == STAGE_PRE)
		join_answered(sf);
	if (sf->stage == STAGE_UP)
		sf->conn->heard_ns = sf->conn->now_ns;
	take_established(sf, &a);
	return !sf->reset_wanted;
}
