/* The segments of a connection that are held: taken from its endpoint, or made after them. */
#ifndef MBOXTRACE_PROBE_INSIDE_SEGMENT_H
#define MBOXTRACE_PROBE_INSIDE_SEGMENT_H

#include "mptcp/conn.h"
#include "probe/trace.h"

#define INSIDE_SEGMENTS_MAX 5 /* that go to the target in the end */

struct inside_segment {
	enum probe_role role;
	size_t len;
	uint8_t octets[PROBE_OCTETS_MAX];
};

/* An ACK as the endpoint would send it behind `data`, a segment of its that carries a DATA_ACK,
 * `later_ms` after it: with that DATA_ACK alone, with ADD_ADDR of our own address, or with
 * REMOVE_ADDR and MP_PRIO, as `role` says. False if there is no room or `data` is not such. */
bool inside_segment_ack(struct inside_segment *out, enum probe_role role, struct span data,
			const struct conn_info *info, uint32_t later_ms);
/* One of these once more, as the endpoint would send it `later_ms` after `last`, a segment of its:
 * with new timestamps and acknowledgement. False if `last` is not such. */
bool inside_segment_again(struct inside_segment *out, const struct inside_segment *held,
			  struct span last, uint32_t later_ms);
/* The same data without any option of MPTCP, `later_ms` after them: for routers only. */
bool inside_segment_plain(struct inside_segment *out, struct span data, uint32_t later_ms);

#endif
