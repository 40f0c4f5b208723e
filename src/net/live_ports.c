#include "net/live_ports.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/live_block.h"
#include "net/sockaddr.h"

static int bind_port(int fd, const struct net_route *route, uint16_t *port)
{
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(&route->source, *port, if_nametoindex(route->device), &at);

	if (bind(fd, (struct sockaddr *)&at, len))
		return errno;
	len = sizeof(at);
	if (getsockname(fd, (struct sockaddr *)&at, &len))
		return errno;
	*port = sockaddr_port(&at);
	return 0;
}

static int reserve(struct live_ports *held, const struct net_route *route, uint16_t *port)
{
	int family = route->source.family == 4 ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	held->fds[held->count++] = fd;
	return bind_port(fd, route, port);
}

int live_ports_open(struct live_ports *held, const struct net_route *route, uint16_t *ports,
		    size_t port_count, struct error *err)
{
	*held = (struct live_ports){0};
	if (port_count > LIVE_PORTS_MAX)
		return error_set(err, ERR_USAGE, "%zu local ports: at most %d", port_count,
				 LIVE_PORTS_MAX);
	for (size_t i = 0; i < port_count; i++) {
		int failed = reserve(held, route, &ports[i]);

		if (failed) {
			live_ports_close(held);
			return live_block_explain(ports[i], failed, err);
		}
	}
	return 0;
}

void live_ports_close(struct live_ports *held)
{
	while (held->count)
		close(held->fds[--held->count]);
}
