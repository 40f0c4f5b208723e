/* The beginning of a connection: actively, from a SYN, from a cookie. */
#include <stdlib.h>

#include "mptcp/conn_state.h"
#include "mptcp/key.h"

static uint8_t scale_for(size_t buffer)
{
	uint8_t scale = 0;

	while (scale < 14 && ((size_t)65535 << scale) < buffer)
		scale++;
	return scale;
}

struct conn *conn_new(struct endpoint *e, const struct conn_config *config, bool client)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	endpoint_account(e, sizeof(*c), 0);
	c->endpoint = e;
	c->config = *config;
	c->client = client;
	c->version = config->version;
	c->checksum = config->checksum;
	c->pm = config->pm ? pm_find(config->pm) : pm_list()[0];
	c->sched = config->scheduler ? sched_find(config->scheduler) : sched_list()[0];
	c->config.tcp.cc = config->cc ? cc_find(config->cc) : cc_list()[0];
	c->config.tcp.wscale = scale_for(config->receive_buffer);
	for (unsigned i = 0; i < CONN_TIMERS; i++)
		c->timer[i] = TIME_NEVER;
	c->tx.first = c->tx.una = c->tx.next = c->tx.end = c->tx.edge = 1;
	c->tx.burst = 1;
	for (size_t i = 0; i < c->config.local_count; i++)
		c->config.local[i].gone = c->config.local[i].known = c->config.local[i].announced =
		    false;
	return c;
}

void conn_free(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		subflow_free(c->subflow[i]);
	if (c->has_key)
		endpoint_token_remove(c->endpoint, c);
	endpoint_account(c->endpoint, 0, sizeof(*c) + c->tx.memory + c->rx.size);
	tx_fini(&c->tx);
	rx_fini(&c->rx);
	free(c);
}

static uint64_t idsn(const struct conn *c, uint64_t key)
{
	return c->config.idsn ? c->config.idsn : key_idsn(c->version, key);
}

bool conn_take_key(struct conn *c, uint64_t key)
{
	uint64_t first = idsn(c, key) + 1;

	c->local_key = key;
	c->local_token = key_token(c->version, key);
	if (!key || !endpoint_token_add(c->endpoint, c))
		return false;
	c->has_key = true;
	c->tx.first = c->tx.una = c->tx.next = c->tx.end = c->tx.edge = first;
	c->tx.opportunistic = c->tx.recover = c->tx.pace.from = first;
	return true;
}

/* Tokens are unique in the endpoint: a key whose token is taken is drawn anew. */
bool conn_draw_key(struct conn *c)
{
	for (unsigned i = 0; i < 16; i++)
		if (conn_take_key(c, endpoint_random(c->endpoint)))
			return true;
	return false;
}

void conn_learn_key(struct conn *c, uint64_t key)
{
	if (c->remote_known)
		return;
	c->remote_key = key;
	c->remote_token = key_token(c->version, key);
	c->remote_known = true;
	rx_start(c, idsn(c, key) + 1);
}

/* The template's is for IPv4; the header of IPv6 is 20 octets longer. */
uint16_t conn_mss(const struct tcp_config *config, uint8_t family)
{
	return family == 6 && config->mss > 1240 ? (uint16_t)(config->mss - 20) : config->mss;
}

void conn_tcp_config(const struct conn *c, struct tcp_config *out)
{
	*out = c->config.tcp;
	out->group = (struct cc_group *)&c->group;
}

static void tuple_config(struct conn *c, const struct tuple *t, int64_t now_ns,
			 struct tcp_config *out)
{
	conn_tcp_config(c, out);
	out->mss = conn_mss(out, t->local.family);
	out->local = t->local;
	out->remote = t->remote;
	out->local_port = t->local_port;
	out->remote_port = t->remote_port;
	out->isn = endpoint_isn(c->endpoint, t, now_ns);
	out->ts_offset = endpoint_ts_offset(c->endpoint, t);
}

static struct subflow *first_subflow(struct conn *c, const struct tuple *t)
{
	struct subflow *sf = subflow_new(c);

	if (!sf)
		return NULL;
	sf->initial = true;
	sf->client = c->client;
	sf->tuple = *t;
	c->remote = t->remote;
	c->local_port = t->local_port;
	c->remote_port = t->remote_port;
	c->remote_count = 1;
	c->remotes[0] = (struct pm_addr){.addr = t->remote, .port = t->remote_port};
	if (c->config.version == 255)
		sf->plain = c->plain = true;
	return endpoint_tuple_add(c->endpoint, sf) ? sf : NULL;
}

