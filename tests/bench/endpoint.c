/* Two endpoints in one process, joined directly: what one sends the other receives, at once and
 * without loss, on one core and on virtual time.
 *
 *   throughput   a segment is a packet with stream octets that one endpoint built and the other
 *                took in; its cost is all that both do for it: writing, scheduling, building,
 *                checksums, parsing, reassembly, reading, and its share of the acknowledgements
 *                (counted beside it, not added to it). Its peer: a copy and checksum of the same
 *                octets, in the same run.
 *   memory       of one end of an established connection that has carried an octet and is idle:
 *                by its own account, and by the allocator's (everything, tables included).
 *   rate         connections opened, given one octet, and closed by both sides.
 *
 * usage: endpoint [MIB]     Exit status 1: a bar is missed. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mptcp/endpoint.h"
#include "packet/checksum.h"
#include "util/time.h"

#define STREAM_MIB     512
#define ROUNDS	       3 /* of which the best counts: other load does not make it faster */
#define ACK_EVERY      2 /* segments, as RFC 9293 §3.8.6.3 wants it */
#define BACK_MAX       16384
#define ACK_MAX	       128 /* octets: no header with all its options is longer */
#define WRITE_SIZE     (64 * 1024)
#define SEGMENT_OCTETS 1500
#define STEP_NS	       NS_PER_MS /* a round trip */
#define IDLE_COUNT     1000
#define IDLE_NS	       (400 * NS_PER_S) /* what is only kept for a while is gone */
#define RATE_COUNT     20000
#define RATE_STEP_NS   (10 * NS_PER_MS)
#define PORT	       80

#define BAR_SEGMENTS 1e6
#define BAR_MEMORY   (16 * 1024)

enum { CLIENT, SERVER };

/* What the server says is heard a round trip later. */
struct back {
	unsigned count;
	struct {
		uint8_t octets[ACK_MAX];
		uint8_t len;
	} at[BACK_MAX];
};

struct pair {
	struct endpoint *side[2];
	struct conn *conn[2]; /* of the connection that was opened, and accepted, last */
	int64_t now_ns;
	uint64_t read, segments, acks, octets; /* that the server read; packets by kind */
	unsigned established, closed;
};

static uint8_t text[WRITE_SIZE];

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
	fprintf(stderr, "endpoint: %s\n", what);
	exit(1);
}

static struct ip_addr address(int side, unsigned n)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)side, (uint8_t)n});
}

static void configure(struct conn_config *config, int side, unsigned addresses, bool checksum)
{
	conn_config_defaults(config);
	config->version = 1;
	config->checksum = checksum;
	config->scheduler = "round-robin"; /* over no delay the default has no need of a second */
	config->local_count = addresses;
	for (unsigned i = 0; i < addresses; i++)
		config->local[i] = (struct pm_addr){
		    .addr = address(side, i + 1), .id = (uint8_t)i, .prefix_len = 24};
}

static void pair_open(struct pair *p, bool checksum)
{
	struct listener_config listen = {.port = PORT, .backlog = 2 * IDLE_COUNT};

	*p = (struct pair){.now_ns = NS_PER_S};
	configure(&listen.conn, SERVER, 1, checksum);
	for (int s = 0; s < 2; s++) {
		struct endpoint_config config = {.seed = 1 + (uint64_t)s, .port_first = 1024};

		config.port_last = 65535;
		p->side[s] = endpoint_new(&config, NULL);
		if (!p->side[s])
			fail("no endpoint");
	}
	if (!endpoint_listen(p->side[SERVER], &listen, NULL))
		fail("no listener");
}

static void pair_close(struct pair *p)
{
	endpoint_free(p->side[CLIENT]);
	endpoint_free(p->side[SERVER]);
}

static void pair_connect(struct pair *p, unsigned subflows, bool checksum)
{
	struct ip_addr server = address(SERVER, 1);
	struct conn_config config;

	configure(&config, CLIENT, subflows, checksum);
	p->conn[CLIENT] =
	    endpoint_connect(p->side[CLIENT], &server, PORT, &config, p->now_ns, NULL);
	p->conn[SERVER] = NULL;
	if (!p->conn[CLIENT])
		fail("no connection");
}

static void serve(struct pair *p, struct conn *c)
{
	struct span in;

	while ((in = conn_peek(c)).len) {
		p->read += in.len;
		conn_consume(c, in.len);
	}
	if (conn_read_ended(c) && conn_state(c) != CONN_CLOSED)
		conn_shutdown(c, p->now_ns);
}

