/* What is chosen by name makes the difference that it is there for. */
#include <string.h>

#include "packet/mptcp_option.h"
#include "support/cmocka_all.h"
#include "support/endpoint_pair.h"
#include "util/octets.h"

#define UP_NS (1200 * NS_PER_MS) /* both paths are in use from here on */

/* Data segments of the client, by path. */
struct tally {
	uint16_t clamp;				    /* MSS of the second path */
	unsigned segments[2], longest[2], tails[2]; /* tails: shorter than half of the longest */
};

static void clamp_mss(const struct tally *t, struct duo_packet *packet, const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_MSS, -1);

	if (!o || !t->clamp)
		return;
	store_u16(packet->octets + (o->at - packet->octets) + 2, t->clamp);
	packet_fix_checksums(packet->octets, packet->len);
}

static bool look(struct duo *pair, struct duo_packet *packet)
{
	struct tally *t = pair->context;
	struct packet p;
	unsigned path;

	packet_parse(&p, span_of(packet->octets, packet->len));
	path = (packet->from == CLIENT ? p.ip.src : p.ip.dst).octets[3] - 1u;
	if (path == 1 && p.tcp.flags & TCP_SYN)
		clamp_mss(t, packet, &p);
	if (packet->from == SERVER || !p.payload.len || path > 1 || pair->now_ns < UP_NS)
		return true;
	t->segments[path]++;
	if (p.payload.len > t->longest[path])
		t->longest[path] = (unsigned)p.payload.len;
	t->tails[path] += p.payload.len < t->longest[path] / 2;
	return true;
}

static void two_paths(struct duo *p, struct tally *t)
{
	duo_init(p, 21);
	duo_addresses(p, 2, 1);
	p->hook = look;
	p->context = t;
	for (int i = 0; i < 2; i++) {
		p->path[i].rate = 1250000;
		p->path[i].queue = 64000;
	}
}

/* Sends so much; in how many milliseconds? */
static long transfer(struct duo *p, uint64_t octets)
{
	int64_t start = p->now_ns;

	p->side[CLIENT].to_send = octets;
	duo_start(p);
	while (p->side[SERVER].received < octets && p->now_ns < start + 300 * NS_PER_S)
		duo_run(p, 20 * NS_PER_MS);
	assert_int_equal(p->side[SERVER].received, octets);
	assert_false(p->side[SERVER].corrupt);
	return (long)((p->now_ns - start) / NS_PER_MS);
}

/* RFC 8041 §3.8: the second path takes 960 octets, the first 1420. Cut for the longer, segments
 * leave a tail on the second path; cut for the shorter, none, but the first is not used to the
 * full; in between it depends on which of them carries more. */
