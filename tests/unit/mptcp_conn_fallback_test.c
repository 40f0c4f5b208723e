/* Every way out of MPTCP (RFC 8684 §3.7), made by boxes on the path: where it is taken and why, on
 * both sides; and the stream arrives in any case. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "packet/mptcp_option.h"
#include "support/option_box.h"

#define M(subtype) (1u << MPTCP_##subtype)

/* Of all zeroes: MPTCP works to the end. */
struct expectation {
	enum fallback_stage stage;
	enum fallback_reason reason;
};

#define FALLS(stage, reason)                                                                       \
	{                                                                                          \
		FALLBACK_##stage, FALLBACK_BECAUSE_##reason                                        \
	}

/* What is not said: both speak version 1, both have something to say, nothing of checksums. */
static const struct fallback_case {
	const char *name;
	struct option_box box;
	unsigned v0, silent; /* sides: 1 << CLIENT, 1 << SERVER */
	bool checksum;	     /* demanded by the client */
	bool refuse;	     /* by the server */
	struct expectation client, server;
} cases[] = {
    {.name = "nothing is done"},
    {.name = "cut from the SYN",
     .box = {.action = BOX_CUT, .from = CLIENT, .segments = ON_SYN},
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(SYN_ACK, NO_CAPABLE)},
    {.name = "cut from the SYN/ACK, the client speaks first",
     .box = {.action = BOX_NOP, .from = SERVER, .segments = ON_SYN_ACK},
     .silent = 1 << SERVER,
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "cut from the SYN/ACK, the server speaks first",
     .box = {.action = BOX_NOP, .from = SERVER, .segments = ON_SYN_ACK},
     .silent = 1 << CLIENT,
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "mirrored in the SYN/ACK, v1",
     .box = {.action = BOX_MIRROR,
	     .from = -1,
	     .segments = ON_SYN | ON_SYN_ACK,
	     .subtypes = M(CAPABLE)},
     .client = FALLS(SYN_ACK, MIRRORED),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "mirrored in the SYN/ACK, v0",
     .box = {.action = BOX_MIRROR,
	     .from = -1,
	     .segments = ON_SYN | ON_SYN_ACK,
	     .subtypes = M(CAPABLE)},
     .v0 = 1 << CLIENT | 1 << SERVER,
     .client = FALLS(SYN_ACK, MIRRORED),
     .server = FALLS(FIRST_DATA, NO_DSS)},
    {.name = "a v1 client and a v0 server",
     .v0 = 1 << SERVER,
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(SYN_ACK, VERSION)},
    {.name = "a v0 client and a v1 server",
     .v0 = 1 << CLIENT,
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(SYN_ACK, VERSION)},
    {.name = "B set in the SYN",
     .box = {.action = BOX_FLAGS,
	     .from = CLIENT,
	     .segments = ON_SYN,
	     .subtypes = M(CAPABLE),
	     .value = MPTCP_CAPABLE_B},
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(SYN_ACK, FLAGS)},
    {.name = "H cleared in the SYN/ACK",
     .box = {.action = BOX_FLAGS,
	     .from = SERVER,
	     .segments = ON_SYN_ACK,
	     .subtypes = M(CAPABLE),
	     .value = MPTCP_CAPABLE_H},
     .client = FALLS(SYN_ACK, FLAGS),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "A set on the way of the third ACK",
     .box = {.action = BOX_FLAGS,
	     .from = CLIENT,
	     .segments = ON_REST,
	     .subtypes = M(CAPABLE),
	     .value = MPTCP_CAPABLE_A},
     .client = FALLS(FIRST_DATA, NO_DSS),
     .server = FALLS(THIRD_ACK, FLAGS)},
    {.name = "checksums demanded and refused",
     .checksum = true,
     .refuse = true,
     .client = FALLS(SYN_ACK, NO_CAPABLE),
     .server = FALLS(SYN_ACK, CHECKSUM_REFUSED)},
    {.name = "SYNs with the option vanish",
     .box = {.action = BOX_DROP, .from = CLIENT, .segments = ON_SYN},
     .client = FALLS(SYN_ACK, SYN_LOST),
     .server = FALLS(SYN_ACK, NO_CAPABLE)},
    {.name = "the client's options vanish after the SYN (EOL), it speaks first",
     .box = {.action = BOX_EOL, .from = CLIENT, .segments = ON_REST},
     .client = FALLS(FIRST_DATA, NO_DSS),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "the client's options vanish after the SYN, v0",
     .box = {.action = BOX_NOP, .from = CLIENT, .segments = ON_REST},
     .v0 = 1 << CLIENT | 1 << SERVER,
     .silent = 1 << SERVER,
     .client = FALLS(FIRST_DATA, INFINITE),
     .server = FALLS(FIRST_DATA, NO_DSS)},
    {.name = "the server's options vanish after the SYN/ACK, the client speaks first",
     .box = {.action = BOX_NOP, .from = SERVER, .segments = ON_REST},
     .client = FALLS(FIRST_DATA, NO_DSS),
     .server = FALLS(LATER, INFINITE)},
    {.name = "the server's options vanish after the SYN/ACK, it speaks first",
     .box = {.action = BOX_NOP, .from = SERVER, .segments = ON_REST},
     .silent = 1 << CLIENT,
     .client = FALLS(FIRST_DATA, NO_DSS),
     .server = FALLS(FIRST_DATA, INFINITE)},
    {.name = "all options vanish after the SYN",
     .box = {.action = BOX_CUT, .from = -1, .segments = ON_REST},
     .client = FALLS(FIRST_DATA, NO_DSS),
     .server = FALLS(THIRD_ACK, NO_KEYS)},
    {.name = "data segments are split, checksums",
     .box = {.action = BOX_SPLIT, .from = -1, .segments = ON_DATA},
     .checksum = true},
    {.name = "data segments are split, no checksums",
     .box = {.action = BOX_SPLIT, .from = -1, .segments = ON_DATA}},
    {.name = "the third ACK is lost, the client speaks first",
     .box = {.action = BOX_DROP,
	     .from = CLIENT,
	     .segments = ON_ACK,
	     .subtypes = M(CAPABLE),
	     .times = 1}},
    {.name = "the third ACK is lost, the server speaks first",
     .box = {.action = BOX_DROP,
	     .from = CLIENT,
	     .segments = ON_ACK,
	     .subtypes = M(CAPABLE),
	     .times = 1},
     .silent = 1 << CLIENT},
    {.name = "third ACK and first data are lost",
     .box = {.action = BOX_DROP,
	     .from = CLIENT,
	     .segments = ON_REST,
	     .subtypes = M(CAPABLE),
	     .times = 2}},
};

static void prepare(struct duo *p, const struct fallback_case *one, struct option_box *box)
{
	duo_init(p, 42);
	for (int side = 0; side < 2; side++) {
		p->config[side].version = one->v0 & 1u << side ? 0 : 1;
		p->side[side].to_send = one->silent & 1u << side ? 0 : 50000;
	}
	p->config[CLIENT].checksum = one->checksum;
	p->config[SERVER].refuse_checksum = one->refuse;
	box[0] = one->box;
	p->hook = option_box;
	p->context = box;
}

static bool check(const struct duo *p, int side, const struct expectation *e)
{
	enum conn_outcome outcome = e->stage ? OUTCOME_FALLBACK : OUTCOME_MPTCP;
	struct conn_info info = duo_info(p, side);

	if (info.outcome == outcome && info.fallback_stage == e->stage &&
	    info.fallback_reason == e->reason)
		return true;
	fprintf(stderr, "  side %d: %s, %s: %s\n", side, conn_outcome_name(info.outcome),
		fallback_stage_name(info.fallback_stage),
		fallback_reason_text(info.fallback_reason));
	return false;
}

static bool run(const struct fallback_case *one)
{
	struct option_box box[2] = {0};
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
