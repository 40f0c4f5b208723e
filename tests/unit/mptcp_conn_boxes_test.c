/* Boxes that act once MPTCP is up: on options, on payloads, on joins. The stream arrives, or the
 * connection ends with a reason, and nothing wrong is ever delivered that a checksum could tell. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/packet.h"
#include "support/option_box.h"

#define M(subtype) (1u << MPTCP_##subtype)
#define REASON(r)  FALLBACK_BECAUSE_##r

/* The box, which may act on the second of two paths, what is sent, and what comes of it; what is
 * not said: all arrives, as it was sent, over MPTCP to the end. */
static const struct box_case {
	const char *name;
	struct option_box box;
	bool checksum;
	unsigned up, down; /* octets; neither: 300000 each */
	bool is_short;	   /* less than `up` arrives */
	unsigned more;	   /* more than `up` arrives, by so many octets */
	bool corrupt;	   /* what the server got */
	enum fallback_reason client_reason, server_reason;
	enum conn_outcome outcome; /* the client's; none: MPTCP, or fallback if it has a reason */
	unsigned failures;	   /* of checksums, at the server */
	int reset; /* MP_TCPRST's reason of the second subflow's end; -1: that was taken, too */
	unsigned carried; /* octets that the client sent on the second subflow, at least */
} cases[] = {
    {.name = "an octet changed: TCP from there on, with what the box made of it",
     .box = {.action = BOX_EDIT, .from = CLIENT, .segments = ON_DATA, .after = 10, .times = 1},
     .checksum = true,
     .up = 200000,
     .down = 100000,
     .corrupt = true,
     .client_reason = REASON(MP_FAIL),
     .server_reason = REASON(CHECKSUM),
     .failures = 1},
    {.name = "an octet changed on one of two paths: that subflow goes",
     .box = {.action = BOX_EDIT,
	     .from = CLIENT,
	     .path = 2,
	     .segments = ON_DATA,
	     .after = 10,
	     .times = 1},
     .checksum = true,
     .up = 1000000,
     .down = 1000,
     .failures = 1,
     .reset = 6},
    {.name = "an ALG puts three octets in",
     .box = {.action = BOX_GROW, .from = CLIENT, .segments = ON_DATA, .after = 10},
     .checksum = true,
     .up = 200000,
     .down = 1000,
     .more = 3,
     .corrupt = true,
     .client_reason = REASON(MP_FAIL),
     .server_reason = REASON(CHECKSUM),
     .failures = 1},
    {.name = "an ALG puts three octets in, on one of two paths",
     .box = {.action = BOX_GROW, .from = CLIENT, .path = 2, .segments = ON_DATA, .after = 10},
     .checksum = true,
     .up = 1000000,
     .down = 1000,
     .failures = 1,
     .reset = 6},
    /* Nothing can be delivered any more, and no fallback can be told (RFC 8684 §3.7). */
    {.name = "options vanish in the middle",
     .box = {.action = BOX_NOP, .from = -1, .segments = ON_REST, .after = 60},
     .up = 1000000,
     .is_short = true,
     .outcome = OUTCOME_RESET},
    {.name = "options vanish in the middle, on one of two paths",
     .box = {.action = BOX_NOP, .from = -1, .path = 2, .segments = ON_REST, .after = 60},
     .up = 2000000,
     .down = 1000,
     .reset = -1},
    {.name = "a join: its option taken from the SYN",
     .box = {.action = BOX_NOP, .from = CLIENT, .path = 2, .segments = ON_SYN}},
    {.name = "a join: its option taken from the SYN/ACK",
     .box = {.action = BOX_NOP, .from = SERVER, .path = 2, .segments = ON_SYN_ACK},
     .reset = 1},
    {.name = "a join: its option taken from the third ACK",
     .box = {.action = BOX_NOP, .from = CLIENT, .path = 2, .segments = ON_REST},
     .reset = 6},
    {.name = "a join: all options of the server taken",
     .box = {.action = BOX_NOP, .from = SERVER, .path = 2, .segments = ON_REST}},
    {.name = "a join: the server's address has another number",
     .box = {.action = BOX_FLAGS,
	     .from = SERVER,
	     .path = 2,
	     .segments = ON_SYN_ACK,
	     .subtypes = M(JOIN),
	     .value = 1}},
    {.name = "a join: its SYN is lost",
     .box = {.action = BOX_DROP, .from = CLIENT, .path = 2, .segments = ON_SYN}},
    {.name = "a join: the third ACK is lost, and again",
     .box = {.action = BOX_DROP,
	     .from = CLIENT,
	     .path = 2,
	     .segments = ON_REST,
	     .subtypes = M(JOIN),
	     .times = 2},
     .up = 3000000,
     .down = 100,
     .carried = 100000},
};

static unsigned octets(const struct box_case *one, unsigned n)
{
	return one->up || one->down ? n : 300000;
}

