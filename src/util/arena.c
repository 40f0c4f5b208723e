#include "util/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_OCTETS 32768

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	uint8_t octets[];
};

void arena_fini(struct arena *a)
{
	while (a->head) {
		struct arena_chunk *next = a->head->next;

		free(a->head);
		a->head = next;
	}
}

static struct arena_chunk *arena_room(struct arena *a, size_t len)
{
	size_t size = len > CHUNK_OCTETS ? len : CHUNK_OCTETS;
	struct arena_chunk *chunk = a->head;

	if (chunk && chunk->size - chunk->used >= len)
		return chunk;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	*chunk = (struct arena_chunk){.next = a->head, .size = size};
	a->head = chunk;
	return chunk;
}

struct span arena_copy(struct arena *a, struct span s)
{
	struct arena_chunk *chunk = s.len ? arena_room(a, s.len) : NULL;
	uint8_t *at;

	if (!chunk)
		return (struct span){0};
	at = chunk->octets + chunk->used;
	memcpy(at, s.at, s.len);
	chunk->used += s.len;
	return span_of(at, s.len);
}
