/* Further subflows: MP_JOIN (RFC 8684 §3.2). */
#include "mptcp/conn_state.h"
#include "mptcp/key.h"

#define JOIN_ACKS_MAX 7
#define JOIN_SYNS_MAX 4 /* repetitions: there are other ways to go */

static void hmac_of(const struct subflow *sf, bool ours, uint8_t out[KEY_HMAC_MAX])
{
	const struct conn *c = sf->conn;

	if (ours)
		key_join_hmac(c->version, c->local_key, c->remote_key, sf->local_nonce,
			      sf->remote_nonce, out);
	else
		key_join_hmac(c->version, c->remote_key, c->local_key, sf->remote_nonce,
			      sf->local_nonce, out);
}

static bool proves(const struct subflow *sf, const struct mptcp_join *join, size_t len)
{
	uint8_t expected[KEY_HMAC_MAX];

	hmac_of(sf, false, expected);
	return join->hmac.len == len && key_equal(expected, join->hmac.at, len);
}

size_t join_options(struct subflow *sf, const struct tcp_segment *s, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_JOIN};
	uint8_t hmac[KEY_HMAC_MAX];
	int len;

	o.join.len = s->syn ? s->ack ? 16 : 12 : 24;
	if (!s->syn && !sf->client)
		return 0;
	o.join.backup = s->syn && sf->backup_set;
	o.join.address_id = s->syn ? sf->local_id : 0;
	o.join.token = sf->conn->remote_token;
	o.join.nonce = sf->local_nonce;
	if (o.join.len > 12) {
		hmac_of(sf, true, hmac);
		o.join.hmac = span_of(hmac, o.join.len == 16 ? 8 : 20);
	}
	len = mptcp_option_build(&o, out, room);
	return len > 0 ? (size_t)len : 0;
}

static struct subflow *new_join(struct conn *c, const struct tuple *t, bool client)
{
	struct subflow *sf = subflow_new(c);

	if (!sf)
		return NULL;
	sf->tuple = *t;
	sf->client = client;
	sf->local_nonce = (uint32_t)endpoint_random(c->endpoint);
	if (endpoint_tuple_add(c->endpoint, sf))
		return sf;
	sf->stage = STAGE_DEAD;
	return NULL;
}

static void join_config(const struct conn *c, const struct tuple *t, struct tcp_config *out)
{
	conn_tcp_config(c, out);
	out->mss = conn_mss(out, t->local.family);
	if (out->syn_retries > JOIN_SYNS_MAX)
		out->syn_retries = JOIN_SYNS_MAX;
	out->local = t->local;
	out->remote = t->remote;
	out->local_port = t->local_port;
	out->remote_port = t->remote_port;
	out->isn = endpoint_isn(c->endpoint, t, c->now_ns);
	out->ts_offset = endpoint_ts_offset(c->endpoint, t);
}

/* A server's peers know it by its port; any other might not even be its own. */
static uint16_t join_from(const struct conn *c, const struct pm_addr *local, const struct tuple *t)
{
	if (local->id && local->port)
		return local->port;
	return c->client ? endpoint_port(c->endpoint, t) : c->local_port;
}

int conn_join(struct conn *c, const struct pm_addr *local, const struct pm_addr *remote,
	      uint16_t port, bool backup)
{
	struct tuple t = {.local = local->addr, .remote = remote->addr, .remote_port = port};
	struct tcp_config config;
	struct subflow *sf;

	t.local_port = join_from(c, local, &t);
	if (!t.local_port || local->addr.family != remote->addr.family)
		return ERR_DEVICE;
	sf = new_join(c, &t, true);
	if (!sf)
		return ERR_NOMEM;
	sf->local_id = local->id;
	sf->remote_id = remote->id;
	sf->backup_set = backup;
	join_config(c, &t, &config);
	tcp_init_active(&sf->tcp, &config, &subflow_ops, c->now_ns);
	conn_touch(c);
	return 0;
}

static unsigned joined(const struct conn *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->subflow_count; i++)
		count += !c->subflow[i]->initial && subflow_alive(c->subflow[i]);
	return count;
}

/* A client is joined only where it said so. */
static bool may_come_to(const struct conn *c, const struct tuple *t)
{
	for (size_t i = 0; i < c->config.local_count; i++) {
		const struct pm_addr *local = &c->config.local[i];
		uint16_t port = local->port ? local->port : c->local_port;

		if (local->announced && !local->gone && port == t->local_port &&
		    ip_addr_equal(&local->addr, &t->local))
			return true;
	}
	return !c->client;
}

