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
	lab->soon_end = &lab->soon;
	lab->now_ns = LAB_START_NS;
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
	for (size_t i = 0; i < lab->path_count; i++)
		free(lab->paths[i]);
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
	while (lab->under_way && lab_step(lab, TIME_NEVER))
		;
}

bool lab_complete(const struct lab *lab)
{
	return lab->target;
}

/* The address clients know: the outside one where a box in front of the target translates. */
static struct ip_addr known_as(const struct ip_addr *outside, const struct ip_addr *addr)
{
	return outside->family ? *outside : *addr;
}

int lab_resolve(const struct lab *lab, const char *name, uint8_t family, struct ip_addr *out,
		struct error *err)
{
	const struct lab_target *t = lab_target(lab);
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
	if (family && !strcmp(name, t->name))
		return error_set(err, ERR_RESOLVE, "%s: has no IPv%u address in this lab", name,
				 family);
	return error_set(err, ERR_RESOLVE, "%s: not in this lab: its target is %s", name, t->name);
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
	return (uint8_t)(lab->path_count ? lab->paths[0]->router_count + 1 : 1);
}

const struct lab_target *lab_target(const struct lab *lab)
{
	return lab->target ? &lab->target_spec : NULL;
}

size_t lab_half_open(const struct lab *lab)
{
	bool simple = lab->target && !lab->target_spec.serve.endpoint;

	return simple ? lab_element_half_open(lab->target) : 0;
}

uint64_t lab_packets(const struct lab *lab)
{
	return lab->walked;
}
