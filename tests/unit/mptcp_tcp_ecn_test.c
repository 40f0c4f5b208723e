/* Explicit congestion notification, RFC 3168. */
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

/* What the path does, and what was seen on it. */
static struct seen {
	uint64_t mark_from, mark_to; /* data segments of end 0, by number of transmission */
	uint64_t lose;		     /* this one */
	unsigned lose_syns, lose_cwrs;
	unsigned syns_asking, syns; /* SYNs with ECE and CWR; all */
	unsigned ect_again, cwrs, echoes;
	uint32_t highest; /* end of what was sent, relative */
} seen;

static bool look_syn(const struct packet *p)
{
	seen.syns++;
	seen.syns_asking += (p->tcp.flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
	return seen.syns > seen.lose_syns;
}

static bool path(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		 const struct packet *p)
{
	uint32_t at = p->tcp.seq - pair->end[0].tcp.iss;
	uint64_t n = pair->counter;

	if (from == 0 && p->tcp.flags & TCP_SYN)
		return look_syn(p);
	if (from == 1)
		seen.echoes += (p->tcp.flags & TCP_ECE) && !(p->tcp.flags & TCP_SYN);
	if (from == 1 || !p->payload.len)
		return true;
	if (at < seen.highest)
		seen.ect_again += p->ip.ecn != 0;
	else
		seen.highest = at + (uint32_t)p->payload.len;
	pair->counter++;
	if (p->ip.ecn == 2 && n >= seen.mark_from && n < seen.mark_to) {
		octets[1] |= 3;
		packet_fix_checksums(octets, len);
	}
	if (p->tcp.flags & TCP_CWR && seen.cwrs++ < seen.lose_cwrs)
		return false;
	return n != seen.lose || !seen.lose;
}

static struct tcp *begin(struct tcp_pair *pair, bool ecn)
{
	seen = (struct seen){0};
	pair_init(pair, 1);
	pair->filter = path;
	pair->config[0].ecn = pair->config[1].ecn = ecn;
	pair->config[0].mss = pair->config[1].mss = 1012;
	return &pair->end[0].tcp;
}

static void transfer(struct tcp_pair *pair, uint64_t octets)
{
	pair->end[0].to_send = octets;
	pair_open(pair);
	assert_true(pair_settle(pair, 60 * NS_PER_S));
	assert_true(pair_whole(pair));
}

/* §6.1.1.1: a SYN that asks for ECN may be what the path does not like. */
static void a_syn_that_vanished_goes_without(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, true);
	seen.lose_syns = 1;
	transfer(&pair, 10000);
	assert_int_equal(seen.syns, 2);
	assert_int_equal(seen.syns_asking, 1);
	assert_false(t->ecn_on || pair.end[1].tcp.ecn_on);
	pair_fini(&pair);
}

/* §6.1.5: what is sent again is not ECN-capable. */
static void retransmissions_are_not_capable(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, true);
	seen.lose = 30;
	transfer(&pair, 100000);
	assert_true(t->ecn_on);
	assert_int_equal(t->stats.retransmitted_segments, 1);
	assert_int_equal(seen.ect_again, 0);
	pair_fini(&pair);
}

/* §6.1.2: one reduction a window, however many marks; the next window's are heard again. */
static void one_reduction_a_window(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, true);
	seen.mark_from = 40;
	seen.mark_to = 50;
	transfer(&pair, 200000);
	assert_int_equal(t->stats.ecn_marks, 1);
	assert_int_equal(seen.cwrs, 1);
	assert_int_equal(t->stats.retransmitted_segments, 0);
	pair_fini(&pair);

	t = begin(&pair, true);
	seen.mark_from = 40;
	seen.mark_to = 120;
	transfer(&pair, 200000);
	assert_in_range(t->stats.ecn_marks, 2, 8);
	assert_int_equal(seen.cwrs, t->stats.ecn_marks);
	pair_fini(&pair);
}

/* §6.1.3: the echo goes on until CWR is there, and not longer. */
static void echoes_until_cwr(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, true);
	seen.mark_from = 40;
	seen.mark_to = 41;
	seen.lose_cwrs = 1;
	transfer(&pair, 300000);
	assert_true(seen.echoes > 5);
	assert_true(seen.cwrs >= 2);
	assert_false(pair.end[1].tcp.ecn_echo);
	assert_true(t->stats.ecn_marks <= 3);
	pair_fini(&pair);
}

/* Who did not agree hears no echo and sends none. */
static void not_agreed_on(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, false);
	pair_connect(&pair);
	pair_forge(&pair, 0, TCP_ACK | TCP_ECE, t->rcv_nxt, t->snd_nxt, span_of(NULL, 0));
	assert_int_equal(t->stats.ecn_marks, 0);
	assert_int_equal(seen.syns_asking, 0);
	pair_fini(&pair);
}

/* Boxes that drop what could be marked: it goes without, and what is marked is echoed all the same.
 */
static bool drop_capable(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			 const struct packet *p)
{
	(void)pair;
	(void)octets;
	(void)len;
	if (from == 0 && p->ip.ecn)
		seen.cwrs++;
	return from || !p->ip.ecn;
}

static void a_path_without_capable_segments(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = begin(&pair, true);

	(void)state;
	pair.filter = drop_capable;
	transfer(&pair, 300000);
	assert_true(t->ecn_on);
	assert_true(seen.cwrs > 0 && seen.cwrs <= 20);
	assert_true(pair.now_ns < 3 * NS_PER_S);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_syn_that_vanished_goes_without),
	    cmocka_unit_test(retransmissions_are_not_capable),
	    cmocka_unit_test(one_reduction_a_window),
	    cmocka_unit_test(echoes_until_cwr),
	    cmocka_unit_test(not_agreed_on),
	    cmocka_unit_test(a_path_without_capable_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
