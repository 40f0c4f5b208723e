/* What is concluded from how a connection went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "probe/connection.h"

static struct connection_result client(enum conn_outcome outcome)
{
	return (struct connection_result){
	    .info = {.client = true, .version = 1, .outcome = outcome},
	    .established = outcome == OUTCOME_MPTCP || outcome == OUTCOME_FALLBACK,
	    .ended = outcome == OUTCOME_MPTCP || outcome == OUTCOME_FALLBACK};
}

static struct connection_result fallen(enum fallback_stage stage, enum fallback_reason reason)
{
	struct connection_result r = client(OUTCOME_FALLBACK);

	r.info.fallback_stage = stage;
	r.info.fallback_reason = reason;
	return r;
}

/* SYNs with MP_CAPABLE, without, and segments with data, so many of them again. */
static void carry(struct connection_result *r, unsigned with, unsigned plain, unsigned data,
		  unsigned again)
{
	struct conn_subflow_info *s = &r->info.subflow[0];

	r->info.subflow_count = 1;
	s->mss = 1000;
	s->plain_syns = plain;
	s->stats.syns = with + plain;
	s->stats.sent_octets = 1000 * data;
	s->stats.retransmitted_segments = again;
}

static void test_outcomes(void **state)
{
	static const struct {
		enum conn_outcome outcome;
		enum verdict verdict;
	} cases[] = {
	    {OUTCOME_MPTCP, VERDICT_CLEAN},	    {OUTCOME_FALLBACK, VERDICT_CLEAN},
	    {OUTCOME_REFUSED, VERDICT_UNREACHABLE}, {OUTCOME_TIMEOUT, VERDICT_UNREACHABLE},
	    {OUTCOME_RESET, VERDICT_INCONCLUSIVE},  {OUTCOME_NONE, VERDICT_INCONCLUSIVE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connection_result r = client(cases[i].outcome);

		connection_conclude(&r);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.finding_count, 0);
		assert_true(*r.reason);
	}
}

/* What each reason for a fallback says of the path. */
static void test_fallbacks(void **state)
{
	static const struct {
		enum fallback_stage stage;
		enum fallback_reason reason;
		enum verdict verdict;
		const char *field; /* NULL: no finding */
		enum change_kind change;
		enum cause cause;
	} cases[] = {
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_NO_CAPABLE, VERDICT_CLEAN,
	     "tcp.options.mptcp.mp_capable", CHANGE_REMOVED, CAUSE_TARGET},
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_MIRRORED, VERDICT_INTERFERENCE,
	     "tcp.options.mptcp.mp_capable", CHANGE_MIRRORED, CAUSE_MIRROR},
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_VERSION, VERDICT_CLEAN,
	     "tcp.options.mptcp.mp_capable", CHANGE_REWRITTEN, CAUSE_TARGET},
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_FLAGS, VERDICT_INCONCLUSIVE,
	     "tcp.options.mptcp.mp_capable", CHANGE_REWRITTEN, CAUSE_NONE},
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_SYN_LOST, VERDICT_INTERFERENCE,
	     "tcp.options.mptcp.mp_capable", CHANGE_DROPPED, CAUSE_BLACKHOLE},
	    {FALLBACK_FIRST_DATA, FALLBACK_BECAUSE_NO_DSS, VERDICT_INTERFERENCE,
	     "tcp.options.mptcp.dss", CHANGE_REMOVED, CAUSE_OPTION_STRIPPER},
	    {FALLBACK_THIRD_ACK, FALLBACK_BECAUSE_NO_KEYS, VERDICT_INTERFERENCE,
	     "tcp.options.mptcp.mp_capable", CHANGE_REMOVED, CAUSE_OPTION_STRIPPER},
	    {FALLBACK_LATER, FALLBACK_BECAUSE_CHECKSUM, VERDICT_INTERFERENCE, "tcp.payload",
	     CHANGE_REWRITTEN, CAUSE_ALG},
	    {FALLBACK_LATER, FALLBACK_BECAUSE_MP_FAIL, VERDICT_INTERFERENCE, "tcp.payload",
	     CHANGE_REWRITTEN, CAUSE_ALG},
	    {FALLBACK_LATER, FALLBACK_BECAUSE_INFINITE, VERDICT_INCONCLUSIVE,
	     "tcp.options.mptcp.dss", CHANGE_REMOVED, CAUSE_NONE},
	    {FALLBACK_SYN_ACK, FALLBACK_BECAUSE_SIMULTANEOUS, VERDICT_CLEAN, NULL, CHANGE_NONE,
	     CAUSE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connection_result r = fallen(cases[i].stage, cases[i].reason);

		carry(&r, 3, 1, 140, 0);
		connection_conclude(&r);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.finding_count, cases[i].field != NULL);
		if (!cases[i].field)
			continue;
		assert_string_equal(r.findings[0].field, cases[i].field);
		assert_int_equal(r.findings[0].change, cases[i].change);
		assert_int_equal(r.findings[0].cause, cases[i].cause);
		assert_int_equal(r.findings[0].basis, BASIS_ENDPOINT);
		assert_int_equal(r.findings[0].impact, IMPACT_FALLBACK);
		assert_false(r.findings[0].after.known || r.findings[0].by.known);
		assert_true(*r.findings[0].explain);
	}
}

