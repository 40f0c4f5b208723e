/* How many segments a second go from one TCP through memory into another, on one core: building,
 * checksums, parsing and acknowledging included. Fails under a million. Prints
 *   {"bench":"tcp","segments":2000000,"seconds":1.21,"segments_per_second":1652892} */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mptcp/tcp_state.h"
#include "util/time.h"

#define SEGMENTS 2000000
#define WINDOW	 (1 << 20)
#define BATCH	 32
#define BAR	 1e6

struct side {
	struct tcp tcp;
	struct cc_group group;
	uint64_t received;
};

static void cc_init(struct cc_flow *f, int64_t now_ns)
{
	(void)now_ns;
	f->cwnd = WINDOW / 4;
	f->ssthresh = f->cwnd;
}

static void cc_acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	(void)g;
	(void)f;
	(void)octets;
	(void)now_ns;
}

static void cc_lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	(void)g;
	(void)f;
	(void)now_ns;
}

static const struct cc_ops fixed = {
    .name = "fixed", .init = cc_init, .acked = cc_acked, .lost = cc_lost, .timeout = cc_lost};

static size_t own_options(struct tcp *t, const struct tcp_segment *segment, uint8_t *out,
			  size_t room)
{
	(void)t;
	(void)segment;
	(void)out;
	(void)room;
	return 0;
}

static bool own_segment(struct tcp *t, const struct packet *p, uint32_t ssn)
{
	(void)t;
	(void)p;
	(void)ssn;
	return true;
}

static void own_data(struct tcp *t, uint32_t ssn, struct span octets)
{
	struct side *s = (struct side *)((char *)t - offsetof(struct side, tcp));

	(void)ssn;
	s->received += octets.len;
}

static void own_event(struct tcp *t, enum tcp_event event)
{
	(void)t;
	(void)event;
}

static uint32_t own_window(struct tcp *t)
{
	(void)t;
	return WINDOW;
}

static const struct tcp_owner_ops owner = {.options = own_options,
					   .segment = own_segment,
					   .data = own_data,
					   .event = own_event,
					   .window = own_window};

static struct tcp_config config_of(struct side *s, const char *local, const char *remote)
{
	struct tcp_config c;

	tcp_config_defaults(&c);
	ip_addr_parse(&c.local, local);
	ip_addr_parse(&c.remote, remote);
	c.local_port = c.remote_port = 443;
	c.cc = &fixed;
	c.group = &s->group;
	return c;
}

/* At most `most` packets from one side to the other. */
static unsigned carry(struct side *from, struct side *to, const struct tcp_config *accept,
		      int64_t now_ns, unsigned most)
{
	uint8_t out[2048];
	struct packet p;
	unsigned count = 0;
	size_t len;

	for (; count < most && tcp_send(&from->tcp, now_ns, out, sizeof(out), &len); count++) {
		packet_parse(&p, span_of(out, len));
		if (to->tcp.owner)
			tcp_receive(&to->tcp, now_ns, &p);
		else
			tcp_init_passive(&to->tcp, accept, &owner, &p, now_ns);
	}
	return count;
}

static void feed(struct tcp *t, struct chunk *chunk)
{
	while (tcp_room(t) > 0) {
		struct tcp_piece piece = {.chunk = chunk_ref(chunk), .len = chunk->size};

		piece.mapping = (struct tcp_mapping){.present = true, .ssn = tcp_next_ssn(t)};
		if (tcp_push(t, &piece))
			abort();
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(void)
{
	static struct side a, b;
	struct tcp_config ca = config_of(&a, "192.0.2.7", "203.0.113.80"),
			  cb = config_of(&b, "203.0.113.80", "192.0.2.7");
	struct chunk *chunk = chunk_new(1448);
	int64_t now = NS_PER_S;
	double start = seconds(), took;

	memset(chunk->octets, 7, chunk->size);
	tcp_init_active(&a.tcp, &ca, &owner, now);
	while (b.received < (uint64_t)SEGMENTS * chunk->size) {
		now += 10 * NS_PER_US;
		if (a.tcp.state == TCP_ESTABLISHED)
			feed(&a.tcp, chunk);
		carry(&a, &b, &cb, now, BATCH);
		carry(&b, &a, NULL, now, BATCH);
	}
	took = seconds() - start;
	printf(
	    "{\"bench\":\"tcp\",\"segments\":%d,\"seconds\":%.2f,\"segments_per_second\":%.0f}\n",
	    SEGMENTS, took, SEGMENTS / took);
	tcp_fini(&a.tcp);
	tcp_fini(&b.tcp);
	chunk_unref(chunk);
	return SEGMENTS / took < BAR; /* missed: 1 */
}
