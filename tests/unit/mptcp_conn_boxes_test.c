/* Boxes that act once MPTCP is up: on options, on payloads, on joins. The stream arrives, or the
 * connection ends with a reason, and nothing wrong is ever delivered that a checksum could tell. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "packet/mptcp_option.h"
#include "support/option_box.h"

#define M(subtype) (1u << MPTCP_##subtype)

struct setting {
	struct option_box box[3];
	bool checksum;
	unsigned client_addresses;
	unsigned up, down;
};

static void start(struct duo *p, struct option_box box[4], const struct setting *s)
{
	duo_init(p, 43);
	duo_addresses(p, s->client_addresses, 1);
	p->config[CLIENT].checksum = s->checksum;
	p->side[CLIENT].to_send = s->up;
	p->side[SERVER].to_send = s->down;
	for (int i = 0; i < 3; i++)
		box[i] = s->box[i];
	box[3] = (struct option_box){0};
	p->hook = option_box;
	p->context = box;
	for (int i = 0; i < DUO_PATHS; i++) {
		p->path[i].rate = 1250000;
		p->path[i].queue = 64000;
	}
	duo_start(p);
}

/* IP 10.0.0.1 > 10.0.1.1: Flags [P.], the 10th data segment with one octet changed */
static void test_edit_single(void **state)
{
	const struct setting s = {.box = {{.action = BOX_EDIT,
					   .from = CLIENT,
					   .segments = ON_DATA,
					   .after = 10,
					   .times = 1}},
				  .checksum = true,
				  .client_addresses = 1,
				  .up = 200000,
				  .down = 100000};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 200 * NS_PER_S));
	assert_int_equal(p.side[SERVER].received, s.up);
	assert_int_equal(p.side[CLIENT].received, s.down);
	assert_true(p.side[SERVER].corrupt); /* what the box made of it, as TCP would have it */
	assert_false(p.side[CLIENT].corrupt);
	assert_int_equal(duo_info(&p, SERVER).fallback_reason, FALLBACK_BECAUSE_CHECKSUM);
	assert_int_equal(duo_info(&p, SERVER).fallback_stage, FALLBACK_LATER);
	assert_int_equal(duo_info(&p, SERVER).checksum_failures, 1);
	assert_int_equal(duo_info(&p, CLIENT).fallback_reason, FALLBACK_BECAUSE_MP_FAIL);
	assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_FALLBACK);
	duo_fini(&p);
}

/* The very first data fails while an announcement waits for its turn: it goes on waiting. */
static void test_edit_announcing(void **state)
{
	struct option_box box[2] = {
	    {.action = BOX_EDIT, .from = CLIENT, .segments = ON_DATA, .times = 1}};
	struct duo p;

	(void)state;
	duo_init(&p, 44);
	duo_addresses(&p, 1, 2);
	p.config[SERVER].checksum = true;
	p.side[CLIENT].to_send = 15;
	p.hook = option_box;
	p.context = box;
	duo_start(&p);
	assert_true(duo_run(&p, 200 * NS_PER_S));
	assert_false(p.spins);
	assert_int_equal(p.side[SERVER].received, 15);
	assert_int_equal(duo_info(&p, SERVER).fallback_reason, FALLBACK_BECAUSE_CHECKSUM);
	duo_fini(&p);
}

/* The same on one of two paths: that subflow is reset, and its data goes over the other. */
static void test_edit_join(void **state)
{
	const struct setting s = {.box = {{.action = BOX_EDIT,
					   .from = CLIENT,
					   .path = 2,
					   .segments = ON_DATA,
					   .after = 10,
					   .times = 1}},
				  .checksum = true,
				  .client_addresses = 2,
				  .up = 1000000,
				  .down = 1000};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 200 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, SERVER).fallback_stage, FALLBACK_NONE);
	assert_int_equal(duo_info(&p, SERVER).checksum_failures, 1);
	assert_int_equal(duo_info(&p, SERVER).subflow[1].close, SUBFLOW_RST);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].reset_reason, 6);
	assert_true(duo_info(&p, CLIENT).options_seen & M(FAIL));
	duo_fini(&p);
}

