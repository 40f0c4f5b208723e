#include "mptcp/chunk.h"

#include <stdlib.h>

struct chunk *chunk_new(size_t size)
{
	struct chunk *c = size <= UINT32_MAX ? malloc(sizeof(*c) + size) : NULL;

	if (c)
		*c = (struct chunk){.refs = 1, .size = (uint32_t)size};
	return c;
}

struct chunk *chunk_ref(struct chunk *c)
{
	if (c)
		c->refs++;
	return c;
}

void chunk_unref(struct chunk *c)
{
	if (c && --c->refs == 0)
		free(c);
}
