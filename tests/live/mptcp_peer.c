/* The kernel's MPTCP (or TCP) as the other end of a transfer, with octets that can be compared:
 *
 *   mptcp_peer listen [-n COUNT] [OPTION…] PORT SEND  serves COUNT connections (1) in turn
 *   mptcp_peer connect [OPTION…] ADDRESS PORT SEND
 *   mptcp_peer make N                               N octets to standard output
 *   mptcp_peer hash                                 of standard input
 *
 * SEND octets, always the same ones, go one way while whatever comes the other way is hashed; both
 * directions end on their own. Or SEND is "echo": what comes is sent back. Then a line is printed:
 *
 *   received 1000000 8f3c…, sent 1000000, mptcp
 *
 * "listen" prints "ready" once it listens. -t: plain TCP. -a: ends with a RST or MP_FASTCLOSE
 * after SEND octets. -j JOINS: half-way waits until so many further subflows are there.
 * -x COMMAND: runs it half-way, after that wait; of two the first after one third, the second
 * after two.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

#define CHUNK 65536

#define COMMANDS_MAX 4

/* What is waited for, and done, on the way. */
struct halts {
	unsigned joins, count, next;
	const char *commands[COMMANDS_MAX];
};

struct transfer {
	uint64_t to_send, sent, received, hash, state;
	bool echo, abort, reading, writing;
	char out[CHUNK];
	size_t out_at, out_len;
};

static void die(const char *what)
{
	fprintf(stderr, "mptcp_peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* xorshift64: the same octets every time, and no period in any transfer. */
static void make(struct transfer *t, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		t->state ^= t->state << 13;
		t->state ^= t->state >> 7;
		t->state ^= t->state << 17;
		out[i] = (char)(t->state >> 32);
	}
}

/* FNV-1a, 64 bits. */
static void hash(struct transfer *t, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		t->hash = (t->hash ^ (uint8_t)octets[i]) * UINT64_C(0x100000001b3);
	t->received += len;
}

static void transfer_init(struct transfer *t, const char *send)
{
	*t = (struct transfer){.hash = UINT64_C(0xcbf29ce484222325),
			       .state = UINT64_C(0x9e3779b97f4a7c15),
			       .echo = !strcmp(send, "echo"),
			       .reading = true,
			       .writing = true};
	t->to_send = t->echo ? 0 : strtoull(send, NULL, 10);
}

static void take(struct transfer *t, int fd)
{
	char in[CHUNK];
	ssize_t got = read(fd, t->echo ? t->out : in, CHUNK);

	if (got < 0 && !(t->echo && errno == ECONNRESET))
		die("read");
	if (got <= 0) /* who only measures may end an echo with a reset */
		t->reading = false;
	if (got < 0)
		t->writing = false;
	got = got < 0 ? 0 : got;
	hash(t, t->echo ? t->out : in, (size_t)got);
	if (t->echo) {
		t->out_at = 0;
		t->out_len = (size_t)got;
	}
}

static void refill(struct transfer *t)
{
	uint64_t left = t->to_send - t->sent;

	t->out_at = 0;
	t->out_len = left < CHUNK ? (size_t)left : CHUNK;
	make(t, t->out, t->out_len);
}

static void give(struct transfer *t, int fd)
{
	ssize_t put;

	if (t->out_at == t->out_len && !t->echo)
		refill(t);
	if (t->out_at == t->out_len && (!t->echo || !t->reading)) {
		t->writing = false;
		if (!t->abort)
			shutdown(fd, SHUT_WR);
		return;
	}
	put = send(fd, t->out + t->out_at, t->out_len - t->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put < 0 && t->echo && (errno == ECONNRESET || errno == EPIPE))
		t->reading = t->writing = false;
	else if (put < 0 && errno != EAGAIN)
		die("send");
	if (put > 0) {
		t->out_at += (size_t)put;
		t->sent += (size_t)put;
	}
}

/* An echo reads no more before it has sent what it read. */
static void step(struct transfer *t, int fd)
{
	bool pending = t->out_at < t->out_len;
	struct pollfd p = {.fd = fd};

	if (t->reading && !(t->echo && pending))
		p.events |= POLLIN;
	if (t->writing && (!t->echo || pending || !t->reading))
		p.events |= POLLOUT;
	if (poll(&p, 1, 60000) <= 0)
		die("nothing moves");
	if (p.revents & (POLLIN | POLLHUP | POLLERR) && p.events & POLLIN)
		take(t, fd);
	if (p.revents & POLLOUT)
		give(t, fd);
}

static bool is_mptcp(int fd)
{
	char info[512];
	socklen_t len = sizeof(info);

	return !getsockopt(fd, SOL_MPTCP, 1 /* MPTCP_INFO */, info, &len) && len > 0;
}

/* Joins take their time on a busy machine. (A kernel that has sent all it had, and said so, neither
 * joins any more nor is joined.) */
static void await_joins(int fd, unsigned joins)
{
	struct mptcp_info info = {0};
	socklen_t len = sizeof(info);

	for (int i = 0; i < 3000 && joins; i++) {
		if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len) ||
		    info.mptcpi_subflows >= joins)
			return;
		usleep(10000);
	}
}

