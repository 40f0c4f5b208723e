/* A block of local TCP ports kept from other programs, on all addresses and both families: bound,
 * never listened on. */
#ifndef MBOXTRACE_NET_LIVE_BLOCK_H
#define MBOXTRACE_NET_LIVE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define LIVE_BLOCK_MAX 256

struct live_block {
	int fds[LIVE_BLOCK_MAX];
	size_t count;
};

/* Reserves this port as well; ERR_USAGE if it is taken; ERR_PERMISSION; ERR_DEVICE. */
int live_block_add(struct live_block *block, uint16_t port, struct error *err);
/* Reserves `count` ports that follow each other, where the kernel finds some free, and says which
 * is the first. */
int live_block_find(struct live_block *block, size_t count, uint16_t *first, struct error *err);
/* Why a port could not be reserved, by errno. */
int live_block_explain(uint16_t port, int failed, struct error *err);
void live_block_close(struct live_block *block);

#endif