/* An ALG puts three octets in. */
static void test_grow_single(void **state)
{
	const struct setting s = {
	    .box = {{.action = BOX_GROW, .from = CLIENT, .segments = ON_DATA, .after = 10}},
	    .checksum = true,
	    .client_addresses = 1,
	    .up = 200000,
	    .down = 1000};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 200 * NS_PER_S));
	assert_int_equal(p.side[SERVER].received, s.up + 3);
	assert_int_equal(p.side[CLIENT].received, s.down);
	assert_int_equal(duo_info(&p, SERVER).fallback_reason, FALLBACK_BECAUSE_CHECKSUM);
	duo_fini(&p);
}

static void test_grow_join(void **state)
{
	const struct setting s = {
	    .box =
		{{.action = BOX_GROW, .from = CLIENT, .path = 2, .segments = ON_DATA, .after = 10}},
	    .checksum = true,
	    .client_addresses = 2,
	    .up = 1000000,
	    .down = 1000};
	struct option_box box[4];
	struct duo p;

	(void)state;
	/* The box follows one path only: it has to be told apart from the other. */
	start(&p, box, &s);
	p.path[0].delay_ns = 5 * NS_PER_MS;
	duo_run(&p, 400 * NS_PER_S);
	assert_false(p.side[SERVER].corrupt);
	duo_fini(&p);
}

/* Options vanish in the middle of a transfer over one subflow: nothing can be delivered any more,
 * and no fallback can be told (RFC 8684 §3.7). */
static void test_stripped_later(void **state)
{
	const struct setting s = {
	    .box = {{.action = BOX_NOP, .from = -1, .segments = ON_REST, .after = 60}},
	    .client_addresses = 1,
	    .up = 1000000,
	    .down = 0};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 400 * NS_PER_S));
	assert_false(p.side[SERVER].corrupt);
	assert_true(p.side[SERVER].received < s.up);
	assert_int_equal(duo_info(&p, CLIENT).fallback_stage, FALLBACK_NONE);
	assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_RESET);
	assert_int_not_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
	duo_fini(&p);
}

static void test_stripped_later_join(void **state)
{
	const struct setting s = {
	    .box = {{.action = BOX_NOP, .from = -1, .path = 2, .segments = ON_REST, .after = 60}},
	    .client_addresses = 2,
	    .up = 2000000,
	    .down = 1000};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 400 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).fallback_stage, FALLBACK_NONE);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].close, SUBFLOW_RST);
	duo_fini(&p);
}

/* Joins: their options removed from the SYN, the SYN/ACK, the third ACK, everything after. */
static void test_join_stripped(void **state)
{
	static const struct option_box boxes[] = {
	    {.action = BOX_NOP, .from = CLIENT, .path = 2, .segments = ON_SYN},
	    {.action = BOX_NOP, .from = SERVER, .path = 2, .segments = ON_SYN_ACK},
	    {.action = BOX_NOP, .from = CLIENT, .path = 2, .segments = ON_REST},
	    {.action = BOX_NOP, .from = SERVER, .path = 2, .segments = ON_REST},
	    {.action = BOX_FLAGS, .from = SERVER, .path = 2, .segments = ON_SYN_ACK, .value = 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		struct setting s = {
		    .box = {boxes[i]}, .client_addresses = 2, .up = 300000, .down = 300000};
		struct option_box box[4];
		struct duo p;

		start(&p, box, &s);
		assert_true(duo_run(&p, 200 * NS_PER_S));
		assert_true(duo_complete(&p));
		assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_MPTCP);
		assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
		duo_fini(&p);
	}
}

/* The third ACK of a join is lost again and again: it is repeated. */
static void test_join_third_ack_lost(void **state)
{
	const struct setting s = {.box = {{.action = BOX_DROP,
					   .from = CLIENT,
					   .path = 2,
					   .segments = ON_REST,
					   .subtypes = M(JOIN),
					   .times = 2}},
				  .client_addresses = 2,
				  .up = 3000000,
				  .down = 100};
	struct option_box box[4];
	struct duo p;

	(void)state;
	start(&p, box, &s);
	assert_true(duo_run(&p, 200 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_true(duo_info(&p, CLIENT).subflow[1].stats.sent_octets > 100000);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edit_single),		cmocka_unit_test(test_edit_announcing),
	    cmocka_unit_test(test_edit_join),		cmocka_unit_test(test_grow_single),
	    cmocka_unit_test(test_grow_join),		cmocka_unit_test(test_stripped_later),
	    cmocka_unit_test(test_stripped_later_join), cmocka_unit_test(test_join_stripped),
	    cmocka_unit_test(test_join_third_ack_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
