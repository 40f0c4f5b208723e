/* What comes of addresses of the host that come and go. */
#include "cli/reach.h"
#include "net/live_addrs.h"

struct pollfd reach_watch(const struct reach *reach)
{
	return (struct pollfd){.fd = reach->follows ? reach->addrs : -1, .events = POLLIN};
}

bool reach_changed(const struct reach *reach, struct ip_addr *addr, bool *came)
{
	return reach->follows && live_addrs_next(reach->addrs, addr, came);
}

void reach_tell(const struct reach *reach, struct conn *conn, const struct ip_addr *addr, bool came,
		int64_t now_ns)
{
	if (!came) {
		conn_address_gone(conn, addr, now_ns);
		return;
	}
	if (conn_address_back(conn, addr, now_ns))
		return;
	for (size_t i = 0; i < reach->local_count; i++)
		if (ip_addr_equal(&reach->local[i].addr, addr))
			conn_add_local(conn, &reach->local[i], now_ns);
}