int conn_open(struct conn *c, const struct ip_addr *remote, uint16_t port, int64_t now_ns)
{
	struct tuple t = {.local = c->config.local[0].addr, .remote = *remote, .remote_port = port};
	struct tcp_config config;
	struct subflow *sf;

	c->now_ns = now_ns;
	t.local_port = c->config.local[0].port;
	if (!t.local_port)
		t.local_port = endpoint_port(c->endpoint, &t);
	if (!t.local_port || (c->config.version != 255 && !conn_draw_key(c)))
		return ERR_DEVICE;
	sf = first_subflow(c, &t);
	if (!sf)
		return ERR_NOMEM;
	tuple_config(c, &t, now_ns, &config);
	tcp_init_active(&sf->tcp, &config, &subflow_ops, now_ns);
	if (c->plain) {
		rx_start(c, 1);
		c->plain_base = c->tx.first - 1;
	}
	return 0;
}

static struct tuple tuple_of(const struct packet *p)
{
	return (struct tuple){.local = p->ip.dst,
			      .remote = p->ip.src,
			      .local_port = p->tcp.dst_port,
			      .remote_port = p->tcp.src_port};
}

/* The one of ours that is this address, with any port; -1: none. */
static int find_local(const struct conn_config *config, const struct ip_addr *addr)
{
	for (size_t i = 0; i < config->local_count; i++)
		if (ip_addr_equal(&config->local[i].addr, addr) && !config->local[i].port)
			return (int)i;
	return -1;
}

static void append_local(struct conn *c, struct pm_addr one)
{
	if (c->config.local_count == PM_ADDRS_MAX)
		return;
	for (one.id = 1; conn_local_addr(c, one.id);)
		one.id++;
	c->config.local[c->config.local_count++] = one;
}

/* The address that the peer came to becomes the first of ours. That which was the first stays
 * another, unless it only stood for any. */
static void set_local(struct conn *c, const struct ip_addr *addr)
{
	struct conn_config *config = &c->config;
	struct pm_addr first = {.addr = *addr}, old = config->local[0];
	int at = find_local(config, addr);

	if (at >= 0)
		first = config->local[at];
	if (at > 0)
		config->local[at] = config->local[--config->local_count];
	if (at && config->local_count && old.addr.family)
		append_local(c, old);
	if (!config->local_count)
		config->local_count = 1;
	first.id = 0;
	config->local[0] = first;
}

int conn_accept(struct conn *c, const struct packet *p, int64_t now_ns)
{
	struct tuple t = tuple_of(p);
	struct tcp_config config;
	struct arrived a;
	struct subflow *sf;

	c->now_ns = now_ns;
	set_local(c, &t.local);
	sf = first_subflow(c, &t);
	if (!sf)
		return ERR_NOMEM;
	arrived_parse(&a, p, 0);
	subflow_take_syn(sf, &a);
	tuple_config(c, &t, now_ns, &config);
	tcp_init_passive(&sf->tcp, &config, &subflow_ops, p, now_ns);
	return 0;
}

int conn_accept_cookie(struct conn *c, const struct packet *ack, const struct tcp_config *cookie,
		       uint16_t peer_mss, uint8_t peer_wscale, bool peer_sack, int64_t now_ns)
{
	struct tuple t = tuple_of(ack);
	struct tcp_config config = *cookie;
	struct arrived a;
	struct subflow *sf;

	c->now_ns = now_ns;
	set_local(c, &t.local);
	sf = first_subflow(c, &t);
	if (!sf)
		return ERR_NOMEM;
	arrived_parse(&a, ack, 0);
	config.group = &c->group;
	config.cc = c->config.tcp.cc;
	tcp_init_cookie(&sf->tcp, &config, &subflow_ops, ack, peer_mss, peer_wscale, peer_sack,
			now_ns);
	subflow_cookie_ack(sf, &a);
	return 0;
}

void conn_opened(struct conn *c)
{
	if (c->told_open)
		return;
	c->told_open = true;
	c->heard_ns = c->now_ns;
	if (c->config.keepalive_ns)
		c->timer[TIMER_KEEPALIVE] = c->now_ns + c->config.keepalive_ns;
	c->config.local[0].known = true;
	c->state = CONN_ESTABLISHED;
	c->outcome = c->plain ? OUTCOME_FALLBACK : OUTCOME_MPTCP;
	endpoint_accepted(c);
	endpoint_tell(c, c->client ? EVENT_ESTABLISHED : EVENT_ACCEPTED, NULL);
	if (c->fallback_stage != FALLBACK_NONE)
		endpoint_tell(c, EVENT_FALLBACK, NULL);
	c->listener = NULL;
	c->settle_due = c->pm_due = true;
}
