/* Listeners: who may connect, and how many at a time may be half open. */
#include <stdlib.h>

#include "mptcp/endpoint_state.h"

#define BACKLOG 128

struct listener *endpoint_listen(struct endpoint *e, const struct listener_config *config,
				 struct error *err)
{
	struct listener *l;

	if (endpoint_check(&config->conn, err))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l) {
		error_set(err, ERR_NOMEM, "listener: out of memory");
		return NULL;
	}
	l->config = *config;
	l->cookies_until_ns = INT64_MIN;
	if (!l->config.backlog)
		l->config.backlog = BACKLOG;
	l->next = e->listeners;
	e->listeners = l;
	return l;
}

struct listener *listener_find(struct endpoint *e, const struct ip_addr *addr, uint16_t port)
{
	struct listener *any = NULL;

	for (struct listener *l = e->listeners; l; l = l->next) {
		if (l->config.port != port)
			continue;
		if (ip_addr_equal(&l->config.addr, addr))
			return l;
		if (!l->config.addr.family)
			any = l;
	}
	return any;
}

/* Half of the backlog may be spent on SYNs; beyond it they leave no trace but a cookie. */
static bool wants_cookie(const struct endpoint *e, const struct listener *l)
{
	return l->config.always_cookies || l->half_open >= (l->config.backlog + 1) / 2 ||
	       endpoint_memory_left(e) < 64 * 1024;
}

void listener_syn(struct endpoint *e, struct listener *l, const struct packet *syn, int64_t now_ns)
{
	struct conn *c;

	if (wants_cookie(e, l)) {
		cookie_syn_ack(e, l, syn, now_ns);
		return;
	}
	c = conn_new(e, &l->config.conn, false);
	if (!c)
		return;
	if (conn_accept(c, syn, now_ns)) {
		conn_free(c);
		return;
	}
	c->listener = l;
	c->counted_half_open = true;
	l->half_open++;
	endpoint_adopt(e, c);
}

void endpoint_accepted(struct conn *c)
{
	if (!c->counted_half_open)
		return;
	c->counted_half_open = false;
	if (c->listener)
		c->listener->half_open--;
}
