/* Laying paths, and finding the one between two addresses. */
#include <stdlib.h>
#include <string.h>

#include "lab/lab_element.h"

static struct path *path_at_hand(const struct lab *lab)
{
	return lab->paths[lab->path_count - 1];
}

/* What every element but the client must find: a client before it, no target, and room. */
static int path_open(const struct lab *lab, const char *what, struct error *err)
{
	if (!lab->path_count)
		return error_set(err, ERR_USAGE, "%s before the client: expected the client first",
				 what);
	if (lab->target)
		return error_set(err, ERR_USAGE, "%s behind the target: expected the target last",
				 what);
	if (lab->element_count >= LAB_ELEMENTS_MAX - 1 ||
	    path_at_hand(lab)->count >= LAB_ELEMENTS_MAX - 1)
		return error_set(err, ERR_USAGE, "%s: expected at most %d elements in a path", what,
				 LAB_ELEMENTS_MAX);
	return 0;
}

static void path_put(struct lab *lab, size_t path, size_t element)
{
	struct path *p = lab->paths[path];

	lab->elements[element]->at[path] = (uint16_t)p->count;
	p->elements[p->count++] = (uint16_t)element;
}

static int path_new(struct lab *lab, struct error *err)
{
	struct path *p = calloc(1, sizeof(*p));

	if (!p)
		return error_set(err, ERR_NOMEM, "lab: out of memory");
	lab->paths[lab->path_count++] = p;
	return 0;
}

static int path_append(struct lab *lab, struct lab_element *e, struct error *err)
{
	if (!e)
		return error_set(err, ERR_NOMEM, "lab: out of memory");
	e->event.timer = true;
	e->armed_ns = TIME_NEVER;
	e->after_ttl = path_at_hand(lab)->router_count;
	lab->elements[lab->element_count++] = e;
	path_put(lab, lab->path_count - 1, lab->element_count - 1);
	return 0;
}

static bool has_address(const struct ip_addr *addr4, const struct ip_addr *addr6)
{
	return addr4->family || addr6->family;
}

int lab_add_client(struct lab *lab, const struct lab_client *client, struct error *err)
{
	if (lab->path_count)
		return error_set(err, ERR_USAGE, "client: expected one client, at the head");
	if (!has_address(&client->addr4, &client->addr6))
		return error_set(err, ERR_USAGE, "client: expected an address (addr or addr6)");
	if (path_new(lab, err))
		return ERR_NOMEM;
	lab->client = *client;
	return path_append(lab, lab_client_new(client), err);
}

int lab_add_path(struct lab *lab, const struct lab_path *path, struct error *err)
{
	int rc = path_open(lab, "path", err);

	if (rc)
		return rc;
	if (lab->path_count >= LAB_PATHS_MAX)
		return error_set(err, ERR_USAGE, "path: expected at most %d paths", LAB_PATHS_MAX);
	if (lab->element_count > 1) {
		rc = path_new(lab, err);
		if (rc)
			return rc;
		path_put(lab, lab->path_count - 1, 0);
	}
	path_at_hand(lab)->spec = *path;
	return 0;
}

int lab_add_link(struct lab *lab, const struct lab_link *link, struct error *err)
{
	int rc = path_open(lab, "link", err);

	return rc ? rc : path_append(lab, lab_link_new(link), err);
}

static int one_more_router(struct lab *lab, struct error *err)
{
	struct path *p = path_at_hand(lab);

	if (p->router_count >= 254)
		return error_set(err, ERR_USAGE, "router: expected at most 254 routers");
	p->router_count++;
	return 0;
}

int lab_add_router(struct lab *lab, const struct lab_router *router, struct error *err)
{
	int rc = path_open(lab, "router", err);

	if (!rc)
		rc = one_more_router(lab, err);
	if (rc)
		return rc;
	rc = path_append(lab, lab_router_new(router), err);
	if (!rc) /* it does not stand before itself */
		lab->elements[lab->element_count - 1]->after_ttl--;
	return rc;
}

struct box *lab_add_box(struct lab *lab, const char *name, struct error *err)
{
	struct lab_element *e;

	if (path_open(lab, "box", err))
		return NULL;
	e = lab_box_new(name, err);
	if (!e)
		return NULL;
	path_append(lab, e, err);
	return lab_element_box(e);
}

size_t lab_last(const struct lab *lab)
{
	return lab->element_count - 1;
}

static bool is_in(const struct path *p, size_t element)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->elements[i] == element)
			return true;
	return false;
}

int lab_add_shared(struct lab *lab, size_t element, struct error *err)
{
	int rc = path_open(lab, "shared", err);

	if (rc)
		return rc;
	if (!element || element >= lab->element_count)
		return error_set(err, ERR_USAGE, "shared: no such link, router or box");
	if (is_in(path_at_hand(lab), element))
		return error_set(err, ERR_USAGE, "shared: it is in this path already");
	if (lab_element_is_router(lab->elements[element]))
		rc = one_more_router(lab, err);
	if (!rc)
		path_put(lab, lab->path_count - 1, element);
	return rc;
}

