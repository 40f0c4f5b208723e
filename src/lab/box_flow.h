/* What tells flows apart, for boxes that treat each its own way without remembering any. */
#ifndef MBOXTRACE_LAB_BOX_FLOW_H
#define MBOXTRACE_LAB_BOX_FLOW_H

#include "lab/box.h"

/* A number per flow, the same for both directions: addresses and ports as `p`, which walks in
 * `direction`, has them here. */
uint64_t box_flow_hash(const struct packet *p, enum box_direction direction, uint64_t salt);

/* A salt that is drawn once, from the lab's seed. */
static inline uint64_t box_salt(uint64_t *salt, struct rng *rng)
{
	if (!*salt)
		*salt = rng_u64(rng) | 1;
	return *salt;
}

#endif
