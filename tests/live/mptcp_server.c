/* The other end of the live tests: mptcp_server PORT… accepts on every port, over IPv4 and IPv6,
 * and closes what it accepted at once. A port is an MPTCP one with "m" before it, else plain TCP:
 *
 *   mptcp_server m443 80
 *
 * Prints "ready" once it listens. Ends with status 4 if the kernel has no MPTCP. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define PORTS_MAX 8

static int listen_on(const char *text)
{
	int mptcp = *text == 'm', on = 1, off = 0;
	struct sockaddr_in6 at = {.sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)atoi(text + mptcp))};
	int fd = socket(AF_INET6, SOCK_STREAM, mptcp ? IPPROTO_MPTCP : IPPROTO_TCP);

	if (fd < 0 && mptcp)
		exit(4);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64)) {
		fprintf(stderr, "mptcp_server: %s: %s\n", text, strerror(errno));
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd fds[PORTS_MAX];
	nfds_t count = 0;

	for (int i = 1; i < argc && count < PORTS_MAX; i++)
		fds[count++] = (struct pollfd){.fd = listen_on(argv[i]), .events = POLLIN};
	puts("ready");
	fflush(stdout);
	while (count && poll(fds, count, -1) > 0)
		for (nfds_t i = 0; i < count; i++)
			if (fds[i].revents)
				close(accept(fds[i].fd, NULL, NULL));
	return 1;
}
