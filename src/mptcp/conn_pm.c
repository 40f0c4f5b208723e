/* The path manager's wishes, carried out; and the caller's. */
#include "mptcp/conn_state.h"

#define ROUNDS_MAX 64
#define FORGIVE_NS (60 * NS_PER_S)
#define LASTING_NS (10 * NS_PER_S)
#define CLOSED_MAX 6 /* 64 s */

const struct pm_addr *conn_local_addr(const struct conn *c, uint8_t id)
{
	for (size_t i = 0; i < c->config.local_count; i++)
		if (c->config.local[i].id == id)
			return &c->config.local[i];
	return NULL;
}

static struct failed_pair *failed_pair(const struct conn *c, uint8_t local_id, uint8_t remote_id)
{
	for (unsigned i = 0; i < c->failed_count; i++) {
		const struct failed_pair *f = &c->failed[i];

		if (f->local_id == local_id && f->remote_id == remote_id)
			return (struct failed_pair *)f;
	}
	return NULL;
}

/* One that has to wait is as good as failed. */
static unsigned count_failed(const void *context, uint8_t local_id, uint8_t remote_id)
{
	const struct conn *c = context;
	const struct failed_pair *f = failed_pair(c, local_id, remote_id);

	if (!f)
		return 0;
	return f->wait_ns > c->now_ns ? PM_FAILED_MAX : f->count;
}

/* The place of a pair of which nothing bad is remembered may be used again. */
static struct failed_pair *remember_pair(struct conn *c, uint8_t local_id, uint8_t remote_id)
{
	struct failed_pair *f = failed_pair(c, local_id, remote_id);

	for (unsigned i = 0; i < c->failed_count && !f; i++)
		if (!c->failed[i].count && c->failed[i].wait_ns <= c->now_ns)
			f = &c->failed[i];
	if (!f && c->failed_count < FAILED_PAIRS)
		f = &c->failed[c->failed_count++];
	if (f && (f->local_id != local_id || f->remote_id != remote_id))
		*f = (struct failed_pair){.local_id = local_id, .remote_id = remote_id};
	return f;
}

static void add_failed(struct conn *c, uint8_t local_id, uint8_t remote_id, uint8_t more)
{
	struct failed_pair *f = remember_pair(c, local_id, remote_id);

	if (!f)
		return;
	f->count = (uint8_t)(f->count < UINT8_MAX - more ? f->count + more : UINT8_MAX);
	if (c->timer[TIMER_FORGIVE] == TIME_NEVER)
		c->timer[TIMER_FORGIVE] = c->now_ns + FORGIVE_NS;
}

static void forget_lasting(struct conn *c, const struct subflow *sf)
{
	struct failed_pair *f = failed_pair(c, sf->local_id, sf->remote_id);

	if (f && sf->opened_told && c->now_ns - sf->up_ns > LASTING_NS)
		f->count = f->closed = 0;
}

/* Counts an open that came to nothing, or a subflow that did not last: one that did starts anew.
 * What the peer refused for good is not tried again soon (RFC 8684 §3.6). */
void pm_failed(struct conn *c, const struct subflow *sf)
{
	forget_lasting(c, sf);
	add_failed(c, sf->local_id, sf->remote_id, sf->unwelcome ? PM_FAILED_MAX : 1);
}

/* Data of the stream went over it, either way. */
static bool was_of_use(const struct subflow *sf)
{
	return sf->mapped || tcp_acked_ssn(&sf->tcp) > 1;
}

static void arm_retry(struct conn *c)
{
	int64_t next = TIME_NEVER;

	for (unsigned i = 0; i < c->failed_count; i++)
		if (c->failed[i].wait_ns > c->now_ns && c->failed[i].wait_ns < next)
			next = c->failed[i].wait_ns;
	c->timer[TIMER_RETRY] = next;
}

/* A peer that ends a subflow with a FIN may do so with each that follows: longer and longer is
 * waited before one does, and if nothing came of it, it has failed. */
void pm_closed_by_peer(struct conn *c, const struct subflow *sf)
{
	struct failed_pair *f;

	forget_lasting(c, sf);
	if (!was_of_use(sf))
		add_failed(c, sf->local_id, sf->remote_id, 1);
	f = remember_pair(c, sf->local_id, sf->remote_id);
	if (!f)
		return;
	f->wait_ns = c->now_ns + (NS_PER_S << f->closed);
	f->closed += f->closed < CLOSED_MAX;
	arm_retry(c);
}