/* A server knows nothing of a client that never spoke MPTCP to it. */
static void test_server_side(void **state)
{
	struct connection_result r = fallen(FALLBACK_SYN_ACK, FALLBACK_BECAUSE_NO_CAPABLE);

	(void)state;
	r.info.client = false;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_CLEAN);
	assert_int_equal(r.finding_count, 0);
	r = fallen(FALLBACK_FIRST_DATA, FALLBACK_BECAUSE_NO_KEYS);
	r.info.client = false;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
}

static void test_control(void **state)
{
	struct connection_result r = client(OUTCOME_REFUSED);

	(void)state;
	r.had_control = true;
	connection_conclude(&r); /* refused without MPTCP as well */
	assert_int_equal(r.verdict, VERDICT_UNREACHABLE);
	r.control_good = true;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	assert_int_equal(r.findings[0].change, CHANGE_RESET);
	assert_int_equal(r.findings[0].cause, CAUSE_RESETTER);
	assert_int_equal(r.findings[0].impact, IMPACT_BROKEN);
	assert_string_equal(r.findings[0].field, "tcp.options.mptcp.mp_capable");
	r.info.outcome = OUTCOME_TIMEOUT;
	r.with = (struct connection_trials){6, 6};
	r.without = (struct connection_trials){7, 0};
	connection_conclude(&r);
	assert_int_equal(r.findings[0].change, CHANGE_DROPPED);
	assert_string_equal(r.findings[0].field, "tcp.options.mptcp.mp_capable");
	r.established = true; /* so the SYN passed: it is what comes behind it */
	connection_conclude(&r);
	assert_int_equal(r.findings[0].change, CHANGE_DROPPED);
	assert_string_equal(r.findings[0].field, "tcp.options.mptcp.dss");
	r.info.outcome = OUTCOME_RESET;
	connection_conclude(&r);
	assert_int_equal(r.findings[0].change, CHANGE_RESET);
	assert_string_equal(r.findings[0].field, "tcp.options.mptcp.dss");
}

/* SYNs were lost; so is it loss? */
static void test_vanished(void **state)
{
	static const struct {
		unsigned with, data, again;
		enum verdict verdict;
	} cases[] = {
	    {3, 140, 0, VERDICT_INTERFERENCE},	{3, 140, 3, VERDICT_INTERFERENCE},
	    {3, 140, 30, VERDICT_INCONCLUSIVE}, {3, 1, 0, VERDICT_INCONCLUSIVE},
	    {3, 0, 0, VERDICT_INCONCLUSIVE},	{6, 12, 0, VERDICT_INTERFERENCE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connection_result r = fallen(FALLBACK_SYN_ACK, FALLBACK_BECAUSE_SYN_LOST);

		carry(&r, cases[i].with, 1, cases[i].data, cases[i].again);
		connection_conclude(&r);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.findings[0].confidence == CONFIDENCE_POSSIBLE,
				 r.verdict == VERDICT_INCONCLUSIVE);
	}
}

/* One after the other, each as it is asked for: with MPTCP never answered, and of the SYNs without
 * it so many lost. How many runs until it is clear? */