/* Part `next` of as many as there are halts has been sent. */
static void halt(struct halts *h, int fd, uint64_t sent, uint64_t to_send)
{
	unsigned count = h->count ? h->count : 1;

	if (h->next == count || sent / (h->next + 1) < to_send / (count + 1))
		return;
	await_joins(fd, h->joins);
	if (h->count && system(h->commands[h->next]))
		die(h->commands[h->next]);
	h->next++;
}

static void run(int fd, const char *send, bool abortive, struct halts halts)
{
	static struct transfer t;
	struct linger now = {.l_onoff = 1};
	bool mptcp;

	transfer_init(&t, send);
	t.abort = abortive;
	while (t.writing || (t.reading && !abortive)) {
		step(&t, fd);
		halt(&halts, fd, t.sent, t.to_send);
	}
	mptcp = is_mptcp(fd);
	if (abortive)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	printf("received %llu %016llx, sent %llu, %s\n", (unsigned long long)t.received,
	       (unsigned long long)t.hash, (unsigned long long)t.sent, mptcp ? "mptcp" : "tcp");
	fflush(stdout);
}

static int open_at(const char *host, const char *port, bool tcp, bool server)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*at;
	int on = 1, fd;

	if (server)
		hints.ai_family = AF_INET6;
	if (getaddrinfo(host, port, &hints, &at))
		die(host);
	fd = socket(at->ai_family, SOCK_STREAM, tcp ? IPPROTO_TCP : IPPROTO_MPTCP);
	if (fd < 0)
		exit(4);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (server ? bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, 64)
		   : connect(fd, at->ai_addr, at->ai_addrlen))
		die(server ? "listen" : "connect");
	freeaddrinfo(at);
	return fd;
}

static void serve(const char *port, const char *send, bool tcp, bool abortive, int count,
		  const struct halts *halts)
{
	int fd = open_at("::", port, tcp, true);

	puts("ready");
	fflush(stdout);
	while (count--) {
		int client = accept(fd, NULL, NULL);

		if (client < 0)
			die("accept");
		run(client, send, abortive, *halts);
	}
}

static void filter(const char *count)
{
	static char octets[CHUNK];
	struct transfer t;
	size_t got;

	transfer_init(&t, count ? count : "0");
	for (uint64_t left = t.to_send; left; left -= got) {
		got = left < CHUNK ? (size_t)left : CHUNK;
		make(&t, octets, got);
		if (fwrite(octets, 1, got, stdout) != got)
			die("write");
	}
	while (!count && (got = fread(octets, 1, CHUNK, stdin)))
		hash(&t, octets, got);
	if (!count)
		printf("received %llu %016llx\n", (unsigned long long)t.received,
		       (unsigned long long)t.hash);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool tcp = false, abortive = false;
	struct halts halts = {0};
	int option, count = 1;

	argc--;
	argv++;
	while ((option = getopt(argc, argv, "tan:j:x:")) != -1) {
		tcp |= option == 't';
		abortive |= option == 'a';
		count = option == 'n' ? atoi(optarg) : count;
		halts.joins = option == 'j' ? (unsigned)atoi(optarg) : halts.joins;
		if (option == 'x' && *optarg && halts.count < COMMANDS_MAX)
			halts.commands[halts.count++] = optarg;
	}
	argc -= optind;
	argv += optind;
	if (!strcmp(what, "listen") && argc == 2)
		serve(argv[0], argv[1], tcp, abortive, count, &halts);
	else if (!strcmp(what, "connect") && argc == 3)
		run(open_at(argv[0], argv[1], tcp, false), argv[2], abortive, halts);
	else if (!strcmp(what, "make") && argc == 1)
		filter(argv[0]);
	else if (!strcmp(what, "hash"))
		filter(NULL);
	else
		return 2;
	return 0;
}