static void take_events(struct pair *p, int side)
{
	struct endpoint_event event;

	while (endpoint_event(p->side[side], &event)) {
		if (event.kind == EVENT_ACCEPTED)
			p->conn[SERVER] = event.conn;
		p->established += event.kind == EVENT_ESTABLISHED;
		if (side == SERVER && (event.kind == EVENT_READABLE || event.kind == EVENT_CLOSED))
			serve(p, event.conn);
		if (event.kind != EVENT_CLOSED)
			continue;
		p->closed++;
		endpoint_release(p->side[side], event.conn, p->now_ns);
	}
}

static void carry(struct pair *p, int to, struct span packet)
{
	bool has_data = packet.len > ACK_MAX;

	p->segments += has_data;
	p->acks += !has_data;
	p->octets += packet.len;
	endpoint_receive(p->side[to], p->now_ns, packet);
}

static bool exchange(struct pair *p)
{
	struct span packet;
	bool any = false;

	for (int from = 0; from < 2; from++) {
		for (; endpoint_send(p->side[from], p->now_ns, &packet); any = true)
			carry(p, !from, packet);
		take_events(p, !from);
		take_events(p, from);
	}
	return any;
}

static void settle(struct pair *p)
{
	while (exchange(p))
		;
}

/* Lets all timers fire that are due until then. */
static void pass(struct pair *p, int64_t for_ns)
{
	int64_t until = p->now_ns + for_ns;

	for (;;) {
		int64_t next = until;

		settle(p);
		for (int s = 0; s < 2; s++)
			if (endpoint_expiry_ns(p->side[s]) < next)
				next = endpoint_expiry_ns(p->side[s]);
		p->now_ns = next > p->now_ns ? next : p->now_ns;
		if (next >= until)
			return;
	}
}

static void feed(struct pair *p, uint64_t *left)
{
	while (*left) {
		size_t len = *left < sizeof(text) ? (size_t)*left : sizeof(text);
		long taken = conn_write(p->conn[CLIENT], p->now_ns, span_of(text, len));

		if (taken <= 0)
			return;
		*left -= (uint64_t)taken;
	}
}

/* ---- throughput */

static struct back back;

static void answer(struct pair *p)
{
	struct span packet;

	take_events(p, SERVER);
	while (endpoint_send(p->side[SERVER], p->now_ns, &packet)) {
		if (packet.len > ACK_MAX || back.count == BACK_MAX)
			fail("the server says more than it should");
		memcpy(back.at[back.count].octets, packet.at, packet.len);
		back.at[back.count++].len = (uint8_t)packet.len;
	}
}

static void round_trip(struct pair *p)
{
	struct span packet;
	unsigned count = 0;

	for (unsigned i = 0; i < back.count; i++)
		carry(p, CLIENT, span_of(back.at[i].octets, back.at[i].len));
	back.count = 0;
	while (endpoint_send(p->side[CLIENT], p->now_ns, &packet)) {
		carry(p, SERVER, packet);
		if (++count % ACK_EVERY == 0)
			answer(p);
	}
	answer(p);
	take_events(p, CLIENT);
}

/* Copy and checksum of as many octets of packets, in seconds: the best of some rounds. */
static double floor_ns(void)
{
	uint8_t copy[SEGMENT_OCTETS];
	const unsigned times = 400000;
	volatile uint16_t sink;
	double best = 1e9;

	for (int round = 0; round < 5; round++) {
		double start = seconds(), took;

		for (unsigned i = 0; i < times; i++) {
			memcpy(copy, text + (i & 31) * 64, sizeof(copy));
			sink = checksum_finish(checksum_add(0, copy, sizeof(copy)));
			(void)sink;
		}
		took = (seconds() - start) * 1e9 / times;
		best = took < best ? took : best;
	}
	return best;
}

struct measured {
	double took;
	struct pair pair;
};

static struct measured transfer(unsigned subflows, bool checksum, uint64_t octets)
{
	struct measured m = {0};
	struct pair *p = &m.pair;
	struct conn_info info;
	uint64_t left = octets;
	double start;

	pair_open(p, checksum);
	pair_connect(p, subflows, checksum);
	pass(p, NS_PER_S);
	start = seconds();
	for (unsigned idle = 0; p->read < octets && idle < 1000000; idle++) {
		uint64_t before = p->read;

		p->now_ns += STEP_NS;
		feed(p, &left);
		round_trip(p);
		idle = p->read > before ? 0 : idle;
	}
	m.took = seconds() - start;
	conn_info(p->conn[CLIENT], &info);
	if (p->read != octets || info.subflow_count != subflows || info.fallback_stage ||
	    info.checksum != checksum)
		fail("the transfer did not go as it should");
	for (unsigned i = 0; i < subflows; i++)
		if (info.subflow[i].stats.sent_octets < octets / subflows / 4)
			fail("a subflow was hardly used");
	pair_close(p);
	return m;
}