static unsigned check(struct connection_result *r, unsigned lost, bool answered)
{
	struct connection_result with = *r, without = client(OUTCOME_MPTCP);
	enum connection_run kind;
	unsigned runs = 0;

	connection_add(r, RUN_MPTCP, r, false);
	while ((kind = connection_next(r)) != RUN_NONE && runs++ < 100) {
		carry(&without, 0, 0, 0, 0);
		without.info.subflow[0].stats.syns = 1 + (lost > 0);
		lost -= lost > 0;
		connection_add(r, kind, kind == RUN_MPTCP ? &with : &without, answered);
	}
	connection_conclude(r);
	return runs;
}

static void test_repeated(void **state)
{
	struct connection_result r = client(OUTCOME_TIMEOUT);

	(void)state;
	carry(&r, 3, 0, 0, 0);
	assert_int_equal(check(&r, 0, true), 8); /* 6 SYNs against 7: one in 1716 */
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	r = client(OUTCOME_TIMEOUT);
	carry(&r, 3, 0, 0, 0);
	assert_in_range(check(&r, 1, true), 9, 20);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	r = client(OUTCOME_TIMEOUT);
	carry(&r, 3, 0, 0, 0);
	assert_in_range(check(&r, 100, true), 2, 10);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(r.reason, "lost on this path anyway"));
}

/* What is answered the second time was only lost; and so may be all else. */
static void test_not_repeated(void **state)
{
	struct connection_result r = client(OUTCOME_TIMEOUT), again = client(OUTCOME_MPTCP);

	(void)state;
	carry(&r, 3, 0, 0, 0);
	carry(&again, 1, 0, 0, 0);
	connection_add(&r, RUN_MPTCP, &r, false);
	assert_int_equal(connection_next(&r), RUN_PLAIN);
	connection_add(&r, RUN_PLAIN, &again, true);
	assert_int_equal(connection_next(&r), RUN_MPTCP);
	connection_add(&r, RUN_MPTCP, &again, true);
	assert_int_equal(connection_next(&r), RUN_NONE);
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
}

/* It came about, and then nothing. */
static void test_stood_still(void **state)
{
	struct connection_result r = client(OUTCOME_TIMEOUT);

	(void)state;
	r.established = true;
	carry(&r, 1, 0, 1, 5);
	r.info.subflow[0].in_vain = 5;
	assert_int_equal(check(&r, 0, false), 1); /* nor was the same without MPTCP answered */
	assert_int_equal(r.finding_count, 0);
	r.had_control = r.repeated = false;
	r.with = r.without = (struct connection_trials){0};
	assert_int_equal(check(&r, 0, true), 5);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	assert_string_equal(r.findings[0].field, "tcp.options.mptcp.dss");
}

static void test_subflow_reset_by_middlebox(void **state)
{
	struct connection_result r = client(OUTCOME_MPTCP);

	(void)state;
	r.info.subflow_count = 2;
	r.info.subflow[0].reset_reason = -1;
	r.info.subflow[1].close = SUBFLOW_RST;
	r.info.subflow[1].joined = true;
	r.info.subflow[1].reset_reason = 3; /* the peer's policy */
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_CLEAN);
	r.info.subflow[1].reset_reason = 6;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	assert_int_equal(r.findings[0].impact, IMPACT_NO_SUBFLOW);
	r.info.outcome = OUTCOME_RESET; /* and it was that, not a resetter */
	r.established = r.had_control = r.control_good = true;
	connection_conclude(&r);
	assert_int_equal(r.finding_count, 1);
	assert_int_equal(r.findings[0].impact, IMPACT_BROKEN);
	assert_int_equal(r.findings[0].cause, CAUSE_OPTION_STRIPPER);
}

