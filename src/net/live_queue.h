/* Packets on their way out that wait for company: one system call sends them all, as frames if they
 * are many (live_frames.h). */
#ifndef MBOXTRACE_NET_LIVE_QUEUE_H
#define MBOXTRACE_NET_LIVE_QUEUE_H

#include "net/live_frames.h"
#include "net/live_inject.h"

struct live_queue {
	uint8_t *octets; /* owned */
	size_t used;
	unsigned count;
	struct span packet[LIVE_INJECT_BATCH];
	struct live_inject *inject[LIVE_INJECT_BATCH]; /* of each */
	struct live_frames frames;
	uint64_t lost;	     /* packets that could not be sent … */
	struct error reason; /* … and why the last of them */
};

int live_queue_open(struct live_queue *q, struct error *err); /* 0 or ERR_NOMEM */
void live_queue_forgo_frames(struct live_queue *q);
/* Copies the packet. What waits is sent when there is no more room, or by live_queue_flush. */
void live_queue_add(struct live_queue *q, struct live_inject *inject, struct span packet);
void live_queue_flush(struct live_queue *q);
void live_queue_close(struct live_queue *q); /* sends nothing */

#endif
