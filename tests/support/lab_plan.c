#include "support/lab_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/rig.h"

void lab_plan_defaults(struct lab_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->paths = plan->targets = 1;
	plan->family = 4;
	for (size_t i = 0; i < LAB_PLAN_PATHS; i++)
		plan->link[i].delay_ns = 10 * NS_PER_MS;
	plan->serve.endpoint = true;
	while (strcmp(lab_app_name(plan->serve.service), "discard") != 0)
		plan->serve.service++;
	plan->serve.in_seed = 1; /* as lab_run_defaults sends */
	conn_config_defaults(&plan->serve.conn);
}

static void check(int rc, const struct error *err)
{
	if (!rc)
		return;
	fprintf(stderr, "lab_plan: %s\n", err->text);
	abort();
}

static struct ip_addr client_addr(const struct lab_plan *plan, unsigned i)
{
	char text[IP_ADDR_TEXT];

	if (plan->family == 6)
		snprintf(text, sizeof(text), "2001:db8:%u::7", 2 + i);
	else
		snprintf(text, sizeof(text), "192.0.%u.7", 2 + i);
	return rig_addr(text);
}

static struct ip_addr target_addr(const struct lab_plan *plan, unsigned i)
{
	char text[IP_ADDR_TEXT];

	snprintf(text, sizeof(text), plan->family == 6 ? "2001:db8:80::%u" : "203.0.113.%u",
		 80 + i);
	return rig_addr(text);
}

static void put(uint8_t family, struct ip_addr *v4, struct ip_addr *v6, struct ip_addr addr)
{
	*(family == 6 ? v6 : v4) = addr;
}

/* The elements of a path, in order. */
struct laid {
	size_t at[LAB_PLAN_BOXES + LAB_PLAN_ROUTERS + 2], count;
};

static void note_last(struct laid *laid, const struct lab *lab)
{
	laid->at[laid->count++] = lab_last(lab);
}

static void lay_link(struct laid *laid, struct lab *lab, const struct lab_link *link)
{
	struct error err = {0};

	check(lab_add_link(lab, link, &err), &err);
	note_last(laid, lab);
}

static void lay_router(struct laid *laid, struct lab *lab, unsigned number)
{
	struct lab_router router = rig_router(number);
	struct error err = {0};

	check(lab_add_router(lab, &router, &err), &err);
	note_last(laid, lab);
}

/* A box of all paths is made in the first, and shared by the others. */
static void lay_box(const struct lab_plan_box *b, struct lab *lab, struct laid *laid,
		    size_t *shared, unsigned path)
{
	struct error err = {0};
	struct box *box;

	if (b->path == LAB_PLAN_ALL && path) {
		check(lab_add_shared(lab, *shared, &err), &err);
		laid->at[laid->count++] = *shared;
		return;
	}
	if (b->path != LAB_PLAN_ALL && b->path != (int)path)
		return;
	box = lab_add_box(lab, b->name, &err);
	check(!box, &err);
	rig_set(box, b->params);
	*shared = lab_last(lab);
	note_last(laid, lab);
}

/* Towards further addresses of the target the same elements are passed. */
static void share_path(const struct lab_plan *plan, struct lab *lab, unsigned i,
		       const struct laid *laid)
{
	struct error err = {0};

	for (unsigned t = 1; t < plan->targets; t++) {
		struct lab_path path = {0};

		put(plan->family, &path.client4, &path.client6, client_addr(plan, i));
		put(plan->family, &path.target4, &path.target6, target_addr(plan, t));
		check(lab_add_path(lab, &path, &err), &err);
		for (size_t n = 0; n < laid->count; n++)
			check(lab_add_shared(lab, laid->at[n], &err), &err);
	}
}

static void lay_path(const struct lab_plan *plan, struct lab *lab, unsigned i, size_t *shared)
{
	unsigned routers = plan->routers ? plan->routers : 1;
	struct lab_link second = {.delay_ns = NS_PER_MS};
	struct lab_path path = {0};
	struct laid laid = {0};
	struct error err = {0};

	put(plan->family, &path.client4, &path.client6, client_addr(plan, i));
	check(lab_add_path(lab, &path, &err), &err);
	lay_link(&laid, lab, &plan->link[i]);
	for (unsigned r = 0; r < routers; r++) {
		for (size_t n = 0; n < plan->box_count; n++)
			if (plan->after[n] == r)
				lay_box(&plan->box[n], lab, &laid, &shared[n], i);
		lay_router(&laid, lab, 1 + i + 16 * r);
	}
	lay_link(&laid, lab, &second);
	share_path(plan, lab, i, &laid);
}

/* Behind a DNAT the client knows it by another address. */
static void hide_target(const struct lab_plan *plan, struct lab_target *target)
{
	for (size_t i = 0; i < plan->box_count; i++) {
		if (strcmp(plan->box[i].name, "dnat") != 0)
			continue;
		target->outside4 = target->addr4;
		target->addr4 = rig_addr(LAB_PLAN_INSIDE);
	}
}

struct lab *lab_plan_build(const struct lab_plan *plan, uint64_t seed)
{
	struct lab_target target = {.name = "example.net", .port = RIG_PORT};
	struct lab *lab = lab_new(seed);
	struct lab_client client = {0};
	size_t shared[LAB_PLAN_BOXES] = {0};
	struct error err = {0};

	put(plan->family, &client.addr4, &client.addr6, client_addr(plan, 0));
	check(lab_add_client(lab, &client, &err), &err);
	for (unsigned i = 0; i < plan->paths; i++)
		lay_path(plan, lab, i, shared);
	put(plan->family, &target.addr4, &target.addr6, target_addr(plan, 0));
	hide_target(plan, &target);
	target.serve = plan->serve;
	check(lab_add_target(lab, &target, &err), &err);
	return lab;
}