static struct measured best_transfer(unsigned subflows, bool checksum, uint64_t octets)
{
	struct measured best = transfer(subflows, checksum, octets);

	for (int i = 1; i < ROUNDS; i++) {
		struct measured one = transfer(subflows, checksum, octets);

		if (one.took / (double)one.pair.segments < best.took / (double)best.pair.segments)
			best = one;
	}
	return best;
}

static bool bar(const char *what, bool met)
{
	printf("  %-66s %s\n", what, met ? "met" : "MISSED");
	return met;
}

static bool throughput(uint64_t octets)
{
	double unit = floor_ns(), least = 1e12;
	char line[96];

	printf("throughput of %llu MiB (copy + checksum of %d octets: %.0f ns)\n",
	       (unsigned long long)octets >> 20, SEGMENT_OCTETS, unit);
	printf("  %-22s %12s %12s %8s %10s %7s\n", "subflows, checksum", "segments/s",
	       "with ACKs/s", "MB/s", "ns/segment", "copies");
	for (unsigned i = 0; i < 4; i++) {
		unsigned subflows = 1 + (i & 1);
		struct measured m = best_transfer(subflows, i & 2, octets);
		double ns = m.took * 1e9 / (double)m.pair.segments;

		printf("  %u, %-19s %12.0f %12.0f %8.0f %10.0f %7.1f\n", subflows,
		       i & 2 ? "on" : "off", 1e9 / ns,
		       (double)(m.pair.segments + m.pair.acks) / m.took,
		       (double)octets / m.took / 1e6, ns, ns / unit);
		least = 1e9 / ns < least ? 1e9 / ns : least;
	}
	snprintf(line, sizeof(line), "at least %.0f segments/s in each: %.0f", BAR_SEGMENTS, least);
	return bar(line, least >= BAR_SEGMENTS);
}

/* ---- memory */

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Both ends live here: the difference is twice IDLE_COUNT ends, and what the endpoints hold. */
static bool memory(unsigned subflows)
{
	struct conn_info client, server;
	uint64_t octet = 1;
	char line[96];
	struct pair p;
	size_t before, each;

	before = allocated();
	pair_open(&p, false);
	for (unsigned i = 0; i < IDLE_COUNT; i++) {
		pair_connect(&p, subflows, false);
		pass(&p, 10 * NS_PER_MS);
		octet = 1;
		feed(&p, &octet);
		pass(&p, 10 * NS_PER_MS);
	}
	pass(&p, IDLE_NS);
	if (p.established != IDLE_COUNT || p.read != IDLE_COUNT || p.closed)
		fail("not all idle connections are established");
	each = (allocated() - before) / (2 * IDLE_COUNT);
	conn_info(p.conn[CLIENT], &client);
	conn_info(p.conn[SERVER], &server);
	if (client.subflow_count != subflows)
		fail("an idle connection lacks a subflow");
	printf("  %u subflow%s: client %zu, server %zu, allocated %zu octets\n", subflows,
	       subflows > 1 ? "s" : " ", client.memory, server.memory, each);
	pair_close(&p);
	snprintf(line, sizeof(line), "an idle connection of %u takes less than %d octets", subflows,
		 BAR_MEMORY);
	return bar(line,
		   each < BAR_MEMORY && client.memory < BAR_MEMORY && server.memory < BAR_MEMORY);
}

/* ---- connections a second */

static void rate(void)
{
	double start, took;
	struct pair p;

	pair_open(&p, false);
	start = seconds();
	for (unsigned i = 0; i < RATE_COUNT; i++) {
		uint64_t octet = 1;

		pair_connect(&p, 1, false);
		pass(&p, RATE_STEP_NS / 2);
		feed(&p, &octet);
		conn_shutdown(p.conn[CLIENT], p.now_ns);
		pass(&p, RATE_STEP_NS / 2);
	}
	pass(&p, IDLE_NS);
	took = seconds() - start;
	if (p.established != RATE_COUNT || p.read != RATE_COUNT || p.closed != 2 * RATE_COUNT)
		fail("not all connections were opened and closed");
	printf("  %.0f connections a second: %.1f us each, both ends\n", RATE_COUNT / took,
	       took * 1e6 / RATE_COUNT);
	pair_close(&p);
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : STREAM_MIB;
	bool met;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 131 >> 3);
	met = throughput((mib ? mib : 1) << 20);
	printf("memory of one end of %d idle connections\n", IDLE_COUNT);
	met &= memory(1);
	met &= memory(2);
	printf("%d connections, one octet each\n", RATE_COUNT);
	rate();
	return !met;
}