int lab_add_target(struct lab *lab, const struct lab_target *target, struct error *err)
{
	int rc = path_open(lab, "target", err);
	struct lab_element *e;

	if (rc)
		return rc;
	if (!has_address(&target->addr4, &target->addr6))
		return error_set(err, ERR_USAGE, "target: expected an address (addr or addr6)");
	lab->target_spec = *target;
	e = target->serve.endpoint ? lab_endpoint_new(lab, &lab->target_spec, err)
				   : lab_target_new(target, err);
	if (!e)
		return err ? (int)err->code : ERR_NOMEM;
	path_append(lab, e, err);
	for (size_t i = 0; i + 1 < lab->path_count; i++)
		path_put(lab, i, lab->element_count - 1);
	lab->target = lab->elements[lab->element_count - 1];
	return 0;
}

/* Takes the place of the target there was. */
static void replace_target(struct lab *lab, struct lab_element *e)
{
	struct lab_element *old = lab->target;

	e->event.timer = true;
	memcpy(e->at, old->at, sizeof(e->at));
	e->after_ttl = old->after_ttl;
	e->armed_ns = old->armed_ns;
	for (size_t i = 0; i < lab->element_count; i++)
		if (lab->elements[i] == old)
			lab->elements[i] = e;
	if (old->ops->fini)
		old->ops->fini(old);
	free(old);
	lab->target = e;
}

static int become_endpoint(struct lab *lab, struct error *err)
{
	struct lab_element *e;

	lab->target_spec.serve.endpoint = true;
	e = lab_endpoint_new(lab, &lab->target_spec, err);
	if (!e)
		return err ? (int)err->code : ERR_NOMEM;
	replace_target(lab, e);
	return 0;
}

int lab_serve_as(struct lab *lab, uint16_t port, const struct conn_config *conn, bool cookies,
		 struct error *err)
{
	struct lab_target *spec = &lab->target_spec;

	if (!lab->target)
		return error_set(err, ERR_USAGE, "lab: there is no target");
	spec->port = port;
	spec->serve = (struct lab_serve){.conn = *conn, .cookies = cookies};
	return become_endpoint(lab, err);
}

int lab_serve(struct lab *lab, struct error *err)
{
	static const uint8_t versions[] = {
	    [LAB_MPTCP_NONE] = 255, [LAB_MPTCP_V0] = 0, [LAB_MPTCP_V1] = 1};
	struct lab_target *spec = &lab->target_spec;

	if (!lab->target || spec->serve.endpoint || spec->silent || !spec->port)
		return 0;
	spec->serve.conn.version = versions[spec->mptcp];
	return become_endpoint(lab, err);
}

/* How well an end of a path fits an address: 1 if it names it, 0 if it names none, else -1. */
static int fits(const struct ip_addr *named4, const struct ip_addr *named6,
		const struct ip_addr *addr)
{
	const struct ip_addr *named = addr->family == 6 ? named6 : named4;

	if (!has_address(named4, named6))
		return 0;
	return ip_addr_equal(named, addr) ? 1 : -1;
}

int lab_path_between(const struct lab *lab, const struct ip_addr *client,
		     const struct ip_addr *target)
{
	int best = -1, best_fit = -1;

	for (size_t i = 0; i < lab->path_count; i++) {
		const struct lab_path *spec = &lab->paths[i]->spec;
		int from = fits(&spec->client4, &spec->client6, client);
		int to = fits(&spec->target4, &spec->target6, target);

		if (from < 0 || to < 0 || from + to <= best_fit)
			continue;
		best = (int)i;
		best_fit = from + to;
	}
	return best;
}

struct addrs {
	struct ip_addr *at;
	size_t count;
};

static void addrs_put(struct addrs *list, const struct ip_addr *addr)
{
	if (!addr->family || list->count == LAB_ADDRS_MAX)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (ip_addr_equal(&list->at[i], addr))
			return;
	list->at[list->count++] = *addr;
}

size_t lab_client_addrs(const struct lab *lab, struct ip_addr out[LAB_ADDRS_MAX])
{
	struct addrs list = {.at = out};

	addrs_put(&list, &lab->client.addr4);
	addrs_put(&list, &lab->client.addr6);
	for (size_t i = 0; i < lab->path_count; i++) {
		addrs_put(&list, &lab->paths[i]->spec.client4);
		addrs_put(&list, &lab->paths[i]->spec.client6);
	}
	return list.count;
}

size_t lab_target_addrs(const struct lab *lab, struct ip_addr out[LAB_ADDRS_MAX])
{
	const struct lab_target *t = &lab->target_spec;
	struct addrs list = {.at = out};

	addrs_put(&list, t->outside4.family ? &t->outside4 : &t->addr4);
	addrs_put(&list, t->outside6.family ? &t->outside6 : &t->addr6);
	for (size_t i = 0; i < lab->path_count; i++) {
		addrs_put(&list, &lab->paths[i]->spec.target4);
		addrs_put(&list, &lab->paths[i]->spec.target6);
	}
	return list.count;
}

static bool is_among(const struct ip_addr *list, size_t count, const struct ip_addr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (ip_addr_equal(&list[i], addr))
			return true;
	return false;
}

bool lab_is_client(const struct lab *lab, const struct ip_addr *addr)
{
	struct ip_addr list[LAB_ADDRS_MAX];

	return is_among(list, lab_client_addrs(lab, list), addr);
}

bool lab_is_target(const struct lab *lab, const struct ip_addr *addr)
{
	const struct lab_target *t = &lab->target_spec;
	struct ip_addr list[LAB_ADDRS_MAX];

	return ip_addr_equal(&t->addr4, addr) || ip_addr_equal(&t->addr6, addr) ||
	       is_among(list, lab_target_addrs(lab, list), addr);
}