static void start(struct duo *p, struct option_box *box, const struct box_case *one)
{
	duo_init(p, 43);
	duo_addresses(p, one->box.path ? 2 : 1, 1);
	p->config[CLIENT].checksum = one->checksum;
	p->side[CLIENT].to_send = octets(one, one->up);
	p->side[SERVER].to_send = octets(one, one->down);
	box[0] = one->box;
	p->hook = option_box;
	p->context = box;
	for (int i = 0; i < DUO_PATHS; i++) {
		p->path[i].rate = 1250000;
		p->path[i].queue = 64000;
	}
	duo_start(p);
}

static bool arrived(const struct duo *p, const struct box_case *one)
{
	const struct duo_side *client = &p->side[CLIENT], *server = &p->side[SERVER];
	unsigned up = octets(one, one->up), down = octets(one, one->down);

	if (client->corrupt || server->corrupt != one->corrupt || client->received != down)
		return false;
	return one->is_short ? server->received < up : server->received == up + one->more;
}

static bool ended(const struct duo *p, const struct box_case *one)
{
	struct conn_info client = duo_info(p, CLIENT), server = duo_info(p, SERVER);
	enum conn_outcome outcome = one->client_reason ? OUTCOME_FALLBACK : OUTCOME_MPTCP;

	return client.outcome == (one->outcome ? one->outcome : outcome) &&
	       (one->outcome ? server.outcome != OUTCOME_MPTCP : server.outcome == outcome) &&
	       client.fallback_reason == one->client_reason &&
	       server.fallback_reason == one->server_reason &&
	       server.checksum_failures == one->failures;
}

static bool second_subflow(const struct duo *p, const struct box_case *one)
{
	struct conn_info client = duo_info(p, CLIENT);
	const struct conn_subflow_info *sf = &client.subflow[1];

	if (one->reset && (sf->close != SUBFLOW_RST || sf->reset_reason != one->reset))
		return false;
	return sf->stats.sent_octets >= one->carried;
}

static bool run(const struct box_case *one)
{
	struct option_box box[2] = {0};
	struct duo p;
	bool good;

	start(&p, box, one);
	good = duo_run(&p, 400 * NS_PER_S) && arrived(&p, one) && ended(&p, one) &&
	       second_subflow(&p, one);
	if (!good)
		fprintf(stderr, "  %s: received %llu and %llu; %s; %s; subflow 1 reset with %d\n",
			one->name, (unsigned long long)p.side[CLIENT].received,
			(unsigned long long)p.side[SERVER].received,
			fallback_reason_text(duo_info(&p, CLIENT).fallback_reason),
			fallback_reason_text(duo_info(&p, SERVER).fallback_reason),
			duo_info(&p, CLIENT).subflow[1].reset_reason);
	duo_fini(&p);
	return good;
}

static void test_cases(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		failed += !run(&cases[i]);
	assert_int_equal(failed, 0);
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

/* From the hundredth segment on the server's DATA_ACK stands still; its TCP goes on. */
struct freezer {
	unsigned seen;
	uint8_t ack[8];
};

static void freeze_ack(struct freezer *f, uint8_t *ack)
{
	if (f->seen++ < 100)
		memcpy(f->ack, ack, 8);
	else
		memcpy(ack, f->ack, 8);
}

static bool freeze(struct duo *p, struct duo_packet *packet)
{
	uint8_t out[DUO_PACKET];
	struct mptcp_option o;
	struct packet seg;

	if (packet->from != SERVER || packet_parse(&seg, span_of(packet->octets, packet->len)))
		return true;
	for (size_t i = 0; i < seg.tcp.options.count; i++) {
		const struct tcp_option *at = &seg.tcp.options.item[i];

		if (mptcp_subtype_of(at) == MPTCP_DSS && !mptcp_option_parse(&o, at) &&
		    o.dss.flags & MPTCP_DSS_ACK8)
			freeze_ack(p->context, packet->octets + (at->at - packet->octets) + 4);
	}
	packet->len = (size_t)packet_build(&seg, PACKET_FIX_ALL, out, sizeof(out));
	memcpy(packet->octets, out, packet->len);
	return true;
}

static void test_data_ack_stands_still(void **state)
{
	struct freezer freezer = {0};
	struct conn_info info;
	struct duo p;

	(void)state;
	duo_init(&p, 45);
	duo_addresses(&p, 1, 1);
	p.side[CLIENT].to_send = 20000000;
	p.path[0].rate = 1250000;
	p.hook = freeze;
	p.context = &freezer;
	duo_start(&p);
	duo_run(&p, 400 * NS_PER_S);
	info = duo_info(&p, CLIENT);
	assert_true(freezer.seen > 100);
	assert_int_equal(info.outcome, OUTCOME_TIMEOUT);
	assert_true(info.stalled);
	assert_int_equal(info.subflow[0].reset_reason, 1);
	for (size_t i = 0; i < info.subflow_count; i++)
		assert_int_not_equal(info.subflow[i].reset_reason, 6);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_edit_announcing),
	    cmocka_unit_test(test_data_ack_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
