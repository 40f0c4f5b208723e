#include "net/live_block.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "net/live_permission.h"
#include "net/sockaddr.h"

#define ATTEMPTS 64

/* A socket for both families where the host has both. */
static int open_socket(uint8_t *family)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;

	*family = 6;
	if (fd >= 0 && !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		return fd;
	if (fd >= 0)
		close(fd);
	*family = 4;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* 0, or an errno; *port is written back. */
static int reserve(struct live_block *block, uint16_t *port)
{
	struct sockaddr_storage at;
	struct ip_addr any = {0};
	int fd = open_socket(&any.family);
	socklen_t len = sockaddr_of(&any, *port, 0, &at);

	if (fd < 0)
		return errno;
	if (bind(fd, (struct sockaddr *)&at, len) || (len = sizeof(at), 0) ||
	    getsockname(fd, (struct sockaddr *)&at, &len)) {
		int failed = errno;

		close(fd);
		return failed;
	}
	block->fds[block->count++] = fd;
	*port = sockaddr_port(&at);
	return 0;
}

int live_block_explain(uint16_t port, int failed, struct error *err)
{
	if (failed == EADDRINUSE)
		return error_set(err, ERR_USAGE, "local port %u is in use by another program",
				 port);
	if (failed == EACCES)
		return live_permission(err, "cannot reserve a port below 1024", failed);
	return error_set(err, ERR_DEVICE, "live: cannot reserve local port %u: %s", port,
			 strerror(failed));
}

int live_block_add(struct live_block *block, uint16_t port, struct error *err)
{
	int failed = block->count == LIVE_BLOCK_MAX ? EMFILE : reserve(block, &port);

	return failed ? live_block_explain(port, failed, err) : 0;
}

static void shrink(struct live_block *block, size_t count)
{
	while (block->count > count)
		close(block->fds[--block->count]);
}

int live_block_find(struct live_block *block, size_t count, uint16_t *first, struct error *err)
{
	size_t before = block->count;
	int failed = EADDRINUSE;

	if (count > LIVE_BLOCK_MAX - before)
		return live_block_explain(0, EMFILE, err);
	for (int attempt = 0; failed && attempt < ATTEMPTS; attempt++) {
		*first = 0;
		failed = reserve(block, first);
		for (size_t i = 1; i < count && !failed; i++) {
			uint16_t port = (uint16_t)(*first + i);

			failed = *first + i > UINT16_MAX ? EADDRINUSE : reserve(block, &port);
		}
		if (failed)
			shrink(block, before);
	}
	return failed ? live_block_explain(*first, failed, err) : 0;
}

void live_block_close(struct live_block *block)
{
	shrink(block, 0);
}
