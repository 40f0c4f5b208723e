/* The kernel's MPTCP as a peer of the bench: bulk data one way.
 *
 *   bulk_peer listen [-t] PORT               takes everything from one connection after another
 *   bulk_peer connect [-t] ADDR PORT OCTETS  sends OCTETS, waits until all of it was read, and
 *                                            prints the seconds from before the SYN until then
 *
 * -t: plain TCP. "listen" prints "ready" once it listens, and is ended by a signal. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static char chunk[128 * 1024];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int make_socket(bool plain)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, plain ? IPPROTO_TCP : IPPROTO_MPTCP);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	return fd;
}

static int serve(bool plain, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = make_socket(plain), peer;

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 8))
		die("listen");
	puts("ready");
	fflush(stdout);
	while ((peer = accept(fd, NULL, NULL)) >= 0) {
		while (read(peer, chunk, sizeof(chunk)) > 0)
			;
		close(peer);
	}
	die("accept");
	return 1;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int send_all(bool plain, const char *addr, uint16_t port, uint64_t octets)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = make_socket(plain);
	double start = seconds();

	if (inet_pton(AF_INET, addr, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	while (octets) {
		size_t len = octets < sizeof(chunk) ? (size_t)octets : sizeof(chunk);
		ssize_t sent = write(fd, chunk, len);

		if (sent < 0)
			die("write");
		octets -= (uint64_t)sent;
	}
	if (shutdown(fd, SHUT_WR) || read(fd, chunk, sizeof(chunk)) != 0)
		die("the other end did not close");
	printf("%.6f\n", seconds() - start);
	return 0;
}

int main(int argc, char **argv)
{
	bool plain = argc > 2 && !strcmp(argv[2], "-t");
	char **arg = argv + 2 + plain;

	argc -= 2 + plain;
	if (argc == 1 && !strcmp(argv[1], "listen"))
		return serve(plain, (uint16_t)atoi(arg[0]));
	if (argc == 3 && !strcmp(argv[1], "connect"))
		return send_all(plain, arg[0], (uint16_t)atoi(arg[1]), strtoull(arg[2], NULL, 10));
	fprintf(stderr, "usage: bulk_peer listen|connect [-t] …\n");
	return 2;
}
