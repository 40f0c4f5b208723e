#include <stdlib.h>

#include "mptcp/endpoint_state.h"

#define ADDRESS_EVENTS_MAX 64 /* a connection, unread: a peer may say as much as it likes */

const char *endpoint_event_name(enum endpoint_event_kind kind)
{
	static const char *const names[] = {
	    [EVENT_ACCEPTED] = "accepted",
	    [EVENT_ESTABLISHED] = "established",
	    [EVENT_FALLBACK] = "fallback",
	    [EVENT_SUBFLOW_OPENED] = "subflow-opened",
	    [EVENT_SUBFLOW_CLOSED] = "subflow-closed",
	    [EVENT_ADDRESS_ANNOUNCED] = "address-announced",
	    [EVENT_ADDRESS_REMOVED] = "address-removed",
	    [EVENT_BACKUP_CHANGED] = "backup-changed",
	    [EVENT_CHECKSUM_FAILED] = "checksum-failed",
	    [EVENT_READABLE] = "readable",
	    [EVENT_WRITABLE] = "writable",
	    [EVENT_CLOSED] = "closed",
	};

	return names[kind];
}

static bool grow(struct event_ring *r)
{
	uint32_t size = r->size ? r->size * 2 : 16;
	struct endpoint_event *at;

	if (r->tail - r->head < r->size)
		return true;
	if (size > EVENTS_MAX)
		return false;
	at = malloc(size * sizeof(*at));
	if (!at)
		return false;
	for (uint32_t i = r->head; i != r->tail; i++)
		at[i & (size - 1)] = r->at[i & (r->size - 1)];
	free(r->at);
	r->at = at;
	r->size = size;
	return true;
}

static void add(struct conn *c, struct endpoint_event *event)
{
	struct event_ring *r = &c->endpoint->events;

	if (c->released || !grow(r))
		return;
	event->conn = c;
	event->time_ns = c->now_ns;
	r->at[r->tail++ & (r->size - 1)] = *event;
}

static bool limited(struct conn *c, enum endpoint_event_kind kind)
{
	if (kind < EVENT_SUBFLOW_OPENED || kind > EVENT_CHECKSUM_FAILED)
		return false;
	if (c->address_events == ADDRESS_EVENTS_MAX)
		return true;
	c->address_events++;
	return false;
}

void endpoint_tell(struct conn *c, enum endpoint_event_kind kind, const struct subflow *sf)
{
	struct endpoint_event event = {.kind = kind, .listener = c->listener};

	if (limited(c, kind))
		return;
	if (sf) {
		event.subflow = sf->id;
		event.address_id = sf->remote_id;
		event.addr = sf->tuple.remote;
		event.port = sf->tuple.remote_port;
		event.backup = subflow_is_backup(sf);
	}
	add(c, &event);
}

void endpoint_tell_addr(struct conn *c, enum endpoint_event_kind kind, const struct pm_addr *addr,
			const struct subflow *sf)
{
	struct endpoint_event event = {.kind = kind,
				       .subflow = sf ? sf->id : 0,
				       .address_id = addr->id,
				       .addr = addr->addr,
				       .port = addr->port};

	if (!limited(c, kind))
		add(c, &event);
}

bool endpoint_event(struct endpoint *e, struct endpoint_event *out)
{
	struct event_ring *r = &e->events;

	for (; r->head != r->tail; r->head++) {
		struct endpoint_event *event = &r->at[r->head & (r->size - 1)];
		struct conn *c = event->conn;

		if (!c)
			continue;
		*out = *event;
		r->head++;
		c->told_readable = c->told_readable && out->kind != EVENT_READABLE;
		c->told_writable = c->told_writable && out->kind != EVENT_WRITABLE;
		if (out->kind >= EVENT_SUBFLOW_OPENED && out->kind <= EVENT_CHECKSUM_FAILED)
			c->address_events--;
		return true;
	}
	return false;
}
