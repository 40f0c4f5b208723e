/* Stream octets shared between the connection's send buffer and the subflows that still have them
 * unacknowledged: counted references, one allocation a write. */
#ifndef MBOXTRACE_MPTCP_CHUNK_H
#define MBOXTRACE_MPTCP_CHUNK_H

#include <stddef.h>
#include <stdint.h>

struct chunk {
	uint32_t refs;
	uint32_t len, size;
	uint8_t octets[];
};

struct chunk *chunk_new(size_t size); /* one reference; NULL: out of memory */
struct chunk *chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c); /* NULL is fine */

#endif
