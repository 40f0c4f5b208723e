/* ADD_ADDR and REMOVE_ADDR (RFC 8684 §3.4), in both directions. */
#include <string.h>

#include "mptcp/conn_state.h"
#include "mptcp/key.h"
#include "mptcp/pm_scope.h"

#define ANNOUNCE_MAX 8
#define ECHO_MAX     4
#define ASK_MAX	     3

static int64_t interval_ns(const struct conn *c)
{
	const struct subflow *sf = conn_any_usable(c);

	if (c->config.add_addr_timeout_ns)
		return c->config.add_addr_timeout_ns;
	return sf ? 3 * sf->tcp.rto_ns : 3 * NS_PER_S;
}

/* With timestamps there may be no room for a DATA_ACK beside it. */
static bool is_large(const struct pm_addr *addr)
{
	return addr->addr.family == 6 || addr->port;
}

/* The next announcement; local_count: none. */
static size_t next_due(const struct conn *c)
{
	size_t i = 0;

	while (i < c->config.local_count && !(c->announce[i].wanted && c->announce[i].due))
		i++;
	return i;
}

bool addr_may_go(const struct conn *c)
{
	return c->ack_told || c->rx.next == c->rx.first;
}

void addr_ask(struct subflow *sf)
{
	const struct conn *c = sf->conn;
	size_t next = next_due(c);
	bool goes =
	    !c->echo_count && !c->withdraw_count && next < c->config.local_count && addr_may_go(c);

	if (goes && is_large(&c->config.local[next]) && sf->tcp.timestamps_on)
		tcp_ack_bare(&sf->tcp);
	else
		tcp_ack_alone(&sf->tcp);
}

static void ask_ack(struct conn *c)
{
	struct subflow *sf = conn_any_usable(c);

	if (!sf)
		return;
	addr_ask(sf);
	conn_touch(c);
}

static void announce_at(struct conn *c, size_t i)
{
	c->announce[i].due = true;
	c->timer[TIMER_ANNOUNCE] = c->now_ns + interval_ns(c);
	ask_ack(c);
}

void conn_announce(struct conn *c, uint8_t id)
{
	for (size_t i = 0; i < c->config.local_count; i++) {
		if (c->config.local[i].id != id || c->announce[i].wanted)
			continue;
		c->announce[i] = (struct announcement){.wanted = true};
		announce_at(c, i);
	}
}

void addr_timer(struct conn *c)
{
	unsigned max = c->version == 0 ? 2 : ANNOUNCE_MAX; /* v0 knows no echo */

	for (size_t i = 0; i < c->config.local_count; i++) {
		if (!c->announce[i].wanted)
			continue;
		if (c->announce[i].sent >= max)
			c->announce[i].wanted = false;
		else
			announce_at(c, i);
	}
}

void conn_withdraw(struct conn *c, uint8_t id)
{
	/* Twice: nothing acknowledges it (RFC 8041 §2.2). */
	for (unsigned i = 0; i < 2 && c->withdraw_count < PM_ADDRS_MAX; i++)
		c->withdraw[c->withdraw_count++] = id;
	ask_ack(c);
}

bool addr_options_due(const struct conn *c)
{
	return c->echo_count || c->withdraw_count || next_due(c) < c->config.local_count;
}

static size_t build(const struct mptcp_option *o, uint8_t *out, size_t room)
{
	int len = mptcp_option_build(o, out, room);

	return len > 0 ? (size_t)len : 0;
}

static size_t put_echo(struct conn *c, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_ADD_ADDR, .add_addr = c->echo[0]};
	size_t len = build(&o, out, room);

	if (len)
		memmove(c->echo, c->echo + 1, --c->echo_count * sizeof(c->echo[0]));
	return len;
}

static size_t put_withdraw(struct conn *c, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_REMOVE_ADDR};
	size_t len;

	o.remove_addr_ids = span_of(c->withdraw, 1);
	len = build(&o, out, room);
	if (len)
		memmove(c->withdraw, c->withdraw + 1, --c->withdraw_count);
	return len;
}

static size_t put_announce(struct conn *c, size_t i, uint8_t *out, size_t room)
{
	const struct pm_addr *addr = &c->config.local[i];
	struct mptcp_option o = {.subtype = MPTCP_ADD_ADDR};
	uint8_t hmac[8];
	size_t len;

	o.add_addr.v0 = c->version == 0;
	o.add_addr.address_id = addr->id;
	o.add_addr.addr = addr->addr;
	o.add_addr.has_port = addr->port != 0;
	o.add_addr.port = addr->port;
	if (c->version == 1) {
		key_add_addr_hmac(c->local_key, c->remote_key, addr->id, &addr->addr, addr->port,
				  hmac);
		o.add_addr.hmac = span_of(hmac, sizeof(hmac));
	}
	len = build(&o, out, room);
	if (len) {
		c->announce[i].due = false;
		c->announce[i].sent++;
	}
	return len;
}

/* An announcement leaves room for a DATA_ACK: taken out on the way, it would else leave an ACK that
 * looks stripped of that. An ACK without timestamps is as large as they come. */
static size_t announce_room(const struct conn *c, size_t room)
{
	size_t ack = c->rx.ack8 ? 12 : 8;

	if (room == TCP_OPTIONS_MAX)
		return room;
	return room > ack ? room - ack : 0;
}

