#include "net/live_queue.h"

#include <stdlib.h>
#include <string.h>

#define OCTETS (128 * 1024) /* of any one packet and some more */

int live_queue_open(struct live_queue *q, struct error *err)
{
	*q = (struct live_queue){.octets = malloc(OCTETS)};
	return q->octets ? 0 : error_set(err, ERR_NOMEM, "out of memory");
}

void live_queue_add(struct live_queue *q, struct live_inject *inject, struct span packet)
{
	if (inject != q->inject || q->count == LIVE_INJECT_BATCH || packet.len > OCTETS - q->used)
		live_queue_flush(q);
	q->inject = inject;
	memcpy(q->octets + q->used, packet.at, packet.len);
	q->packet[q->count++] = span_of(q->octets + q->used, packet.len);
	q->used += packet.len;
}

void live_queue_flush(struct live_queue *q)
{
	if (q->count)
		q->lost += live_inject_send_all(q->inject, q->packet, q->count, &q->reason);
	q->count = 0;
	q->used = 0;
}

void live_queue_close(struct live_queue *q)
{
	free(q->octets);
	*q = (struct live_queue){0};
}
