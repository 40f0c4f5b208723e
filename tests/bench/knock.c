/* Connects once, so that every neighbour on the path is known before something is measured.
 * usage: knock ADDRESS PORT
 * Tries for a few seconds; exit status 0 once connected. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 20

static int connect_once(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int status = connect(fd, (const struct sockaddr *)to, sizeof(*to));

	close(fd);
	return status;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: knock ADDRESS PORT\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	for (int i = 0; i < TRIES; i++) {
		if (connect_once(&to) == 0)
			return 0;
		usleep(100000);
	}
	perror("knock");
	return 1;
}