size_t addr_options(struct conn *c, uint8_t *out, size_t room)
{
	size_t next;

	if (c->echo_count)
		return put_echo(c, out, room);
	if (c->withdraw_count)
		return put_withdraw(c, out, room);
	next = next_due(c);
	return next < c->config.local_count ? put_announce(c, next, out, announce_room(c, room))
					    : 0;
}

static void take_echo(struct conn *c, const struct mptcp_add_addr *add)
{
	for (size_t i = 0; i < c->config.local_count; i++) {
		const struct pm_addr *local = &c->config.local[i];

		if (local->id == add->address_id && ip_addr_equal(&local->addr, &add->addr) &&
		    local->port == add->port)
			c->announce[i].wanted = false;
	}
}

static bool is_genuine(const struct conn *c, const struct mptcp_add_addr *add)
{
	uint8_t hmac[8];

	if (add->v0 != (c->version == 0))
		return false;
	if (c->version == 0)
		return true;
	key_add_addr_hmac(c->remote_key, c->local_key, add->address_id, &add->addr,
			  add->has_port ? add->port : 0, hmac);
	return add->hmac.len == sizeof(hmac) && key_equal(hmac, add->hmac.at, sizeof(hmac));
}

static void queue_echo(struct conn *c, const struct mptcp_add_addr *add)
{
	if (c->version == 0 || c->echo_count == ECHO_MAX)
		return;
	c->echo[c->echo_count] = *add;
	c->echo[c->echo_count].echo = true;
	c->echo[c->echo_count++].hmac = (struct span){0};
	ask_ack(c);
}

struct pm_addr *conn_remote_addr(struct conn *c, uint8_t id)
{
	for (size_t i = 0; i < c->remote_count; i++)
		if (c->remotes[i].id == id)
			return &c->remotes[i];
	return NULL;
}

/* An address is of use only if it can be reached from where the peer's first one can: a private
 * address that a public host announces belongs to a network behind it. */
static bool is_usable(const struct conn *c, const struct ip_addr *addr)
{
	enum pm_scope scope = pm_scope(addr);

	return scope != SCOPE_NOBODY && scope >= pm_scope(&c->remote);
}

/* A number that is in use for another address is not believed; one that was removed may return. */
static bool store(struct conn *c, const struct pm_addr *one)
{
	struct pm_addr *known = conn_remote_addr(c, one->id);

	if (!one->id || (known && !known->gone) || !is_usable(c, &one->addr))
		return false;
	if (!known && (c->remote_count == PM_ADDRS_MAX ||
		       c->remote_count > c->config.limits.add_addr_accepted))
		return false;
	if (!known)
		known = &c->remotes[c->remote_count++];
	*known = *one;
	return true;
}

void addr_announced(struct subflow *sf, const struct mptcp_add_addr *add)
{
	struct conn *c = sf->conn;
	struct pm_addr one = {.addr = add->addr, .id = add->address_id};

	if (c->plain || !c->remote_known)
		return;
	if (add->echo) {
		take_echo(c, add);
		return;
	}
	if (!is_genuine(c, add))
		return;
	queue_echo(c, add);
	one.port = add->has_port ? add->port : 0;
	if (!store(c, &one))
		return;
	endpoint_tell_addr(c, EVENT_ADDRESS_ANNOUNCED, &one, sf);
	c->pm_due = c->settle_due = true;
}

/* RFC 8684 §3.4.2: what the peer takes back may be in use all the same, or somebody else may have
 * said so. "The receipt of REMOVE_ADDR SHOULD first trigger the sending of a TCP keepalive on the
 * path, and if a response is received, the path SHOULD NOT be removed." */
static void ask(struct subflow *sf)
{
	int64_t due = sf->conn->now_ns + sf->tcp.rto_ns;

	sf->asked++;
	tcp_probe(&sf->tcp);
	if (sf->conn->timer[TIMER_ASK] == TIME_NEVER || sf->conn->timer[TIMER_ASK] < due)
		sf->conn->timer[TIMER_ASK] = due;
	conn_touch(sf->conn);
}

void addr_ask_timer(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (!sf->asked || !subflow_alive(sf))
			continue;
		if (sf->asked < ASK_MAX)
			ask(sf);
		else
			subflow_reset(sf, 0);
	}
}

static const struct subflow *ask_all(struct conn *c, uint8_t remote_id)
{
	const struct subflow *any = NULL;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf->remote_id != remote_id || !subflow_alive(sf))
			continue;
		any = sf;
		if (sf->stage == STAGE_UP && !sf->asked)
			ask(sf);
	}
	return any;
}

/* No subflow is opened to it any more. The peer may have told of it by a MP_JOIN alone. */
void addr_removed(struct subflow *sf, struct span ids)
{
	struct conn *c = sf->conn;

	if (c->plain || !c->remote_known)
		return;
	for (size_t i = 0; i < ids.len; i++) {
		struct pm_addr *a = conn_remote_addr(c, ids.at[i]), implied = {.id = ids.at[i]};
		const struct subflow *user = a && a->gone ? NULL : ask_all(c, ids.at[i]);

		if (!a && user) {
			implied.addr = user->tuple.remote;
			a = &implied;
		}
		if (!a || a->gone)
			continue;
		a->gone = true;
		endpoint_tell_addr(c, EVENT_ADDRESS_REMOVED, a, sf);
	}
	c->pm_due = c->settle_due = true;
}
