#include "support/cc_conn.h"

#include "support/cmocka_all.h"

#include <string.h>

#include "util/time.h"

void cc_conn_open(struct cc_conn *c, const char *cc)
{
	memset(c, 0, sizeof(*c));
	c->cc = cc_find(cc);
	assert_non_null(c->cc);
}

struct cc_flow *cc_conn_add(struct cc_conn *c, uint32_t segments, int64_t rtt_ms)
{
	struct cc_flow *f = &c->flow[c->group.count];

	c->group.flow[c->group.count++] = f;
	f->mss = CC_CONN_MSS;
	f->established = true;
	f->srtt_ns = f->min_rtt_ns = f->latest_rtt_ns = rtt_ms * NS_PER_MS;
	c->cc->init(f, c->now_ns);
	f->cwnd = f->ssthresh = segments * CC_CONN_MSS;
	f->app_limited = true;
	cc_conn_ack(c, f, 1);
	f->app_limited = false;
	return f;
}

void cc_conn_ack(struct cc_conn *c, struct cc_flow *f, uint32_t octets)
{
	f->in_flight = f->cwnd;
	c->cc->acked(&c->group, f, octets, c->now_ns);
}

void cc_conn_lose(struct cc_conn *c, struct cc_flow *f)
{
	f->in_flight = f->cwnd;
	c->cc->lost(&c->group, f, c->now_ns);
}

void cc_conn_time_out(struct cc_conn *c, struct cc_flow *f)
{
	f->in_flight = f->cwnd;
	c->cc->timeout(&c->group, f, c->now_ns);
}

int cc_conn_acks_to_move(struct cc_conn *c, struct cc_flow *f, int *by)
{
	uint32_t before = f->cwnd;
	int n = 0;

	while (n < 100000 && f->cwnd == before) {
		cc_conn_ack(c, f, CC_CONN_MSS);
		n++;
	}
	*by = (int)f->cwnd - (int)before;
	return n;
}

void cc_conn_run_ms(struct cc_conn *c, struct cc_flow *f, int64_t ms)
{
	int64_t end = c->now_ns + ms * NS_PER_MS;

	while (c->now_ns < end) {
		uint32_t n = f->cwnd / CC_CONN_MSS;

		for (uint32_t i = 0; i < n && c->now_ns < end; i++) {
			c->now_ns += f->srtt_ns / n;
			cc_conn_ack(c, f, CC_CONN_MSS);
		}
	}
}
