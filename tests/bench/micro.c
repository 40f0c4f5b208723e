/* How long the core's small steps take, as multiples of a copy and checksum of the same octets,
 * measured in the same run.
 * usage: micro
 *
 *   copy + checksum                   21.3 ns   1.0
 *   packet_parse                      48.0 ns   2.3
 *   …
 *
 * Iteration counts are fixed; each line is the best of ROUNDS rounds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab/lab.h"
#include "packet/checksum.h"
#include "packet/diff.h"
#include "packet/notation.h"
#include "util/octets.h"
#include "util/time.h"

#define ROUNDS	    5
#define ITERATIONS  200000
#define LAB_PACKETS 20000
#define LAB_ROUTERS 13

static const char probe_text[] = "IP{ttl=64}/TCP{src=40001,dst=443,flags=S,win=65535}/MSS(1460)/"
				 "SACKP/TS/WS(7)/MPCAPABLE{v=1}";

struct subject {
	struct packet packet, changed;
	uint8_t octets[PROBE_OCTETS_MAX], changed_octets[PROBE_OCTETS_MAX];
	size_t len;
	uint64_t sink; /* results go here, so that no step is optimised away */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void step_copy(struct subject *s)
{
	uint8_t copy[PROBE_OCTETS_MAX];

	memcpy(copy, s->octets, s->len);
	s->sink += checksum_finish(checksum_add(0, copy, s->len));
}

static void step_parse(struct subject *s)
{
	struct packet p;

	s->sink += (uint64_t)packet_parse(&p, span_of(s->octets, s->len));
	s->sink += p.tcp.options.count;
}

static void step_build(struct subject *s)
{
	uint8_t out[PROBE_OCTETS_MAX];

	s->sink += (uint64_t)packet_build(&s->packet, PACKET_FIX_ALL, out, sizeof(out));
}

static void step_diff_same(struct subject *s)
{
	struct diff d;

	diff_packets(&d, &s->packet, &s->packet);
	s->sink += d.count;
}

static void step_diff_changed(struct subject *s)
{
	struct diff d;

	diff_packets(&d, &s->packet, &s->changed);
	s->sink += d.count;
}

static const struct step {
	const char *name;
	void (*run)(struct subject *s);
} steps[] = {
    {"copy + checksum", step_copy},
    {"packet_parse", step_parse},
    {"packet_build, checksums fixed", step_build},
    {"diff_packets, identical", step_diff_same},
    {"diff_packets, 4 changes", step_diff_changed},
};

static double time_step(const struct step *step, struct subject *s)
{
	int64_t best = TIME_NEVER;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = now_ns(), took;

		for (int i = 0; i < ITERATIONS; i++)
			step->run(s);
		took = now_ns() - start;
		if (took < best)
			best = took;
	}
	return (double)best / ITERATIONS;
}

static void print_line(const char *name, double ns, double unit_ns)
{
	printf("  %-34s %9.1f ns %7.1f\n", name, ns, ns / unit_ns);
}

static void fail(const char *what)
{
	fprintf(stderr, "micro: %s\n", what);
	exit(1);
}

/* The changed one: DSCP, sequence number and window rewritten, window scale blanked. */
static void change(struct subject *s)
{
	uint8_t *o = s->changed_octets;
	const uint8_t *options;

	memcpy(o, s->octets, s->len);
	o[1] ^= 0x28;
	o[24] ^= 0x5a;
	o[34] ^= 0x11;
	options = s->packet.tcp.option_area.at;
	for (size_t i = 0; i + 2 < s->packet.tcp.option_area.len; i++)
		if (options[i] == 3 && options[i + 1] == 3)
			memset(o + (options - s->octets) + i, 1, 3);
	packet_fix_checksums(o, s->len);
}

static void prepare(struct subject *s)
{
	static struct notation n;
	struct error err;

	if (notation_parse(&n, probe_text, &err) != 0)
		fail(err.text);
	s->len = n.len4;
	memcpy(s->octets, n.octets4, s->len);
	memcpy(s->octets + 12, (const uint8_t[]){192, 0, 2, 7, 203, 0, 113, 80}, 8);
	packet_fix_checksums(s->octets, s->len);
	if (packet_parse(&s->packet, span_of(s->octets, s->len)) != 0)
		fail("the probe does not parse");
	change(s);
	packet_parse(&s->changed, span_of(s->changed_octets, s->len));
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	if (!ip_addr_parse(&a, text))
		fail(text);
	return a;
}

static struct lab *build_lab(void)
{
	struct lab *lab = lab_new(1);
	struct lab_client client = {.addr4 = addr("192.0.2.7")};
	struct lab_target target = {.name = "example.net",
				    .addr4 = addr("203.0.113.80"),
				    .port = 443,
				    .mptcp = LAB_MPTCP_V1};
	struct error err;

	if (!lab || lab_add_client(lab, &client, &err) != 0)
		fail("no lab");
	for (int i = 0; i < LAB_ROUTERS; i++) {
		struct lab_router router = {.addr4 = addr("198.51.100.1"), .quote = QUOTE_FULL};

		if (lab_add_router(lab, &router, &err) != 0)
			fail(err.text);
	}
	if (lab_add_target(lab, &target, &err) != 0)
		fail(err.text);
	return lab;
}

/* SYNs that cross all routers, each with its answer coming back: time per packet walked. */
static double time_lab(struct subject *s, double *per_second)
{
	struct lab *lab = build_lab();
	struct net *net = lab_net(lab);
	struct net_packet reply;
	struct error err;
	int64_t start = now_ns(), took;

	for (uint32_t i = 0; i < LAB_PACKETS; i++) {
		store_u16(s->octets + 20, (uint16_t)(1024 + i % 60000));
		packet_fix_checksums(s->octets, s->len);
		if (net_send(net, span_of(s->octets, s->len), &err) != 0)
			fail(err.text);
		while (net_receive(net, net_now_ns(net) + NS_PER_S, &reply, &err) == 1)
			s->sink += reply.octets.len;
	}
	took = now_ns() - start;
	*per_second = (double)lab_packets(lab) * NS_PER_S / (double)took;
	net_close(net);
	lab_free(lab);
	return (double)took / LAB_PACKETS;
}

int main(void)
{
	static struct subject s;
	double unit, per_second, lab_ns;

	prepare(&s);
	unit = time_step(&steps[0], &s);
	printf("one MP_CAPABLE SYN of %zu octets, as multiples of its copy and checksum\n", s.len);
	print_line(steps[0].name, unit, unit);
	for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++)
		print_line(steps[i].name, time_step(&steps[i], &s), unit);
	lab_ns = time_lab(&s, &per_second);
	print_line("lab, SYN and answer over 13 routers", lab_ns, unit);
	printf("  lab: %.2f million packets a second (sink %llx)\n", per_second / 1e6,
	       (unsigned long long)s.sink & 0xff);
	return 0;
}
