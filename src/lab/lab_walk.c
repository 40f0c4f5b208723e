#include "lab/lab_element.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_PACKETS 32

struct lab_chunk {
	struct lab_chunk *next;
	struct lab_packet packets[CHUNK_PACKETS];
};

static bool pool_grow(struct lab *lab)
{
	struct lab_chunk *chunk;

	if (lab->packet_count >= LAB_PACKETS_MAX)
		return false;
	chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return false;
	chunk->next = lab->chunks;
	lab->chunks = chunk;
	lab->packet_count += CHUNK_PACKETS;
	for (size_t i = 0; i < CHUNK_PACKETS; i++)
		lab_packet_free(lab, &chunk->packets[i]);
	return true;
}

struct lab_packet *lab_packet_new(struct lab *lab)
{
	struct lab_packet *p;

	if (!lab->pool && !pool_grow(lab))
		return NULL;
	p = lab->pool;
	lab->pool = p->next;
	p->next = NULL;
	p->event.timer = false;
	p->emitted = 0;
	p->box.len = 0;
	p->box.path = 0;
	return p;
}

void lab_packet_free(struct lab *lab, struct lab_packet *p)
{
	p->next = lab->pool;
	lab->pool = p;
}

struct lab_packet *lab_packet_copy(struct lab *lab, const struct lab_packet *p)
{
	struct lab_packet *copy = lab_packet_new(lab);

	if (!copy)
		return NULL;
	memcpy(copy->box.octets, p->box.octets, p->box.len);
	copy->box.len = p->box.len;
	copy->box.direction = p->box.direction;
	copy->box.path = p->box.path;
	copy->at = p->at;
	copy->emitted = p->emitted;
	return copy;
}

/* The element behind `at` in a direction. */
static size_t lab_next(size_t at, enum box_direction direction)
{
	return direction == BOX_FORWARD ? at + 1 : at - 1;
}

void lab_schedule(struct lab *lab, struct lab_packet *p, int64_t time_ns)
{
	if (heap_push(&lab->waiting, time_ns, &p->event))
		lab->under_way++;
	else
		lab_packet_free(lab, p);
}

void lab_arm(struct lab *lab, struct lab_element *e, int64_t time_ns)
{
	if (time_ns < lab->now_ns)
		time_ns = lab->now_ns;
	if (time_ns >= e->armed_ns)
		return;
	if (heap_push(&lab->waiting, time_ns, &e->event))
		e->armed_ns = time_ns;
}

/* Walked as soon as what walks now is done, not behind what waits for the same moment: the pieces
 * of a packet do not fall behind the packet after it. */
static void lab_soon(struct lab *lab, struct lab_packet *p)
{
	p->next = NULL;
	*lab->soon_end = p;
	lab->soon_end = &p->next;
}

void lab_emit(struct lab *lab, const struct lab_element *e, const struct lab_packet *cause,
	      struct lab_packet *p)
{
	p->emitted = cause ? (uint8_t)(cause->emitted + 1) : 0;
	p->at = lab_next(e->at[p->box.path], p->box.direction);
	if (p->emitted > LAB_EMITTED_MAX)
		lab_packet_free(lab, p);
	else if (!cause || cause->box.direction == p->box.direction)
		lab_soon(lab, p);
	else
		lab_schedule(lab, p, lab->now_ns);
}

/* The client and the target take everything, so the walk ends before the path does. */
static void lab_walk(struct lab *lab, struct lab_packet *p)
{
	struct lab_element *e;

	do {
		e = lab->elements[lab->paths[p->box.path]->elements[p->at]];
		p->at = lab_next(p->at, p->box.direction);
	} while (e->ops->arrive(lab, e, p));
}

/* A timer that was set anew meanwhile has another entry. */
static void lab_expire(struct lab *lab, struct lab_element *e)
{
	if (e->armed_ns != lab->now_ns)
		return;
	e->armed_ns = TIME_NEVER;
	e->ops->expire(lab, e);
}

static void lab_happen(struct lab *lab, struct lab_event *event)
{
	if (event->timer) {
		lab_expire(lab, (struct lab_element *)event);
		return;
	}
	lab->under_way--;
	lab_walk(lab, (struct lab_packet *)event);
}

static void lab_walk_soon(struct lab *lab)
{
	struct lab_packet *p;

	while ((p = lab->soon)) {
		lab->soon = p->next;
		if (!lab->soon)
			lab->soon_end = &lab->soon;
		lab_walk(lab, p);
	}
}

bool lab_step(struct lab *lab, int64_t deadline_ns)
{
	const struct heap_entry *next = heap_peek(&lab->waiting);

	if (!next || next->time_ns > deadline_ns)
		return false;
	lab->now_ns = next->time_ns;
	lab_happen(lab, heap_pop(&lab->waiting));
	lab_walk_soon(lab);
	return true;
}

void lab_walk_fini(struct lab *lab)
{
	struct lab_chunk *chunk;

	heap_fini(&lab->waiting);
	while ((chunk = lab->chunks)) {
		lab->chunks = chunk->next;
		free(chunk);
	}
}
