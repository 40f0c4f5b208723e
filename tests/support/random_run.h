/* Random connections through random boxes and links, by seed; and what of them is wrong. */
#ifndef MBOXTRACE_TESTS_SUPPORT_RANDOM_RUN_H
#define MBOXTRACE_TESTS_SUPPORT_RANDOM_RUN_H

#include "support/lab_plan.h"

/* What RFC 8684 lets a connection do in answer to a box. */
enum leave {
	NOTHING = 0,
	/* §3.7: "SHOULD fall back to regular TCP if either of the SYN messages does not have the
	 * MPTCP options" */
	FALLS_BY_SYN = 1,
	/* §3.7: "If, however, an ACK is received for data (not just for the SYN) without a DSS
	 * option containing a Data ACK, the sender determines that the path is not MPTCP capable.
	 * [...] the implementation MUST drop out of MPTCP mode"; §3.1 says so of the third ACK, §6
	 * of proxies that acknowledge early. */
	FALLS_BY_SILENCE = 2,
	/* §3.7: "an infinite mapping can be applied to the subflow without the need to close it",
	 * once "a single subflow [...] fails with a checksum error"; with several "the affected
	 * subflow MUST be immediately closed with an RST", if need be one after the other. */
	FALLS_BY_CHECKSUM = 4,
	/* §3.7: "If a subflow breaks during operation, e.g., if it is rerouted and MPTCP options
	 * are no longer permitted [...] the subflow SHOULD be treated as broken and closed with an
	 * RST"; the same where data is not contiguous and cannot be mapped infinitely, and for what
	 * cannot be delivered because its mapping is gone (§3.3.1). */
	BREAKS = 8,
	/* §3.7: "if checksum usage has not been negotiated, this fallback mechanism cannot be
	 * used"; and after an infinite mapping "data can be altered by a middlebox without
	 * affecting MPTCP" */
	CHANGES = 16,
	/* What was acknowledged and did not arrive is lost to TCP (RFC 9293 §3.10.7.4: "segments on
	 * the retransmission queue that are thereby entirely acknowledged are removed"), and to
	 * whoever fell back (§3.7: "it MUST only use subflow ACKs to clear its send buffer"): both
	 * ends live, and wait. An application has to end it; or, where segments are sent behind
	 * that hole for which the receiver has no room, TCP gives up in its time (RFC 1122
	 * §4.2.3.5: R2). */
	STALLS = 32,
	/* An ACK in the peer's name makes that of things which the peer cannot use: of segments
	 * that were merged, so that their keys and mappings never come again; of stamps that a box
	 * has mirrored, beside which the peer's own look old (RFC 7323 §5.3: "it is not
	 * acceptable"). */
	LIES = 64,
	SPOILS = 128,
	/* It has connections of its own, whose reasons nobody here sees, and keeps none alive: the
	 * one whose other end went by a RST that was lost stays half open (RFC 9293 §3.5.1). */
	TERMINATES = 256,
};

struct random_run {
	uint64_t seed;
	struct rng rng;
	struct lab_plan plan;
	struct lab_run_spec spec;
	struct lab_run run;
	unsigned leave;
	unsigned leave_first; /* of the boxes on the first path */
};

void random_setup(struct random_run *r, uint64_t seed);
/* What of the invariants is broken after the run; NULL: nothing. */
const char *random_wrong(const struct random_run *r);
bool random_fell_back(const struct lab_run *run);

#endif
