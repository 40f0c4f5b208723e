#include "mptcp/dsn.h"

#include "util/time.h"

#define LIFETIME_NS (120 * NS_PER_S) /* of a segment: RFC 9293 §3.4.2 */
#define SPAN_MAX    (UINT64_C(1) << 30)

/* A lifetime lies within two spans, in which, half numbers being sent, less than half of what they
 * can tell apart is used up. */
void dsn_passed(struct dsn_pace *pace, uint64_t dsn, int64_t now_ns)
{
	bool much = dsn - pace->from >= SPAN_MAX;

	if (now_ns - pace->since_ns < LIFETIME_NS) {
		pace->fast = pace->fast || much;
		return;
	}
	*pace = (struct dsn_pace){.from = dsn, .since_ns = now_ns, .fast = much};
}
