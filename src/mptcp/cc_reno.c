#include "mptcp/cc_common.h"

static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	if (!f->app_limited && !cc_slow_start(f, octets))
		cc_avoid(f, octets);
}

const struct cc_ops cc_reno = {
    .name = "reno",
    .init = cc_init,
    .acked = acked,
    .lost = cc_lost,
    .timeout = cc_timeout,
};
