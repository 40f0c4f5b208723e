/* What the target's segments alone tell of their way back: a row for each way in which they may
 * come, among them those of senders that have to be left in peace. */
#include <stdio.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/inside_back.h"
#include "support/cmocka_all.h"
#include "util/octets.h"
#include "util/time.h"

#define ISN  1000u
#define DSN0 5000u
#define FULL 496u /* of an MSS of 536, less 12 octets of timestamps and 28 of DSS */

/* One segment: `len` octets from `ssn` on, with a mapping of `mapped` octets from `map` on (0:
 * none) to data from `dsn` on; at this time, with this timestamp (0: none). */
struct step {
	unsigned ms, ssn, len, map, mapped, dsn, stamp;
	enum { PLAIN, BAD_CHECKSUM, OUR_ACK, TWICE_MAPPED, DATA_FIN } kind;
};

static size_t put_stamp(uint8_t *at, unsigned stamp)
{
	static const uint8_t head[] = {TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_TIMESTAMP, 10};

	if (!stamp)
		return 0;
	memcpy(at, head, sizeof(head));
	store_u32(at + 4, stamp);
	store_u32(at + 8, 1);
	return 12;
}

/* 28 octets. */
static size_t put_mapping(uint8_t *at, const struct step *s, unsigned further)
{
	struct mptcp_option o = {.subtype = MPTCP_DSS};
	int len;

	if (!s->map)
		return 0;
	o.dss.flags = MPTCP_DSS_ACK | MPTCP_DSS_ACK8 | MPTCP_DSS_DSN | MPTCP_DSS_DSN8;
	if (further) /* two of them need to be short */
		o.dss.flags = MPTCP_DSS_DSN;
	else if (s->kind == DATA_FIN)
		o.dss.flags |= MPTCP_DSS_FIN;
	else
		o.dss.has_checksum = true;
	o.dss.dsn = s->dsn + (further ? further - 1 : 0);
	o.dss.ssn = s->map + (further ? further - 1 : 0);
	o.dss.data_len = (uint16_t)(s->mapped + (s->kind == DATA_FIN));
	len = mptcp_option_build(&o, at, 40);
	assert_true(len > 0);
	while (len % 4)
		at[len++] = TCP_OPT_NOP;
	return (size_t)len;
}

static size_t put_options(uint8_t area[80], const struct step *s)
{
	size_t len = put_stamp(area, s->kind == TWICE_MAPPED ? 0 : s->stamp);

	if (s->kind != TWICE_MAPPED)
		return len + put_mapping(area + len, s, 0);
	len += put_mapping(area + len, s, 1);
	return len + put_mapping(area + len, s, 1 + s->mapped);
}

static void play(struct inside_back *b, const struct step *s, uint16_t flags)
{
	static const uint8_t data[4096];
	uint8_t octets[4200], area[80];
	struct packet p = {.ip = {.version = 4, .proto = IP_PROTO_TCP, .ttl = 60}}, seen;
	size_t len = put_options(area, s);
	int built;

	ip_addr_parse(&p.ip.src, "192.0.2.1");
	ip_addr_parse(&p.ip.dst, "192.0.2.2");
	p.tcp.seq = ISN + s->ssn;
	p.tcp.ack = s->kind == OUR_ACK ? ISN + s->ssn : 1;
	p.tcp.flags = flags;
	p.tcp.option_area = span_of(area, len);
	tcp_options_parse(&p.tcp.options, p.tcp.option_area);
	p.payload = span_of(data, s->len);
	built = packet_build(&p, PACKET_FIX_ALL, octets, sizeof(octets));
	assert_true(built > 0);
	octets[36] ^= s->kind == BAD_CHECKSUM;
	assert_int_equal(packet_parse(&seen, span_of(octets, (size_t)built)), 0);
	if (s->kind == OUR_ACK)
		inside_back_send(b, &seen);
	else
		inside_back_receive(b, &seen, s->ms * NS_PER_MS);
}

static void play_all(struct inside_back *b, const struct step *steps)
{
	static const struct step syn_ack = {.stamp = 100};

	*b = (struct inside_back){0};
	play(b, &syn_ack, TCP_SYN | TCP_ACK);
	for (size_t i = 0; steps[i].len || steps[i].kind == OUR_ACK; i++)
		play(b, &steps[i], TCP_ACK);
	inside_back_conclude(b);
}