void pm_retry(struct conn *c)
{
	arm_retry(c);
	c->pm_due = true;
}

/* A path that was dead may have come back. */
void pm_forgive(struct conn *c)
{
	bool any = false;

	for (unsigned i = 0; i < c->failed_count; i++) {
		c->failed[i].count -= c->failed[i].count > 0;
		any = any || c->failed[i].count;
	}
	if (any)
		c->timer[TIMER_FORGIVE] = c->now_ns + FORGIVE_NS;
	c->pm_due = true;
}

static bool all_hang(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (subflow_alive(c->subflow[i]) && !subflow_hangs(c->subflow[i]))
			return false;
	return true;
}

/* If all that there is hangs, the path manager may look for something else. */
static void view_subflows(const struct conn *c, struct pm_subflow *out)
{
	bool hang = all_hang(c);

	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];

		out[i] = (struct pm_subflow){.id = sf->id,
					     .local_id = sf->local_id,
					     .remote_id = sf->remote_id,
					     .local = sf->tuple.local,
					     .remote = sf->tuple.remote,
					     .local_port = sf->tuple.local_port,
					     .remote_port = sf->tuple.remote_port,
					     .backup = sf->backup_set,
					     .initial = sf->initial,
					     .alive = subflow_alive(sf) && !hang,
					     .ours = sf->client,
					     .up = subflow_usable(sf) && !sf->stale};
	}
}

static void view_init(const struct conn *c, struct pm_view *v, const struct pm_subflow *subflow)
{
	*v = (struct pm_view){.client = c->client,
			      .established = c->dss_heard,
			      .ending = c->tx.fin_sent,
			      .remote_c_flag = c->remote_c,
			      .limits = c->config.limits,
			      .local_count = c->config.local_count,
			      .remote_count = c->remote_count,
			      .subflow_count = c->subflow_count,
			      .subflow = subflow,
			      .ndiffports = c->config.ndiffports,
			      .join_port = c->config.join_port};
	for (size_t i = 0; i < c->config.local_count; i++)
		v->local[i] = c->config.local[i];
	for (size_t i = 0; i < c->remote_count; i++)
		v->remote[i] = c->remotes[i];
}

static void set_known(struct conn *c, uint8_t id, bool known, bool announced)
{
	for (size_t i = 0; i < c->config.local_count; i++) {
		struct pm_addr *local = &c->config.local[i];

		if (local->id != id)
			continue;
		local->known = known;
		local->announced = known && (announced || local->announced);
	}
}

static void open_one(struct conn *c, const struct pm_action *a)
{
	const struct pm_addr *local = conn_local_addr(c, a->local_id);
	const struct pm_addr *remote = conn_remote_addr(c, a->remote_id);

	if (local && remote &&
	    !conn_join(c, local, remote, a->remote_port, a->backup || local->backup)) {
		set_known(c, a->local_id, true, false);
		return;
	}
	add_failed(c, a->local_id, a->remote_id, 1);
}

static void carry_out(struct conn *c, const struct pm_action *a)
{
	switch (a->kind) {
	case PM_OPEN: open_one(c, a); break;
	case PM_ANNOUNCE:
		conn_announce(c, a->local_id);
		set_known(c, a->local_id, true, true);
		break;
	case PM_WITHDRAW:
		conn_withdraw(c, a->local_id);
		set_known(c, a->local_id, false, false);
		break;
	case PM_CLOSE:
		if (a->subflow < c->subflow_count)
			subflow_reset(c->subflow[a->subflow], 0);
		break;
	case PM_BACKUP: conn_set_backup(c, a->subflow, a->backup, c->now_ns); break;
	case PM_NOTHING: break;
	}
}

static bool has_subflow(const struct conn *c, bool local, uint8_t id)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];

		if (subflow_alive(sf) && (local ? sf->local_id : sf->remote_id) == id)
			return true;
	}
	return false;
}

