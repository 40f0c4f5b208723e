/* A box as an element of the path. */
#include <stdlib.h>
#include <string.h>

#include "lab/lab_element.h"

struct box_element {
	struct lab_element element;
	struct box *box;
};

/* What a box's emit needs to know. */
struct emission {
	struct lab *lab;
	const struct lab_element *from;
	const struct lab_packet *cause;
};

static void box_element_emit(void *context, const struct box_packet *packet)
{
	struct emission *emission = context;
	struct lab_packet *p = lab_packet_new(emission->lab);

	if (!p)
		return;
	memcpy(p->box.octets, packet->octets, packet->len);
	p->box.len = packet->len;
	p->box.direction = packet->direction;
	p->box.path = packet->path;
	lab_emit(emission->lab, emission->from, emission->cause, p);
}

static struct box_io io_of(struct emission *emission)
{
	return (struct box_io){
	    .emit = box_element_emit,
	    .context = emission,
	    .rng = &emission->lab->rng,
	    .now_ns = emission->lab->now_ns,
	};
}

static void arm(struct lab *lab, struct lab_element *e)
{
	const struct box *box = ((struct box_element *)e)->box;

	if (box->ops->expiry_ns)
		lab_arm(lab, e, box->ops->expiry_ns(box));
}

static bool box_element_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p)
{
	struct box *box = ((struct box_element *)e)->box;
	struct emission emission = {.lab = lab, .from = e, .cause = p};
	struct box_io io = io_of(&emission);
	enum box_fate fate;

	lab->walked++;
	io.path = p->box.path;
	fate = box->ops->packet(box, &p->box, &io);
	arm(lab, e);
	if (fate == BOX_PASS)
		return true;
	lab_packet_free(lab, p);
	return false;
}

static void box_element_expire(struct lab *lab, struct lab_element *e)
{
	struct box *box = ((struct box_element *)e)->box;
	struct emission emission = {.lab = lab, .from = e};
	struct box_io io = io_of(&emission);

	box->ops->expire(box, &io);
	arm(lab, e);
}

static void box_element_fini(struct lab_element *e)
{
	box_free(((struct box_element *)e)->box);
}

static const struct lab_element_ops box_element_ops = {
    .arrive = box_element_arrive,
    .expire = box_element_expire,
    .fini = box_element_fini,
};

struct lab_element *lab_box_new(const char *name, struct error *err)
{
	struct box_element *e = calloc(1, sizeof(*e));

	if (!e) {
		error_set(err, ERR_NOMEM, "lab: out of memory");
		return NULL;
	}
	e->element.ops = &box_element_ops;
	e->box = box_new(name, err);
	if (e->box)
		return &e->element;
	free(e);
	return NULL;
}

struct box *lab_element_box(struct lab_element *e)
{
	return e->ops == &box_element_ops ? ((struct box_element *)e)->box : NULL;
}