static const struct row {
	const char *name, *expected; /* what is told of, as letters: see read */
	struct step steps[6];
} rows[] = {
    {"one segment, one mapping", "", {{50, 1, 300, 1, 300, DSN0, 150, PLAIN}}},
    {"a mapping over several full segments",
     "",
     {{50, 1, FULL, 1, 1200, DSN0, 150, PLAIN},
      {50, 1 + FULL, FULL, 1, 1200, DSN0, 150, PLAIN},
      {51, 1 + 2 * FULL, 208, 1, 1200, DSN0, 150, PLAIN}}},
    {"joined by this host, with no checksum of its own",
     "",
     {{50, 1, 2 * FULL, 1, 1200, DSN0, 150, BAD_CHECKSUM},
      {50, 1 + 2 * FULL, 208, 1, 1200, DSN0, 150, PLAIN}}},
    {"another MSS than ours",
     "",
     {{50, 1, 1420, 1, 3000, DSN0, 150, PLAIN}, {50, 1421, 1420, 1, 3000, DSN0, 150, PLAIN}}},
    {"a DATA_FIN has no octet", "", {{50, 1, 300, 1, 300, DSN0, 150, DATA_FIN}}},
    {"a mapping that grew before it was sent again",
     "",
     {{50, 1, 100, 1, 100, DSN0, 150, PLAIN},
      {50, 101, 100, 101, 200, DSN0 + 100, 150, PLAIN},
      {60, 201, 200, 101, 300, DSN0 + 100, 160, PLAIN}}},
    {"a mapping that grew meanwhile",
     "",
     {{50, 1, 100, 1, 200, DSN0, 150, PLAIN}, {50, 101, 200, 1, 300, DSN0, 150, PLAIN}}},
    {"another MSS than ours, and the end of a mapping",
     "",
     {{50, 1, 2 * FULL, 1, 2 * FULL, DSN0, 150, PLAIN}}},
    {"the rest waited for an acknowledgement",
     "",
     {{50, 1, 100, 1, 300, DSN0, 150, PLAIN},
      {0, 101, 0, 0, 0, 0, 0, OUR_ACK},
      {90, 101, 200, 1, 300, DSN0, 150, PLAIN}}},
    {"the rest was sent at another time",
     "",
     {{50, 1, 100, 1, 300, DSN0, 150, PLAIN}, {90, 101, 200, 1, 300, DSN0, 190, PLAIN}}},
    {"halves",
     "c",
     {{50, 1, 150, 1, 300, DSN0, 150, PLAIN}, {50, 151, 150, 1, 300, DSN0, 150, PLAIN}}},
    {"halves, the mapping with the first",
     "c",
     {{50, 1, 150, 1, 300, DSN0, 150, PLAIN}, {50, 151, 150, 0, 0, 0, 150, PLAIN}}},
    {"halves, the mapping with the second",
     "c",
     {{50, 1, 150, 0, 0, 0, 150, PLAIN}, {50, 151, 150, 1, 300, DSN0, 150, PLAIN}}},
    {"no longer in full segments",
     "l",
     {{50, 1, 2 * FULL, 1, 1200, DSN0, 150, PLAIN},
      {50, 1 + 2 * FULL, 208, 1, 1200, DSN0, 150, PLAIN}}},
    {"joined, the first's mapping", "u", {{50, 1, 300, 1, 100, DSN0, 150, PLAIN}}},
    {"joined, the last's mapping", "u", {{50, 1, 300, 101, 200, DSN0 + 100, 150, PLAIN}}},
    {"joined, with both mappings", "2u", {{50, 1, 300, 1, 150, DSN0, 150, TWICE_MAPPED}}},
    {"sent again",
     "r",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN}, {350, 1, 300, 1, 300, DSN0, 450, PLAIN}}},
    {"sent again, no timestamps",
     "r",
     {{50, 1, 300, 1, 300, DSN0, 0, PLAIN}, {350, 1, 300, 1, 300, DSN0, 0, PLAIN}}},
    {"doubled by the network",
     "",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN}, {90, 1, 300, 1, 300, DSN0, 150, PLAIN}}},
    {"doubled by the network, late, and again at once",
     "",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {450, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {460, 1, 300, 1, 300, DSN0, 150, PLAIN}}},
    {"sent again by somebody else",
     "s",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {350, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {950, 1, 300, 1, 300, DSN0, 150, PLAIN}}},
    {"sent again by somebody else, and by the target",
     "r",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {350, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {950, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {1100, 1, 300, 1, 300, DSN0, 1200, PLAIN}}},
    {"a clock that stands still",
     "",
     {{50, 1, 300, 1, 300, DSN0, 100, PLAIN},
      {350, 1, 300, 1, 300, DSN0, 100, PLAIN},
      {950, 1, 300, 1, 300, DSN0, 100, PLAIN}}},
    {"mapped anew",
     "a",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN}, {350, 301, 300, 301, 300, DSN0, 450, PLAIN}}},
    {"mapped anew once it was acknowledged",
     "",
     {{50, 1, 300, 1, 300, DSN0, 150, PLAIN},
      {0, 301, 0, 0, 0, 0, 0, OUR_ACK},
      {350, 301, 300, 301, 300, DSN0, 450, PLAIN}}},
};

static const char *read(const struct trace_back *r, char out[16])
{
	snprintf(out, 16, "%s%s%s%s%s%s%s", r->cut ? "c" : "", r->two_mappings ? "2" : "",
		 r->unmapped ? "u" : "", r->lengthy ? "l" : "", r->repeated ? "r" : "",
		 r->stale ? "s" : "", r->anew ? "a" : "");
	return out;
}

static void test_rows(void **state)
{
	struct inside_back b;
	char got[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		play_all(&b, rows[i].steps);
		if (strcmp(read(&b.result, got), rows[i].expected))
			fail_msg("%s: '%s', expected '%s'", rows[i].name, got, rows[i].expected);
	}
}

static void test_whole(void **state)
{
	struct inside_back b;

	(void)state;
	play_all(&b, (struct step[]){{50, 1, FULL, 1, 600, DSN0, 150, PLAIN}, {0}});
	assert_false(inside_back_is_whole(&b));
	play(&b, &(struct step){51, 1 + FULL, 600 - FULL, 1, 600, DSN0, 151, PLAIN}, TCP_ACK);
	assert_true(inside_back_is_whole(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
					   cmocka_unit_test(test_whole)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
