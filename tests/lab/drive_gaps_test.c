/* An endpoint whose process is kept from running now and then: what was acknowledged meanwhile is
 * not sent again, and a backup is not used because of it. */
#include "probe/drive.h"
#include "support/cmocka_all.h"
#include "support/gaps.h"
#include "support/lab_plan.h"
#include "support/seed.h"

#define OCTETS 20000000

struct run {
	struct gaps gaps;
	struct net *net;
	struct endpoint *endpoint;
	struct conn *conn;
	struct lab_app app;
	struct conn_info info;
	bool closed;
};

static void on_event(void *context, const struct endpoint_event *event)
{
	struct run *r = context;

	if (event->kind == EVENT_CLOSED)
		conn_info(r->conn, &r->info);
	r->closed |= event->kind == EVENT_CLOSED;
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct run *r = context;

	if (!r->closed)
		lab_app_run(&r->app, r->conn, now_ns);
	return TIME_NEVER;
}

static bool on_finished(void *context)
{
	return ((const struct run *)context)->closed;
}

static void open_run(struct run *r, struct lab *lab, uint64_t seed)
{
	struct endpoint_config config = {.seed = seed};
	struct conn_config conn;
	struct ip_addr client[LAB_ADDRS_MAX], target[LAB_ADDRS_MAX];

	conn_config_defaults(&conn);
	conn.local_count = lab_client_addrs(lab, client);
	lab_target_addrs(lab, target);
	for (size_t i = 0; i < conn.local_count; i++)
		conn.local[i] =
		    (struct pm_addr){.addr = client[i], .id = (uint8_t)i, .backup = i > 0};
	r->gaps.naps = 0.0005;
	r->gaps.longest_ns = NS_PER_S / 2;
	r->net = gaps_open(&r->gaps, lab_net(lab), seed);
	r->endpoint = endpoint_new(&config, NULL);
	r->conn = endpoint_connect(r->endpoint, &target[0], lab_target(lab)->port, &conn,
				   net_now_ns(r->net), NULL);
	assert_non_null(r->conn);
	lab_app_init(&r->app, lab_app_find("send"), 1, 2, OCTETS);
}

static void run_once(uint64_t seed)
{
	static struct run r;
	struct drive drive = {
	    .context = &r, .event = on_event, .pump = on_pump, .finished = on_finished};
	struct lab_plan plan;
	struct lab *lab;

	lab_plan_defaults(&plan);
	plan.paths = 2;
	plan.link[1] = plan.link[0];
	lab = lab_plan_build(&plan, seed);
	r = (struct run){0};
	open_run(&r, lab, seed);
	drive.endpoint = r.endpoint;
	drive.net = r.net;
	assert_int_equal(drive_run(&drive, &(struct error){0}), 0);
	assert_int_equal(r.info.sent, OCTETS);
	assert_int_equal(r.info.subflow_count, 2);
	assert_int_equal(r.info.subflow[0].stats.timeouts, 0);
	assert_int_equal(r.info.subflow[0].stats.sent_octets, OCTETS);
	assert_int_equal(r.info.subflow[1].stats.sent_octets, 0);
	endpoint_free(r.endpoint);
	net_close(r.net);
	lab_free(lab);
}

static void naps(void **state)
{
	struct rng rng = test_rng("naps");

	(void)state;
	for (int i = 0; i < 10; i++)
		run_once(rng_u64(&rng));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(naps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
