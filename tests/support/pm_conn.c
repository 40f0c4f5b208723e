#include "support/pm_conn.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

struct pm_addr pm_conn_addr(const char *text, uint8_t id)
{
	struct pm_addr a = {.id = id};

	assert_true(ip_addr_parse(&a.addr, text));
	return a;
}

struct pm_addr *pm_conn_local(struct pm_conn *c, const char *text)
{
	struct pm_addr *a = &c->view.local[c->view.local_count];

	*a = pm_conn_addr(text, (uint8_t)c->view.local_count++);
	return a;
}

struct pm_addr *pm_conn_remote(struct pm_conn *c, const char *text, uint8_t id)
{
	struct pm_addr *a = &c->view.remote[c->view.remote_count++];

	*a = pm_conn_addr(text, id);
	return a;
}

struct pm_subflow *pm_conn_subflow(struct pm_conn *c, const struct pm_addr *local,
				   const struct pm_addr *remote)
{
	struct pm_subflow *s = &c->subflow[c->view.subflow_count];

	*s = (struct pm_subflow){
	    .id = (uint8_t)c->view.subflow_count++,
	    .local_id = local->id,
	    .remote_id = remote->id,
	    .local = local->addr,
	    .remote = remote->addr,
	    .local_port = (uint16_t)(40000 + c->view.subflow_count),
	    .remote_port = remote->port ? remote->port : 443,
	    .alive = true,
	};
	return s;
}

void pm_conn_start(struct pm_conn *c, bool client, const char *local, const char *remote)
{
	memset(c, 0, sizeof(*c));
	c->view = (struct pm_view){
	    .client = client,
	    .established = true,
	    .limits = {.subflows = 4, .add_addr_accepted = 8},
	    .subflow = c->subflow,
	    .ndiffports = 2,
	};
	pm_conn_local(c, local)->known = true;
	pm_conn_remote(c, remote, 0)->port = 443;
	pm_conn_subflow(c, c->view.local, c->view.remote)->initial = true;
}

static unsigned failed(const void *context, uint8_t local_id, uint8_t remote_id)
{
	return ((const struct pm_conn *)context)->failed[local_id][remote_id];
}

static struct pm_addr *by_id(struct pm_addr *addr, size_t count, uint8_t id)
{
	for (size_t i = 0; i < count; i++)
		if (addr[i].id == id)
			return &addr[i];
	fail_msg("no address with id %u", id);
	return NULL;
}

static struct pm_subflow *by_number(struct pm_conn *c, uint8_t id)
{
	assert_true(id < c->view.subflow_count);
	assert_true(c->subflow[id].alive);
	return &c->subflow[id];
}

__attribute__((format(printf, 2, 3))) static void put(struct pm_conn *c, const char *format, ...)
{
	size_t len = strlen(c->log);
	va_list args;

	va_start(args, format);
	vsnprintf(c->log + len, sizeof(c->log) - len, format, args);
	va_end(args);
}

static void note(struct pm_conn *c, const char *what, unsigned id)
{
	put(c, "%s%s %u", c->log[0] ? ", " : "", what, id);
}

static void note_open(struct pm_conn *c, const struct pm_action *a)
{
	note(c, "open", a->local_id);
	put(c, "-%u", a->remote_id);
	if (a->remote_port && a->remote_port != 443)
		put(c, ":%u", a->remote_port);
	if (a->backup)
		put(c, " backup");
}

static void do_open(struct pm_conn *c, const struct pm_action *a)
{
	struct pm_addr *local = by_id(c->view.local, c->view.local_count, a->local_id);
	struct pm_subflow *opened;

	note_open(c, a);
	assert_true(c->view.established);
	assert_true(c->view.client || c->view.limits.server_opens);
	if (c->opens_fail) {
		c->failed[a->local_id][a->remote_id]++;
		return;
	}
	assert_true(c->view.subflow_count < PM_CONN_SUBFLOWS_MAX);
	opened =
	    pm_conn_subflow(c, local, by_id(c->view.remote, c->view.remote_count, a->remote_id));
	opened->backup = a->backup;
	opened->remote_port = a->remote_port;
	local->known = true;
}

static void carry_out(struct pm_conn *c, const struct pm_action *a)
{
	struct pm_addr *local;

	switch (a->kind) {
	case PM_NOTHING: break;
	case PM_OPEN: do_open(c, a); break;
	case PM_ANNOUNCE:
		note(c, "announce", a->local_id);
		local = by_id(c->view.local, c->view.local_count, a->local_id);
		local->known = local->announced = true;
		break;
	case PM_WITHDRAW:
		note(c, "withdraw", a->local_id);
		local = by_id(c->view.local, c->view.local_count, a->local_id);
		local->known = local->announced = false;
		break;
	case PM_CLOSE:
		note(c, "close", a->subflow);
		by_number(c, a->subflow)->alive = false;
		break;
	case PM_BACKUP:
		note(c, "backup", a->subflow);
		by_number(c, a->subflow)->backup = a->backup;
		break;
	}
}

/* Everything that it wishes, in order. */
const char *pm_conn_wishes(struct pm_conn *c, const char *pm)
{
	struct pm_action a;

	c->log[0] = '\0';
	for (c->actions = 0;; c->actions++) {
		a = pm_find(pm)->next(&c->view, failed, c);
		if (a.kind == PM_NOTHING)
			return c->log;
		if (c->actions == 1000)
			fail_msg("%s does not end: %s", pm, c->log);
		carry_out(c, &a);
	}
}
