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
	p->emitted = 0;
	p->box.len = 0;
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
	copy->at = p->at;
	copy->emitted = p->emitted;
	return copy;
}

size_t lab_next(size_t at, enum box_direction direction)
{
	return direction == BOX_FORWARD ? at + 1 : at - 1;
}

void lab_schedule(struct lab *lab, struct lab_packet *p, int64_t time_ns)
{
	if (!heap_push(&lab->waiting, time_ns, p))
		lab_packet_free(lab, p);
}

void lab_emit(struct lab *lab, const struct lab_element *e, const struct lab_packet *cause,
	      struct lab_packet *p)
{
	p->emitted = (uint8_t)(cause->emitted + 1);
	p->at = lab_next(e->at, p->box.direction);
	if (p->emitted > LAB_EMITTED_MAX)
		lab_packet_free(lab, p);
	else
		lab_schedule(lab, p, lab->now_ns);
}

/* The client and the target take everything, so the walk ends before the path does. */
static void lab_walk(struct lab *lab, struct lab_packet *p)
{
	struct lab_element *e;

	do {
		e = lab->elements[p->at];
		p->at = lab_next(e->at, p->box.direction);
	} while (e->ops->arrive(lab, e, p));
}

bool lab_step(struct lab *lab, int64_t deadline_ns)
{
	const struct heap_entry *next = heap_peek(&lab->waiting);

	if (!next || next->time_ns > deadline_ns)
		return false;
	lab->now_ns = next->time_ns;
	lab_walk(lab, heap_pop(&lab->waiting));
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
