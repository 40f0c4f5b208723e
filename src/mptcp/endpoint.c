#include "mptcp/endpoint.h"

#include <stdlib.h>

#include "mptcp/endpoint_state.h"

#define MEMORY_MAX ((size_t)1 << 30)

struct endpoint *endpoint_new(const struct endpoint_config *config, struct error *err)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e) {
		error_set(err, ERR_NOMEM, "endpoint: out of memory");
		return NULL;
	}
	e->config = *config;
	if (!e->config.memory_max)
		e->config.memory_max = MEMORY_MAX;
	if (!e->config.port_first)
		e->config.port_first = 32768;
	if (!e->config.port_last || e->config.port_last < e->config.port_first)
		e->config.port_last = e->config.port_first <= 60999 ? 60999 : e->config.port_first;
	secret_init(e);
	return e;
}

void endpoint_free(struct endpoint *e)
{
	struct listener *l;

	if (!e)
		return;
	while (e->newest)
		endpoint_forget(e, e->newest);
	while ((l = e->listeners)) {
		e->listeners = l->next;
		free(l);
	}
	free(e->heap.at);
	free(e->events.at);
	free(e);
}

void endpoint_account(struct endpoint *e, size_t more, size_t less)
{
	e->memory += more;
	e->memory -= less;
}

size_t endpoint_memory_left(const struct endpoint *e)
{
	return e->memory < e->config.memory_max ? e->config.memory_max - e->memory : 0;
}

void endpoint_ready(struct endpoint *e, struct conn *c)
{
	if (c->is_ready)
		return;
	c->is_ready = true;
	c->ready_next = NULL;
	if (e->ready_last)
		e->ready_last->ready_next = c;
	else
		e->ready_first = c;
	e->ready_last = c;
}

static struct conn *take_ready(struct endpoint *e)
{
	struct conn *c = e->ready_first;

	e->ready_first = c->ready_next;
	if (!e->ready_first)
		e->ready_last = NULL;
	c->is_ready = false;
	return c;
}

void endpoint_adopt(struct endpoint *e, struct conn *c)
{
	c->older = e->newest;
	if (e->newest)
		e->newest->newer = c;
	e->newest = c;
	endpoint_ready(e, c);
}

static void drop_events(struct endpoint *e, const struct conn *c)
{
	struct event_ring *r = &e->events;

	for (uint32_t i = r->head; i != r->tail; i++)
		if (r->at[i & (r->size - 1)].conn == c)
			r->at[i & (r->size - 1)].conn = NULL;
}

static void drop_ready(struct endpoint *e, const struct conn *c)
{
	struct conn **at = &e->ready_first, *before = NULL;

	for (; *at && *at != c; at = &(*at)->ready_next)
		before = *at;
	if (!*at)
		return;
	*at = c->ready_next;
	if (e->ready_last == c)
		e->ready_last = before;
}

void endpoint_forget(struct endpoint *e, struct conn *c)
{
	if (c->is_ready)
		drop_ready(e, c);
	endpoint_accepted(c);
	drop_events(e, c);
	heap_remove(e, c);
	if (c->older)
		c->older->newer = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		e->newest = c->older;
	conn_free(c);
}

int endpoint_check(const struct conn_config *config, struct error *err)
{
	if (config->pm && !pm_find(config->pm))
		return error_set(err, ERR_USAGE, "no path manager is called '%s'", config->pm);
	if (config->scheduler && !sched_find(config->scheduler))
		return error_set(err, ERR_USAGE, "no scheduler is called '%s'", config->scheduler);
	if (config->cc && !cc_find(config->cc))
		return error_set(err, ERR_USAGE, "no congestion control is called '%s'",
				 config->cc);
	if (config->version > 1 && config->version != 255)
		return error_set(err, ERR_USAGE, "MPTCP version %u: 0 or 1", config->version);
	return 0;
}

struct conn *endpoint_connect(struct endpoint *e, const struct ip_addr *remote, uint16_t port,
			      const struct conn_config *config, int64_t now_ns, struct error *err)
{
	struct conn *c;
	int failed;

	if (endpoint_check(config, err))
		return NULL;
	if (!config->local_count || config->local[0].addr.family != remote->family) {
		error_set(err, ERR_ROUTE, "no local address of the target's family");
		return NULL;
	}
	c = endpoint_memory_left(e) > sizeof(*c) ? conn_new(e, config, true) : NULL;
	failed = c ? conn_open(c, remote, port, now_ns) : ERR_NOMEM;
	if (failed) {
		error_set(err, failed, "connect: %s",
			  failed == ERR_NOMEM ? "out of memory" : "no free port or token");
		if (c)
			conn_free(c);
		return NULL;
	}
	endpoint_adopt(e, c);
	return c;
}

void endpoint_release(struct endpoint *e, struct conn *c, int64_t now_ns)
{
	if (c->state != CONN_CLOSED)
		conn_fastclose(c, now_ns);
	c->released = true;
	drop_events(e, c);
	endpoint_ready(e, c);
}

static bool send_reply(struct endpoint *e, struct span *packet)
{
	struct reply *r = &e->reply[e->reply_head];

	if (!e->reply_count)
		return false;
	*packet = span_of(r->octets, r->len);
	e->reply_head = (e->reply_head + 1) % (sizeof(e->reply) / sizeof(e->reply[0]));
	e->reply_count--;
	return true;
}

static void wake(struct endpoint *e, int64_t now_ns)
{
	struct conn *c;

	while ((c = heap_first(e)) && c->heap_ns <= now_ns) {
		heap_remove(e, c);
		endpoint_ready(e, c);
	}
}

/* A connection stays first in line until it has nothing left to send now. */
bool endpoint_send(struct endpoint *e, int64_t now_ns, struct span *packet)
{
	size_t len;

	if (send_reply(e, packet))
		return true;
	wake(e, now_ns);
	while (e->ready_first) {
		struct conn *c = e->ready_first;

		if (conn_output(c, now_ns, e->out, sizeof(e->out), &len)) {
			*packet = span_of(e->out, len);
			return true;
		}
		take_ready(e);
		if (conn_finished(c))
			endpoint_forget(e, c);
		else
			heap_set(e, c, conn_expiry_ns(c));
	}
	return false;
}

/* A connection that waits to be asked has something to say at once. */
int64_t endpoint_expiry_ns(const struct endpoint *e)
{
	const struct conn *first = heap_first(e);

	if (e->reply_count || e->ready_first)
		return 0;
	return first ? first->heap_ns : TIME_NEVER;
}
