#include "lab/box_flow.h"

static void mix(uint64_t *hash, const struct ip_addr *addr, uint16_t port)
{
	struct rng r;

	for (size_t i = 0; i < sizeof(addr->octets); i++) {
		rng_seed(&r, *hash ^ addr->octets[i]);
		*hash = rng_u64(&r);
	}
	rng_seed(&r, *hash ^ port);
	*hash = rng_u64(&r);
}

uint64_t box_flow_hash(const struct packet *p, enum box_direction direction, uint64_t salt)
{
	uint64_t hash = salt;

	if (direction == BOX_FORWARD) {
		mix(&hash, &p->ip.src, p->tcp.src_port);
		mix(&hash, &p->ip.dst, p->tcp.dst_port);
	} else {
		mix(&hash, &p->ip.dst, p->tcp.dst_port);
		mix(&hash, &p->ip.src, p->tcp.src_port);
	}
	return hash;
}