/* The initial addresses stay listed, gone or not. */
static void forget_gone(struct conn *c)
{
	struct pm_addr *local = c->config.local, *remote = c->remotes;

	for (size_t i = c->config.local_count; i-- > 0;) {
		if (!local[i].gone || local[i].known || !local[i].id ||
		    has_subflow(c, true, local[i].id))
			continue;
		local[i] = local[--c->config.local_count];
		c->announce[i] = c->announce[c->config.local_count];
	}
	for (size_t i = c->remote_count; i-- > 0;)
		if (remote[i].gone && remote[i].id && !has_subflow(c, false, remote[i].id))
			remote[i] = remote[--c->remote_count];
}

void conn_manage(struct conn *c)
{
	struct pm_subflow subflow[CONN_SUBFLOWS_MAX];
	struct pm_action action;
	struct pm_view view;

	if (c->plain || c->state == CONN_OPENING || c->state == CONN_CLOSED ||
	    c->closing_subflows || (c->tx.fin_acked && c->rx.fin_taken) || fallback_pending(c))
		return;
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		view_subflows(c, subflow);
		view_init(c, &view, subflow);
		action = c->pm->next(&view, count_failed, c);
		if (action.kind == PM_NOTHING)
			break;
		carry_out(c, &action);
	}
	forget_gone(c);
}

static bool id_in_use(const struct conn *c, uint8_t id)
{
	return conn_local_addr(c, id) != NULL;
}

int conn_add_local(struct conn *c, const struct pm_addr *addr, int64_t now_ns)
{
	struct pm_addr one = *addr;

	if (c->config.local_count == PM_ADDRS_MAX)
		return ERR_NOSPACE;
	if (!one.id || id_in_use(c, one.id)) {
		for (one.id = 1; id_in_use(c, one.id);)
			one.id++;
	}
	c->now_ns = now_ns;
	one.gone = one.known = one.announced = false;
	c->announce[c->config.local_count] = (struct announcement){0};
	c->config.local[c->config.local_count++] = one;
	c->pm_due = true;
	conn_touch(c);
	return one.id;
}

/* The path manager withdraws it and closes its subflows. */
int conn_remove_local(struct conn *c, uint8_t id, int64_t now_ns)
{
	for (size_t i = 0; i < c->config.local_count; i++) {
		if (c->config.local[i].id != id || c->config.local[i].gone)
			continue;
		c->now_ns = now_ns;
		c->config.local[i].gone = true;
		c->announce[i].wanted = false;
		c->pm_due = true;
		conn_touch(c);
		return 0;
	}
	return ERR_MISSING;
}

static bool carried_elsewhere(const struct conn *c, const struct ip_addr *addr)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (subflow_usable(c->subflow[i]) &&
		    !ip_addr_equal(&c->subflow[i]->tuple.local, addr))
			return true;
	return false;
}

/* A device that is down for a moment is no reason to give up a connection. */
void conn_address_gone(struct conn *c, const struct ip_addr *addr, int64_t now_ns)
{
	if (c->plain || c->state == CONN_CLOSED || !carried_elsewhere(c, addr))
		return;
	for (size_t i = 0; i < c->config.local_count; i++)
		if (ip_addr_equal(&c->config.local[i].addr, addr))
			conn_remove_local(c, c->config.local[i].id, now_ns);
}

bool conn_address_back(struct conn *c, const struct ip_addr *addr, int64_t now_ns)
{
	bool known = false;

	for (size_t i = 0; i < c->config.local_count; i++) {
		if (!ip_addr_equal(&c->config.local[i].addr, addr))
			continue;
		c->config.local[i].gone = false;
		known = true;
	}
	c->now_ns = now_ns;
	c->pm_due = true;
	conn_touch(c);
	return known;
}

int conn_set_backup(struct conn *c, uint8_t subflow, bool backup, int64_t now_ns)
{
	struct subflow *sf = subflow < c->subflow_count ? c->subflow[subflow] : NULL;

	if (!sf || sf->stage != STAGE_UP || c->plain)
		return ERR_MISSING;
	c->now_ns = now_ns;
	if (sf->backup_set == backup)
		return 0;
	sf->backup_set = backup;
	sf->prio_due = true;
	tcp_ack_alone(&sf->tcp);
	conn_touch(c);
	return 0;
}
