#include "net/live_queue.h"

#include <stdlib.h>
#include <string.h>

#include "net/live_capture.h"

#define OCTETS (128 * 1024) /* of any one packet and some more */
#define BULK   6	    /* packets at once; fewer gain little as frames */

int live_queue_open(struct live_queue *q, struct error *err)
{
	*q = (struct live_queue){.octets = malloc(OCTETS)};
	if (!q->octets)
		return error_set(err, ERR_NOMEM, "out of memory");
	live_frames_open(&q->frames);
	return 0;
}

void live_queue_forgo_frames(struct live_queue *q)
{
	live_frames_close(&q->frames);
}

void live_queue_add(struct live_queue *q, struct live_inject *inject, struct span packet)
{
	if (q->count == LIVE_INJECT_BATCH || packet.len > OCTETS - q->used)
		live_queue_flush(q);
	memcpy(q->octets + q->used, packet.at, packet.len);
	q->inject[q->count] = inject;
	q->packet[q->count++] = span_of(q->octets + q->used, packet.len);
	q->used += packet.len;
}

static void send_raw(struct live_queue *q, unsigned first, unsigned count)
{
	q->lost += live_inject_send_all(q->inject[first], q->packet + first, count, &q->reason);
}

/* How many from `first` on have the same socket. */
static unsigned run_from(const struct live_queue *q, unsigned first)
{
	unsigned end = first + 1;

	while (end < q->count && q->inject[end] == q->inject[first])
		end++;
	return end - first;
}

/* Sends at least one through its raw socket, and returns how many. */
static unsigned send_as_packets(struct live_queue *q, int64_t now_ns, unsigned first)
{
	unsigned count = run_from(q, first);

	if (q->count < BULK || !live_frames_watch(&q->frames, now_ns, q->packet[first])) {
		send_raw(q, first, count);
		return count;
	}
	send_raw(q, first, 1);
	live_frames_learn(&q->frames, q->packet[first]);
	return 1;
}

/* Whatever the frames do not take, be it for a queue that is full, the raw sockets can wait with.
 */
void live_queue_flush(struct live_queue *q)
{
	int64_t now_ns = q->count < BULK ? 0 : live_clock_ns();
	unsigned done = 0;

	while (done < q->count) {
		if (q->count >= BULK)
			done +=
			    live_frames_send(&q->frames, now_ns, q->packet + done, q->count - done);
		if (done < q->count)
			done += send_as_packets(q, now_ns, done);
	}
	q->count = 0;
	q->used = 0;
}

void live_queue_close(struct live_queue *q)
{
	if (q->octets)
		live_frames_close(&q->frames);
	free(q->octets);
	*q = (struct live_queue){0};
}
