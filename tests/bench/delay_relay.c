/* A wire with a delay: joins two network devices and forwards every frame after a fixed time.
 * usage: delay_relay DEVICE DEVICE DELAY_US
 *
 *   client ── veth [a ── delay_relay ── b] veth ── router 1
 *
 * For kernels without netem. Both devices are veth ends without addresses in the namespace the
 * relay runs in. It prints "ready" once it forwards and runs until a signal ends it. Frames carry
 * their virtio header along, so checksums left to the hardware stay left to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/time.h"

#define FRAME_MAX  2048
#define QUEUE_SIZE 8192

struct frame {
	int64_t due_ns;
	size_t len;
	uint8_t octets[FRAME_MAX];
};

/* One direction. All frames wait equally long, so the order of arrival is the order of time. */
struct queue {
	int from, to;
	size_t head, count;
	struct frame *frames;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "delay_relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set_option(int fd, int option, const char *name)
{
	int one = 1;

	if (setsockopt(fd, SOL_PACKET, option, &one, sizeof(one)) != 0)
		fail(name);
}

static int open_device(const char *name)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	int octets = 8 << 20;

	where.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || where.sll_ifindex == 0)
		fail(name);
	set_option(fd, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING");
	set_option(fd, PACKET_VNET_HDR, "PACKET_VNET_HDR");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous));
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) != 0)
		fail(name);
	return fd;
}

static void queue_init(struct queue *q, int from, int to)
{
	*q = (struct queue){.from = from, .to = to};
	q->frames = calloc(QUEUE_SIZE, sizeof(*q->frames));
	if (!q->frames)
		fail("memory");
}

static void take(struct queue *q, int64_t delay_ns)
{
	while (q->count < QUEUE_SIZE) {
		struct frame *f = &q->frames[(q->head + q->count) % QUEUE_SIZE];
		ssize_t len = recv(q->from, f->octets, FRAME_MAX, MSG_TRUNC);

		if (len < 0)
			return;
		if (len > FRAME_MAX)
			continue; /* longer than a probe can be */
		f->len = (size_t)len;
		f->due_ns = now_ns() + delay_ns;
		q->count++;
	}
}

static void give(struct queue *q)
{
	while (q->count && q->frames[q->head].due_ns <= now_ns()) {
		const struct frame *f = &q->frames[q->head];

		if (send(q->to, f->octets, f->len, 0) < 0 && errno != ENOBUFS)
			perror("delay_relay: send");
		q->head = (q->head + 1) % QUEUE_SIZE;
		q->count--;
	}
}

static int64_t next_due(const struct queue *q)
{
	return q->count ? q->frames[q->head].due_ns : TIME_NEVER;
}

static void wait_for(struct queue *a, struct queue *b)
{
	struct pollfd fds[] = {{.fd = a->from, .events = POLLIN},
			       {.fd = b->from, .events = POLLIN}};
	int64_t due = next_due(a) < next_due(b) ? next_due(a) : next_due(b);
	int64_t left = due == TIME_NEVER ? NS_PER_S : due - now_ns();
	struct timespec t;

	if (left < 0)
		left = 0;
	t = (struct timespec){.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
	if (ppoll(fds, 2, &t, NULL) < 0 && errno != EINTR)
		fail("poll");
}

int main(int argc, char **argv)
{
	struct queue forward, back;
	int64_t delay_ns;
	int a, b;

	if (argc != 4) {
		fprintf(stderr, "usage: delay_relay DEVICE DEVICE DELAY_US\n");
		return 2;
	}
	delay_ns = strtoll(argv[3], NULL, 10) * NS_PER_US;
	a = open_device(argv[1]);
	b = open_device(argv[2]);
	queue_init(&forward, a, b);
	queue_init(&back, b, a);
	prctl(PR_SET_TIMERSLACK, 1);
	puts("ready");
	fflush(stdout);
	for (;;) {
		wait_for(&forward, &back);
		take(&forward, delay_ns);
		take(&back, delay_ns);
		give(&forward);
		give(&back);
	}
}