/* 1: an error of MPTCP; 0: not yet; 2: no room; 3: not allowed; 6: TCP is what will be left. -1:
 * welcome. */
static int refuse(const struct conn *c, const struct tuple *t)
{
	if (c->plain || c->state == CONN_CLOSED || c->closing_subflows || c->fastclosed)
		return 1;
	if (fallback_pending(c))
		return 6;
	if (c->state == CONN_OPENING || !c->dss_heard)
		return 0;
	return may_come_to(c, t) && joined(c) < c->config.limits.subflows ? -1 : 3;
}

/* The address with this port, or else that with any; NULL: none that was told. */
static const struct pm_addr *local_at(const struct conn *c, const struct ip_addr *addr,
				      uint16_t port)
{
	const struct pm_addr *found = NULL;

	for (size_t i = 0; i < c->config.local_count; i++) {
		const struct pm_addr *one = &c->config.local[i];

		if (!ip_addr_equal(&one->addr, addr))
			continue;
		if (one->port == port)
			return one;
		if (!one->port && !found)
			found = one;
	}
	return found;
}

static void name_ends(struct subflow *sf, const struct pm_addr *local,
		      const struct mptcp_join *join)
{
	sf->local_id = local ? local->id : 0;
	sf->backup_set = local && local->backup; /* the SYN/ACK says so */
	sf->remote_id = join->address_id;
	sf->backup_asked = join->backup;
	sf->remote_nonce = join->nonce;
}

bool conn_join_accept(struct conn *c, const struct packet *syn, const struct mptcp_join *join,
		      int64_t now_ns, uint8_t *refusal)
{
	struct tuple t = {.local = syn->ip.dst,
			  .remote = syn->ip.src,
			  .local_port = syn->tcp.dst_port,
			  .remote_port = syn->tcp.src_port};
	struct tcp_config config;
	struct subflow *sf;
	int why = refuse(c, &t);

	c->now_ns = now_ns;
	sf = why < 0 ? new_join(c, &t, false) : NULL;
	if (!sf) {
		*refusal = why < 0 ? 2 : (uint8_t)why;
		return false;
	}
	name_ends(sf, local_at(c, &t.local, t.local_port), join);
	c->options_seen |= UINT64_C(1) << MPTCP_JOIN;
	join_config(c, &t, &config);
	tcp_init_passive(&sf->tcp, &config, &subflow_ops, syn, now_ns);
	conn_touch(c);
	return true;
}

/* In both refusals the TCP goes on to be established, for a RST needs its sequence numbers. */
bool join_syn_ack(struct subflow *sf, const struct arrived *a)
{
	if (!(a->packet->tcp.flags & TCP_ACK)) {
		subflow_reset(sf, 1);
		return false;
	}
	sf->remote_nonce = a->join.nonce;
	if (!a->has_join)
		sf->answer = ANSWER_WITHOUT;
	else if (a->join.len != 16)
		sf->answer = ANSWER_COPIED;
	else if (!proves(sf, &a->join, 8))
		sf->answer = ANSWER_FOREIGN;
	if (sf->answer != ANSWER_NONE) {
		subflow_reset(sf, 1);
		return true;
	}
	sf->backup_asked = a->join.backup;
	sf->conn->had_join = true;
	sf->stage = STAGE_PRE;
	sf->join_ack_ns = sf->conn->now_ns + NS_PER_S;
	return true;
}

bool join_third_ack(struct subflow *sf, const struct arrived *a)
{
	if (a->has_join && a->join.len == 24 && proves(sf, &a->join, 20))
		return true;
	subflow_reset(sf, a->has_join ? 1 : 6);
	return false;
}

void join_answered(struct subflow *sf)
{
	sf->join_ack_ns = TIME_NEVER;
	subflow_up(sf);
}

/* The third ACK went unanswered: no data may be sent before it is (RFC 8684 §3.2). */
void join_timer(struct subflow *sf)
{
	struct conn *c = sf->conn;

	if (sf->stage != STAGE_PRE || c->now_ns < sf->join_ack_ns)
		return;
	if (++sf->join_acks > JOIN_ACKS_MAX) {
		sf->join_ack_ns = TIME_NEVER;
		subflow_reset(sf, 6);
		return;
	}
	sf->join_ack_ns = c->now_ns + (sf->tcp.rto_ns << sf->join_acks);
	tcp_ack_now(&sf->tcp);
}
