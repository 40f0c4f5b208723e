/* What the target sends of its own, as it comes in, looked at from this end alone: was it cut or
 * joined on its way, and does the target send again what was not acknowledged?
 *
 * A sender gives every segment the mapping of its data (RFC 8684 §3.3.1), and fills segments as
 * long as it has data. So a short segment that ends where its mapping goes on was cut, and what
 * goes beyond its mapping, or bears two, was joined, as was what is as long as several segments of
 * the MSS that we announced: that is small, to have many segments of few data, and wider than no
 * path is. What our own host joins (GRO) has no checksum of its own, and its parts bear one
 * mapping.
 *
 * What is not acknowledged a sender sends again, with a newer timestamp. If instead it maps the
 * same data anew, somebody has acknowledged the former in our name. */
#ifndef MBOXTRACE_PROBE_INSIDE_BACK_H
#define MBOXTRACE_PROBE_INSIDE_BACK_H

#include "packet/packet.h"
#include "probe/trace.h"

#define BACK_SEGMENTS_MAX 64
#define BACK_MSS	  536 /* what every host takes (RFC 9293 §3.7.1) */

struct back_segment {
	uint32_t seq, end;
	bool mapped;
	uint32_t from, to; /* what its mapping covers, as sequence numbers */
	uint32_t origin;   /* of its mapping: sequence number less data sequence number */
	bool stamped;
	uint32_t stamp;
	int64_t time_ns;
};

struct inside_back {
	bool opened;
	uint32_t isn;
	uint32_t acked; /* how far we acknowledged … */
	bool has_acked; /* … if at all */
	bool stamped;
	uint32_t first_stamp, stamp; /* the first, the newest */
	int64_t first_ns, newest_ns; /* when it came; when the last new segment came */
	int64_t stale_ns;
	unsigned stale; /* copies with old timestamps, each long behind the one before */
	size_t count;	/* of segments that were new */
	struct back_segment segment[BACK_SEGMENTS_MAX];
	struct trace_back result;
};

/* A segment of the target's came, or one of ours left. */
void inside_back_receive(struct inside_back *b, const struct packet *p, int64_t now_ns);
void inside_back_send(struct inside_back *b, const struct packet *p);

/* It came whole and its checksum fits. Not left to hardware that it never met, as what the host
 * itself joined or never split. */
bool inside_back_has_checksum(const struct packet *p);
/* Does it belong to data that are mapped? */
bool inside_back_is_mapped(const struct inside_back *b, const struct packet *p);
/* Did all that was mapped come? */
bool inside_back_is_whole(const struct inside_back *b);
/* Once nothing more is waited for. */
void inside_back_conclude(struct inside_back *b);

#endif