static void segment_sizes(void **state)
{
	static const struct {
		enum mss_policy policy;
		uint64_t rate[2];
		bool like_min;
	} row[] = {
	    {MSS_MAX, {125000, 2500000}, false},
	    {MSS_MIN, {2500000, 125000}, true},
	    {MSS_ADAPTIVE, {2500000, 125000}, false},
	    {MSS_ADAPTIVE, {125000, 2500000}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct tally t = {.clamp = 1000};
		unsigned tenth;
		struct duo p;

		two_paths(&p, &t);
		p.path[0].rate = row[i].rate[0];
		p.path[1].rate = row[i].rate[1];
		p.config[CLIENT].mss_policy = row[i].policy;
		transfer(&p, 5000000);
		tenth = t.segments[1] / 10;
		assert_int_equal(t.longest[1], 960);
		assert_true(t.segments[0] > 100 && t.segments[1] > 100);
		if (row[i].like_min ? t.tails[1] > tenth : t.tails[1] < 3 * tenth)
			fail_msg("row %zu: %u tails of %u", i, t.tails[1], t.segments[1]);
		assert_int_equal(t.longest[0], row[i].like_min ? 960 : 1420);
		duo_fini(&p);
	}
}

/* All goes over both: nothing is missed of one that goes dark. */
static void redundant_is_twice_the_stream(void **state)
{
	struct tally t = {0};
	struct conn_info info;
	struct duo p;
	long whole, cut;

	(void)state;
	two_paths(&p, &t);
	p.config[CLIENT].scheduler = "redundant";
	whole = transfer(&p, 2000000);
	info = duo_info(&p, CLIENT);
	assert_true(info.subflow[0].stats.sent_octets > 1800000);
	assert_true(info.subflow[1].stats.sent_octets > 1600000);
	duo_fini(&p);

	two_paths(&p, &t);
	p.config[CLIENT].scheduler = "redundant";
	p.path[0].cut_from_ns = 2 * NS_PER_S;
	p.path[0].cut_to_ns = 3000 * NS_PER_S;
	cut = transfer(&p, 2000000);
	assert_in_range(cut, whole - 20, whole + 200);
	duo_fini(&p);
}

/* A path of 20 ms and one of 400, and a window that the slow one's share fills. */
static struct conn_info small_window(struct duo *p, struct tally *t, const char *scheduler,
				     long *took)
{
	two_paths(p, t);
	p->config[CLIENT].scheduler = scheduler;
	p->config[SERVER].receive_buffer = 120000;
	p->path[1].delay_ns = 200 * NS_PER_MS;
	*took = transfer(p, 4000000);
	return duo_info(p, CLIENT);
}

/* RFC 8041 §2.2: what holds up the window goes again over the fast path, and the slow one is made
 * to take less: together they are about as fast as the fast one alone (3.3 s). */
static void a_slow_path_does_not_hold_up_the_fast(void **state)
{
	struct tally t = {0};
	struct conn_info info;
	struct duo p;
	long took;

	(void)state;
	info = small_window(&p, &t, "lowest-rtt", &took);
	assert_true(info.subflow[0].reinjected > 0);
	assert_true(took < 4500);
	duo_fini(&p);
}

/* A backup stays idle however fast it is, and however full the window (RFC 8684 §3.3.8). */
static void a_full_window_wakes_no_backup(void **state)
{
	struct tally t = {0};
	struct duo p;

	(void)state;
	two_paths(&p, &t);
	p.config[CLIENT].pm = "backup";
	p.config[SERVER].receive_buffer = 40000;
	p.path[0].delay_ns = 200 * NS_PER_MS;
	p.path[1].delay_ns = 10 * NS_PER_MS;
	transfer(&p, 1000000);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].stats.sent_octets, 0);
	duo_fini(&p);
}

/* BLEST does not let it come to that. */
static void blest_spares_the_slow_path(void **state)
{
	struct tally t = {0};
	struct conn_info lowest, blest;
	struct duo p;
	long took;

	(void)state;
	lowest = small_window(&p, &t, "lowest-rtt", &took);
	duo_fini(&p);
	blest = small_window(&p, &t, "blest", &took);
	duo_fini(&p);
	assert_true(blest.subflow[1].stats.sent_octets * 2 < lowest.subflow[1].stats.sent_octets);
	assert_true(took < 4000);
}

/* One path, 20 ms, with a queue of 200 ms: who watches delays leaves it empty, who waits for a loss
 * fills it; and each by name has a window of its own. */
static void congestion_control_by_name(void **state)
{
	static const struct {
		const char *cc;
		bool fills;
	} row[] = {
	    {"reno", true}, {"cubic", true}, {"lia", true},
	    {"olia", true}, {"balia", true}, {"wvegas", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct tally t = {0};
		struct duo p;
		int64_t srtt_ns;

		two_paths(&p, &t);
		duo_addresses(&p, 1, 1);
		p.config[CLIENT].cc = row[i].cc;
		p.path[0].queue = 250000;
		transfer(&p, 8000000);
		srtt_ns = duo_info(&p, CLIENT).subflow[0].srtt_ns;
		assert_true(row[i].fills ? srtt_ns > 80 * NS_PER_MS : srtt_ns < 45 * NS_PER_MS);
		duo_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(segment_sizes),
	    cmocka_unit_test(redundant_is_twice_the_stream),
	    cmocka_unit_test(a_slow_path_does_not_hold_up_the_fast),
	    cmocka_unit_test(a_full_window_wakes_no_backup),
	    cmocka_unit_test(blest_spares_the_slow_path),
	    cmocka_unit_test(congestion_control_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
