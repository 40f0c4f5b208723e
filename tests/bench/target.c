/* A target that answers: accepts connections on a port, MPTCP if the kernel can, and closes them.
 * usage: target PORT
 * Prints "ready" once it listens and runs until a signal ends it. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

int main(int argc, char **argv)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP), one = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: target PORT\n");
		return 2;
	}
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	any.sin6_port = htons((uint16_t)atoi(argv[1]));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0 || listen(fd, 512) != 0) {
		perror("target");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0)
			close(peer);
	}
}