/* What came in answer to MP_JOIN, and was none; each kind once, however often it was tried. */
static void test_joins(void **state)
{
	static const struct {
		enum conn_answer answer;
		enum change_kind change;
		enum confidence confidence;
	} cases[] = {
	    {ANSWER_WITHOUT, CHANGE_REMOVED, CONFIDENCE_LIKELY},
	    {ANSWER_COPIED, CHANGE_MIRRORED, CONFIDENCE_CERTAIN},
	    {ANSWER_FOREIGN, CHANGE_ANSWERED, CONFIDENCE_LIKELY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connection_result r = client(OUTCOME_MPTCP);

		r.info.subflow_count = 3;
		r.info.subflow[1].close = r.info.subflow[2].close = SUBFLOW_RST;
		r.info.subflow[1].reset_reason = r.info.subflow[2].reset_reason = 1;
		connection_conclude(&r);
		assert_int_equal(r.verdict, VERDICT_CLEAN);
		r.info.subflow[1].answer = r.info.subflow[2].answer = cases[i].answer;
		connection_conclude(&r);
		assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
		assert_int_equal(r.finding_count, 1);
		assert_string_equal(r.findings[0].field, "tcp.options.mptcp.mp_join");
		assert_int_equal(r.findings[0].change, cases[i].change);
		assert_int_equal(r.findings[0].confidence, cases[i].confidence);
		assert_int_equal(r.findings[0].impact, IMPACT_NO_SUBFLOW);
	}
}

/* A subflow that was reset for a checksum has no option missing. */
static void test_subflow_misfits(void **state)
{
	struct connection_result r = client(OUTCOME_MPTCP);

	(void)state;
	r.info.subflow_count = 2;
	r.info.subflow[0].reset_reason = -1;
	r.info.subflow[1].close = SUBFLOW_RST;
	r.info.subflow[1].reset_reason = 6;
	r.info.subflow[1].misfit = MISFIT_PEERS;
	connection_conclude(&r);
	assert_int_equal(r.finding_count, 1);
	assert_string_equal(r.findings[0].field, "tcp.payload");
	assert_int_equal(r.findings[0].direction, DIRECTION_FORWARD);
	r.info.subflow[1].misfit = MISFIT_OURS;
	r.info.checksum_failures = 1;
	connection_conclude(&r);
	assert_int_equal(r.finding_count, 1);
	assert_string_equal(r.findings[0].field, "tcp.payload");
	assert_int_equal(r.findings[0].direction, DIRECTION_REVERSE);
}

/* A DATA_ACK that stands still may be the peer's own fault. */
static void test_stalled(void **state)
{
	struct connection_result r = client(OUTCOME_TIMEOUT);

	(void)state;
	r.established = r.info.stalled = true;
	r.info.subflow_count = 1;
	r.info.subflow[0].close = SUBFLOW_RST;
	r.info.subflow[0].reset_reason = 1;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(r.finding_count, 0);
	assert_non_null(strstr(r.reason, "no longer acknowledged data"));
	r.had_control = r.control_good = r.interrupted = true;
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(r.finding_count, 0);
	assert_non_null(strstr(r.reason, "no longer acknowledged data"));
	r.info.checksum_failures = 1; /* that is shown */
	connection_conclude(&r);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
}

/* After a fallback what a checksum did not fit was delivered. */
static void test_intact(void **state)
{
	struct connection_result r = client(OUTCOME_MPTCP);

	(void)state;
	connection_conclude(&r);
	assert_true(r.intact);
	r.info.checksum_failures = 1;
	connection_conclude(&r);
	assert_true(r.intact);
	assert_int_equal(r.verdict, VERDICT_INTERFERENCE);
	r = fallen(FALLBACK_LATER, FALLBACK_BECAUSE_CHECKSUM);
	r.info.checksum_failures = 1;
	connection_conclude(&r);
	assert_false(r.intact);
	r.info.swapped_checksum = true; /* the target's own fault */
	connection_conclude(&r);
	assert_int_equal(r.findings[0].cause, CAUSE_TARGET);
	assert_int_equal(r.verdict, VERDICT_CLEAN);
	r = client(OUTCOME_MPTCP);
	r.ended = false;
	r.interrupted = true;
	connection_conclude(&r);
	assert_false(r.intact);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	r = fallen(FALLBACK_LATER, FALLBACK_BECAUSE_MP_FAIL); /* or what the peer's did not */
	connection_conclude(&r);
	assert_false(r.intact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_fallbacks),
	    cmocka_unit_test(test_server_side),
	    cmocka_unit_test(test_control),
	    cmocka_unit_test(test_vanished),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_not_repeated),
	    cmocka_unit_test(test_stood_still),
	    cmocka_unit_test(test_subflow_reset_by_middlebox),
	    cmocka_unit_test(test_joins),
	    cmocka_unit_test(test_subflow_misfits),
	    cmocka_unit_test(test_stalled),
	    cmocka_unit_test(test_intact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
