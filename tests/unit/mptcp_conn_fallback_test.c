/* Every way out of MPTCP (RFC 8684 §3.7), made by boxes on the path: where it is taken and why, on
 * both sides; and the stream arrives in any case. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "packet/mptcp_option.h"
#include "support/option_box.h"

#define M(subtype) (1u << MPTCP_##subtype)

struct expectation {
	enum conn_outcome outcome;
	enum fallback_stage stage;
	enum fallback_reason reason;
};

#define MPTCP_WORKS                                                                                \
	{                                                                                          \
		OUTCOME_MPTCP, FALLBACK_NONE, FALLBACK_BECAUSE_NONE                                \
	}
#define FALLS(stage, reason)                                                                       \
	{                                                                                          \
		OUTCOME_FALLBACK, FALLBACK_##stage, FALLBACK_BECAUSE_##reason                      \
	}

static const struct fallback_case {
	const char *name;
	struct option_box box[3];
	uint8_t client_version, server_version;
	bool checksum, refuse_checksum;
	unsigned up, down; /* octets */
	struct expectation client, server;
} cases[] = {
    {"nothing is done", {{0}}, 1, 1, false, false, 50000, 50000, MPTCP_WORKS, MPTCP_WORKS},
    {"cut from the SYN",
     {{BOX_CUT, CLIENT, 0, ON_SYN, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(SYN_ACK, NO_CAPABLE)},
    {"cut from the SYN/ACK, the client speaks first",
     {{BOX_NOP, SERVER, 0, ON_SYN_ACK, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     0,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"cut from the SYN/ACK, the server speaks first",
     {{BOX_NOP, SERVER, 0, ON_SYN_ACK, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     0,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"mirrored in the SYN/ACK, v1",
     {{BOX_MIRROR, -1, 0, ON_SYN | ON_SYN_ACK, M(CAPABLE), 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, MIRRORED),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"mirrored in the SYN/ACK, v0",
     {{BOX_MIRROR, -1, 0, ON_SYN | ON_SYN_ACK, M(CAPABLE), 0, 0, 0, 0, 0, {0}, 0}},
     0,
     0,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, MIRRORED),
     FALLS(FIRST_DATA, NO_DSS)},
    {"a v1 client and a v0 server",
     {{0}},
     1,
     0,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(SYN_ACK, VERSION)},
    {"a v0 client and a v1 server",
     {{0}},
     0,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(SYN_ACK, VERSION)},
    {"B set in the SYN",
     {{BOX_FLAGS, CLIENT, 0, ON_SYN, M(CAPABLE), 0, 0, MPTCP_CAPABLE_B, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(SYN_ACK, FLAGS)},
    {"H cleared in the SYN/ACK",
     {{BOX_FLAGS, SERVER, 0, ON_SYN_ACK, M(CAPABLE), 0, 0, MPTCP_CAPABLE_H, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, FLAGS),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"A set on the way of the third ACK",
     {{BOX_FLAGS, CLIENT, 0, ON_REST, M(CAPABLE), 0, 0, MPTCP_CAPABLE_A, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(FIRST_DATA, NO_DSS),
     FALLS(THIRD_ACK, FLAGS)},
    {"checksums demanded and refused",
     {{0}},
     1,
     1,
     true,
     true,
     50000,
     50000,
     FALLS(SYN_ACK, NO_CAPABLE),
     FALLS(SYN_ACK, CHECKSUM_REFUSED)},
    {"SYNs with the option vanish",
     {{BOX_DROP, CLIENT, 0, ON_SYN, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(SYN_ACK, SYN_LOST),
     FALLS(SYN_ACK, NO_CAPABLE)},
    {"the client's options vanish after the SYN (EOL), it speaks first",
     {{BOX_EOL, CLIENT, 0, ON_REST, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(FIRST_DATA, NO_DSS),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"the client's options vanish after the SYN, v0",
     {{BOX_NOP, CLIENT, 0, ON_REST, 0, 0, 0, 0, 0, 0, {0}, 0}},
     0,
     0,
     false,
     false,
     50000,
     0,
     FALLS(FIRST_DATA, INFINITE),
     FALLS(FIRST_DATA, NO_DSS)},
    {"the server's options vanish after the SYN/ACK, the client speaks first",
     {{BOX_NOP, SERVER, 0, ON_REST, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(FIRST_DATA, NO_DSS),
     FALLS(LATER, INFINITE)},
    {"the server's options vanish after the SYN/ACK, it speaks first",
     {{BOX_NOP, SERVER, 0, ON_REST, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     0,
     50000,
     FALLS(FIRST_DATA, NO_DSS),
     FALLS(FIRST_DATA, INFINITE)},
    {"all options vanish after the SYN",
     {{BOX_CUT, -1, 0, ON_REST, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     FALLS(FIRST_DATA, NO_DSS),
     FALLS(THIRD_ACK, NO_KEYS)},
    {"data segments are split, checksums",
     {{BOX_SPLIT, -1, 0, ON_DATA, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     true,
     false,
     50000,
     50000,
     MPTCP_WORKS,
     MPTCP_WORKS},
    {"data segments are split, no checksums",
     {{BOX_SPLIT, -1, 0, ON_DATA, 0, 0, 0, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     MPTCP_WORKS,
     MPTCP_WORKS},
    {"the third ACK is lost, the client speaks first",
     {{BOX_DROP, CLIENT, 0, ON_ACK, M(CAPABLE), 0, 1, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     MPTCP_WORKS,
     MPTCP_WORKS},
    {"the third ACK is lost, the server speaks first",
     {{BOX_DROP, CLIENT, 0, ON_ACK, M(CAPABLE), 0, 1, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     0,
     50000,
     MPTCP_WORKS,
     MPTCP_WORKS},
    {"third ACK and first data are lost",
     {{BOX_DROP, CLIENT, 0, ON_REST, M(CAPABLE), 0, 2, 0, 0, 0, {0}, 0}},
     1,
     1,
     false,
     false,
     50000,
     50000,
     MPTCP_WORKS,
     MPTCP_WORKS},
};

static void prepare(struct duo *p, const struct fallback_case *one, struct option_box *box)
{
	duo_init(p, 42);
	p->config[CLIENT].version = one->client_version;
	p->config[SERVER].version = one->server_version;
	p->config[CLIENT].checksum = one->checksum;
	p->config[SERVER].refuse_checksum = one->refuse_checksum;
	p->side[CLIENT].to_send = one->up;
	p->side[SERVER].to_send = one->down;
	for (int i = 0; i < 3; i++)
		box[i] = one->box[i];
	p->hook = option_box;
	p->context = box;
}

static bool check(const struct duo *p, int side, const struct expectation *e)
{
	struct conn_info info = duo_info(p, side);

	if (info.outcome == e->outcome && info.fallback_stage == e->stage &&
	    info.fallback_reason == e->reason)
		return true;
	fprintf(stderr, "  side %d: %s, %s: %s\n", side, conn_outcome_name(info.outcome),
		fallback_stage_name(info.fallback_stage),
		fallback_reason_text(info.fallback_reason));
	return false;
}

static bool run(const struct fallback_case *one)
{
	struct option_box box[4] = {0};
	struct duo p;
	bool good;

	prepare(&p, one, box);
	if (p.trace)
		fprintf(stderr, "case: %s\n", one->name);
	duo_start(&p);
	good = duo_run(&p, 200 * NS_PER_S) && duo_complete(&p);
	if (!good)
		fprintf(stderr, "  received %llu and %llu, closed %d %d, corrupt %d %d\n",
			(unsigned long long)p.side[CLIENT].received,
			(unsigned long long)p.side[SERVER].received, p.side[CLIENT].closed,
			p.side[SERVER].closed, p.side[CLIENT].corrupt, p.side[SERVER].corrupt);
	good = p.side[SERVER].conn && check(&p, CLIENT, &one->client) && good;
	good = p.side[SERVER].conn && check(&p, SERVER, &one->server) && good;
	if (!good)
		fprintf(stderr, "  case: %s\n", one->name);
	duo_fini(&p);
	return good;
}

static void test_cases(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		failed += !run(&cases[i]);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
