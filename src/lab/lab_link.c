#include <stdlib.h>

#include "lab/lab_element.h"

/* A packet that is reordered on a link without delay is held this long. */
#define REORDER_MIN_NS NS_PER_MS

struct link {
	struct lab_element element;
	struct lab_link spec;
	int64_t free_ns[2]; /* when the last packet, by direction, has left the transmitter */
	/* When each of the last queue_packets packets left it: a ring a direction, owned. */
	int64_t *left_ns[2];
	uint64_t sent[2];
};

static bool link_is_down(const struct link *link, int64_t now_ns)
{
	int64_t at_ns = now_ns - LAB_START_NS;

	for (size_t i = 0; i < link->spec.down_count; i++)
		if (at_ns >= link->spec.down[i].from_ns && at_ns < link->spec.down[i].to_ns)
			return true;
	return false;
}

/* Drop-tail. */
static bool link_is_full(const struct link *link, const struct lab *lab, const struct lab_packet *p)
{
	size_t way = p->box.direction == BOX_REVERSE;
	const struct lab_link *spec = &link->spec;
	int64_t wait_ns = link->free_ns[way] - lab->now_ns;

	if (!spec->rate_bps || wait_ns <= 0)
		return false;
	if (spec->queue_packets &&
	    link->left_ns[way][link->sent[way] % spec->queue_packets] > lab->now_ns)
		return true;
	return spec->queue_octets &&
	       (double)wait_ns * (double)spec->rate_bps / 8e9 + (double)p->box.len >
		   spec->queue_octets;
}

static void link_count(struct link *link, size_t way, int64_t left_ns)
{
	if (link->left_ns[way])
		link->left_ns[way][link->sent[way]++ % link->spec.queue_packets] = left_ns;
}

/* When the last bit of a packet that comes now is on the wire. */
static int64_t link_transmitted_ns(struct link *link, const struct lab *lab,
				   const struct lab_packet *p)
{
	int64_t *free_ns = &link->free_ns[p->box.direction == BOX_REVERSE];

	if (!link->spec.rate_bps)
		return lab->now_ns;
	if (*free_ns < lab->now_ns)
		*free_ns = lab->now_ns;
	*free_ns += (int64_t)((uint64_t)p->box.len * 8 * (uint64_t)NS_PER_S / link->spec.rate_bps);
	link_count(link, p->box.direction == BOX_REVERSE, *free_ns);
	return *free_ns;
}

static int64_t link_extra_ns(const struct link *link, struct rng *rng)
{
	const struct lab_link *spec = &link->spec;
	int64_t extra_ns = 0;

	if (spec->jitter_ns)
		extra_ns = (int64_t)(rng_u64(rng) % ((uint64_t)spec->jitter_ns + 1));
	if (spec->reorder > 0 && rng_chance(rng, spec->reorder))
		extra_ns += spec->delay_ns ? spec->delay_ns : REORDER_MIN_NS;
	return extra_ns;
}

static bool link_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p)
{
	struct link *link = (struct link *)e;
	const struct lab_link *spec = &link->spec;
	struct lab_packet *copy;
	int64_t sent_ns;

	if ((spec->loss > 0 && rng_chance(&lab->rng, spec->loss)) ||
	    link_is_down(link, lab->now_ns) || link_is_full(link, lab, p)) {
		lab_packet_free(lab, p);
		return false;
	}
	sent_ns = link_transmitted_ns(link, lab, p) + spec->delay_ns;
	if (spec->duplicate > 0 && rng_chance(&lab->rng, spec->duplicate)) {
		copy = lab_packet_copy(lab, p);
		if (copy)
			lab_schedule(lab, copy, sent_ns + link_extra_ns(link, &lab->rng));
	}
	lab_schedule(lab, p, sent_ns + link_extra_ns(link, &lab->rng));
	return false;
}

static void link_fini(struct lab_element *e)
{
	struct link *link = (struct link *)e;

	free(link->left_ns[0]);
	free(link->left_ns[1]);
}

static const struct lab_element_ops link_ops = {.arrive = link_arrive, .fini = link_fini};

static bool link_rings(struct link *link)
{
	size_t count = link->spec.queue_packets;

	if (!count)
		return true;
	link->left_ns[0] = calloc(count, sizeof(int64_t));
	link->left_ns[1] = calloc(count, sizeof(int64_t));
	return link->left_ns[0] && link->left_ns[1];
}

struct lab_element *lab_link_new(const struct lab_link *spec)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->element.ops = &link_ops;
	link->spec = *spec;
	if (link_rings(link))
		return &link->element;
	link_fini(&link->element);
	free(link);
	return NULL;
}
