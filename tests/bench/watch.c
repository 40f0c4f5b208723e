/* Runs a command and watches the packets it causes on a device.
 * usage: watch DEVICE COMMAND [ARGUMENT...]
 *
 * Prints one line to standard error, times in microseconds:
 *   first_us=1812 reply_us=913 exit_us=1204 whole_us=4100 sent=13 replies=13 status=0
 *
 * first   from the start of the command to its first probe
 * reply   from the first probe to the last reply (what a verdict needs at least)
 * exit    from the first probe to the end of the command
 * whole   from the start of the command to its end
 *
 * A probe is any outgoing IP packet but for TCP without SYN (closing what answered) and ICMPv6
 * neighbour discovery; a reply any incoming TCP packet or ICMP error. The time of a packet is the
 * kernel's own. The command's standard output is left alone. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "packet/packet.h"
#include "util/time.h"

struct tally {
	int64_t start_ns, first_ns, last_ns, end_ns; /* wall clock; 0: none */
	unsigned sent, replies;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "watch: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* SOCK_DGRAM: packets start with their IP header. */
static int open_device(const char *name)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int octets = 32 << 20, one = 1;

	where.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || where.sll_ifindex == 0)
		fail(name);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) != 0)
		fail("SO_TIMESTAMPNS");
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) != 0)
		fail(name);
	return fd;
}

static bool is_probe(const struct packet *p)
{
	if (p->ip.proto == IP_PROTO_TCP)
		return p->have & PACKET_HAS_TCP && p->tcp.flags & TCP_SYN;
	if (p->ip.proto == IP_PROTO_ICMPV6)
		return p->have & PACKET_HAS_ICMP && p->icmp.type == 128;
	return true;
}

static bool is_reply(const struct packet *p)
{
	if (!(p->have & PACKET_HAS_ICMP) || p->ip.proto == IP_PROTO_TCP)
		return p->ip.proto == IP_PROTO_TCP;
	return p->ip.proto == IP_PROTO_ICMPV6 ? p->icmp.type < 128 || p->icmp.type == 129 : true;
}

static void note(struct tally *t, bool outgoing, int64_t time_ns, struct span octets)
{
	struct packet p;

	if (packet_parse(&p, octets) != 0)
		return;
	if (outgoing && is_probe(&p)) {
		t->sent++;
		if (!t->first_ns)
			t->first_ns = time_ns;
	} else if (!outgoing && is_reply(&p)) {
		t->replies++;
		t->last_ns = time_ns;
	}
}

static int64_t stamp_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct timespec t;

	if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
		return now_ns();
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Everything the socket queued while the command ran. */
static void read_all(struct tally *t, int fd)
{
	uint8_t octets[2048];
	union {
		char octets[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct sockaddr_ll from;
	struct iovec iov = {.iov_base = octets, .iov_len = sizeof(octets)};

	for (;;) {
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control.octets,
				   .msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(fd, &m, MSG_DONTWAIT);

		if (len < 0)
			return;
		note(t, from.sll_pkttype == PACKET_OUTGOING, stamp_of(&m),
		     (struct span){octets, (size_t)len});
	}
}

static int run(char **argv)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0)
		fail("fork");
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long long us(int64_t from_ns, int64_t to_ns)
{
	return from_ns && to_ns ? (to_ns - from_ns) / NS_PER_US : 0;
}

int main(int argc, char **argv)
{
	struct tally t = {0};
	int fd, status;

	if (argc < 3) {
		fprintf(stderr, "usage: watch DEVICE COMMAND [ARGUMENT...]\n");
		return 2;
	}
	fd = open_device(argv[1]);
	t.start_ns = now_ns();
	status = run(argv + 2);
	t.end_ns = now_ns();
	read_all(&t, fd);
	fprintf(stderr,
		"first_us=%lld reply_us=%lld exit_us=%lld whole_us=%lld sent=%u replies=%u "
		"status=%d\n",
		us(t.start_ns, t.first_ns), us(t.first_ns, t.last_ns), us(t.first_ns, t.end_ns),
		us(t.start_ns, t.end_ns), t.sent, t.replies, status);
	return 0;
}
