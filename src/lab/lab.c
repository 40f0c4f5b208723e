#include "lab/lab.h"

#include <stdlib.h>
#include <string.h>

#include "lab/lab_element.h"

struct lab *lab_new(uint64_t seed)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (!lab)
		return NULL;
	lab->inbox_end = &lab->inbox;
	lab->now_ns = NS_PER_S; /* so that a time of 0 is never one that was seen */
	lab_seed(lab, seed);
	return lab;
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	for (size_t i = 0; i < lab->element_count; i++) {
		if (lab->elements[i]->ops->fini)
			lab->elements[i]->ops->fini(lab->elements[i]);
		free(lab->elements[i]);
	}
	lab_walk_fini(lab);
	free(lab);
}

void lab_seed(struct lab *lab, uint64_t seed)
{
	lab->seed = seed;
	rng_seed(&lab->rng, seed);
}

void lab_settle(struct lab *lab)
{
	while (lab_step(lab, TIME_NEVER))
		;
}

bool lab_complete(const struct lab *lab)
{
	return lab->target;
}

/* What every element but the client must find: a client before it, no target, and room. */
static int path_open(const struct lab *lab, const char *what, struct error *err)
{
	if (!lab->element_count)
		return error_set(err, ERR_USAGE, "%s before the client: expected the client first",
				 what);
	if (lab->target)
		return error_set(err, ERR_USAGE, "%s behind the target: expected the target last",
				 what);
	if (lab->element_count >= LAB_ELEMENTS_MAX - 1)
		return error_set(err, ERR_USAGE, "%s: expected at most %d elements in a path", what,
				 LAB_ELEMENTS_MAX);
	return 0;
}

static int path_append(struct lab *lab, struct lab_element *e, struct error *err)
{
	if (!e)
		return error_set(err, ERR_NOMEM, "lab: out of memory");
	e->at = lab->element_count;
	e->after_ttl = lab->router_count;
	lab->elements[lab->element_count++] = e;
	return 0;
}

static bool has_address(const struct ip_addr *addr4, const struct ip_addr *addr6)
{
	return addr4->family || addr6->family;
}

int lab_add_client(struct lab *lab, const struct lab_client *client, struct error *err)
{
	if (lab->element_count)
		return error_set(err, ERR_USAGE, "client: expected one client, at the head");
	if (!has_address(&client->addr4, &client->addr6))
		return error_set(err, ERR_USAGE, "client: expected an address (addr or addr6)");
	lab->client = *client;
	return path_append(lab, lab_client_new(client), err);
}

int lab_add_link(struct lab *lab, const struct lab_link *link, struct error *err)
{
	int rc = path_open(lab, "link", err);

	return rc ? rc : path_append(lab, lab_link_new(link), err);
}

int lab_add_router(struct lab *lab, const struct lab_router *router, struct error *err)
{
	int rc = path_open(lab, "router", err);

	if (rc)
		return rc;
	if (lab->router_count >= 254)
		return error_set(err, ERR_USAGE, "router: expected at most 254 routers");
	rc = path_append(lab, lab_router_new(router), err);
	if (!rc)
		lab->router_count++;
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

int lab_add_target(struct lab *lab, const struct lab_target *target, struct error *err)
{
	int rc = path_open(lab, "target", err);

	if (rc)
		return rc;
	if (!has_address(&target->addr4, &target->addr6))
		return error_set(err, ERR_USAGE, "target: expected an address (addr or addr6)");
	rc = path_append(lab, lab_target_new(target), err);
	if (!rc)
		lab->target = lab->elements[lab->element_count - 1];
	return rc;
}

/* The address clients know: the outside one where a box in front of the target translates. */
static struct ip_addr known_as(const struct ip_addr *outside, const struct ip_addr *addr)
{
	return outside->family ? *outside : *addr;
}

int lab_resolve(const struct lab *lab, const char *name, uint8_t family, struct ip_addr *out,
		struct error *err)
{
	const struct lab_target *t = lab->target ? lab_element_target(lab->target) : NULL;
	struct ip_addr known[2], wanted = {0};

	if (!t)
		return error_set(err, ERR_RESOLVE, "%s: the path has no target", name);
	known[0] = known_as(&t->outside4, &t->addr4);
	known[1] = known_as(&t->outside6, &t->addr6);
	ip_addr_parse(&wanted, name);
	for (size_t i = 0; i < 2; i++) {
		if (!known[i].family || (family && family != known[i].family))
			continue;
		if (!strcmp(name, t->name) ||
		    (wanted.family && ip_addr_equal(&wanted, &known[i]))) {
			*out = known[i];
			return 0;
		}
	}
	return error_set(err, ERR_RESOLVE, "%s: not in this lab: its target is %s", name, t->name);
}

size_t lab_box_count(const struct lab *lab)
{
	size_t count = 0;

	for (size_t i = 0; i < lab->element_count; i++)
		count += lab_element_box(lab->elements[i]) != NULL;
	return count;
}

const struct box *lab_box_at(const struct lab *lab, size_t i, uint8_t *after_ttl)
{
	for (size_t at = 0; at < lab->element_count; at++) {
		const struct box *box = lab_element_box(lab->elements[at]);

		if (!box || i--)
			continue;
		*after_ttl = lab->elements[at]->after_ttl;
		return box;
	}
	return NULL;
}

uint8_t lab_path_length(const struct lab *lab)
{
	return (uint8_t)(lab->router_count + 1);
}

const struct lab_target *lab_target(const struct lab *lab)
{
	return lab->target ? lab_element_target(lab->target) : NULL;
}

size_t lab_half_open(const struct lab *lab)
{
	return lab->target ? lab_element_half_open(lab->target) : 0;
}

uint64_t lab_packets(const struct lab *lab)
{
	return lab->walked;
}
