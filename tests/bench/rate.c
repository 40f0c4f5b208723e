/* Probes a second on one core, against a bare AF_PACKET sendmmsg loop of the same packets.
 * usage: rate DEVICE TARGET      (a device that goes to nobody who answers)
 *
 *   AF_PACKET sendmmsg, 64 a call             1450 k/s    1.00
 *   net_send                                   620 k/s    0.43
 *   engine and net_send                        480 k/s    0.33
 *
 * The engine runs ahead of time: nothing is answered, so that every question is asked and given
 * up, and the clock it is told jumps to its next expiry. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/live.h"
#include "packet/packet.h"
#include "probe/trace.h"

#define PACKETS	  200000
#define BATCH	  64
#define FRAME_MAX 256
#define ROUNDS	  3

struct bench {
	const char *device;
	struct ip_addr target;
	struct live_config config;
	struct net_route route;
	struct net *net;
	uint8_t frame[FRAME_MAX]; /* Ethernet header and the first probe */
	size_t frame_len;
	unsigned sent;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "rate: %s\n", what);
	exit(1);
}

static struct trace *new_trace(const struct bench *b, uint64_t seed)
{
	struct trace_config c;
	struct error err;
	struct trace *t;

	trace_config_defaults(&c);
	c.source = b->route.source;
	c.target = b->target;
	c.max_ttl = c.in_flight = 255;
	c.queries = 1;
	c.gap_ns = 0;
	c.seed = seed;
	memcpy(c.local_ports, b->config.ports, sizeof(c.local_ports));
	t = trace_new(&c, NULL, &err);
	if (!t)
		fail(err.text);
	return t;
}

static void open_net(struct bench *b)
{
	struct error warning, err;

	b->config = (struct live_config){.target = b->target, .port_count = TRACE_PROBES_MAX};
	b->net = live_open(&b->config, &b->route, &warning, &err);
	if (!b->net)
		fail(err.text);
}

/* The first SYN of a trace, in a frame to nobody. */
static void make_frame(struct bench *b)
{
	static const uint8_t header[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
	struct trace *t = new_trace(b, 1);
	struct span packet;

	do {
		if (!trace_send(t, 0, &packet))
			fail("the engine has no SYN");
	} while (packet.at[9] != IP_PROTO_TCP || packet.len > FRAME_MAX - sizeof(header));
	memcpy(b->frame, header, sizeof(header));
	memcpy(b->frame + sizeof(header), packet.at, packet.len);
	b->frame_len = sizeof(header) + packet.len;
	trace_free(t);
}

static void run_bare(struct bench *b)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	struct iovec iov = {.iov_base = b->frame, .iov_len = b->frame_len};
	struct mmsghdr batch[BATCH] = {0};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), done;

	to.sll_ifindex = (int)if_nametoindex(b->device);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		fail(strerror(errno));
	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	while (b->sent < PACKETS) {
		done = sendmmsg(fd, batch, BATCH, 0);
		if (done < 0)
			fail(strerror(errno));
		b->sent += (unsigned)done;
	}
	close(fd);
}

static void run_send(struct bench *b)
{
	struct span packet = span_of(b->frame + 14, b->frame_len - 14);
	struct error err;

	for (; b->sent < PACKETS; b->sent++)
		if (net_send(b->net, packet, &err) != 0)
			fail(err.text);
}

static void run_trace(struct bench *b, uint64_t seed)
{
	struct trace *t = new_trace(b, seed);
	struct span packet;
	struct error err;
	int64_t now = 0;

	while (!trace_finished(t)) {
		for (; trace_send(t, now, &packet); b->sent++)
			if (net_send(b->net, packet, &err) != 0)
				fail(err.text);
		if (trace_expiry_ns(t) > now)
			now = trace_expiry_ns(t);
	}
	trace_free(t);
}

static void run_engine(struct bench *b)
{
	for (uint64_t seed = 1; b->sent < PACKETS; seed++)
		run_trace(b, seed);
}

/* Packets a second, the best of a few rounds. */
static double measure(struct bench *b, void (*run)(struct bench *b))
{
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t start = now_ns();
		double rate;

		b->sent = 0;
		run(b);
		rate = b->sent * (double)NS_PER_S / (double)(now_ns() - start);
		if (rate > best)
			best = rate;
	}
	return best;
}

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct bench *b);
	} ways[] = {
	    {"AF_PACKET sendmmsg, 64 a call", run_bare},
	    {"net_send", run_send},
	    {"engine and net_send", run_engine},
	};
	static struct bench b;
	double unit = 0;

	if (argc != 3 || !ip_addr_parse(&b.target, argv[2])) {
		fprintf(stderr, "usage: rate DEVICE TARGET\n");
		return 2;
	}
	b.device = argv[1];
	pin();
	open_net(&b);
	make_frame(&b);
	printf("probes a second on one core, frames of %zu octets\n", b.frame_len);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		double rate = measure(&b, ways[i].run);

		unit = unit > 0 ? unit : rate;
		printf("  %-34s %9.0f k/s %7.2f\n", ways[i].name, rate / 1e3, rate / unit);
	}
	net_close(b.net);
	return 0;
}
