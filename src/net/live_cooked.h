/* Capture for connections: packet sockets that hand over IP packets (SOCK_DGRAM), one for each
 * family and all devices at once, read in batches; the filter is libpcap's.
 *
 * Why not libpcap's own capture, as for traces. Its immediate mode keeps packets in slots of one
 * size, and what a device has merged (GRO, or never split: TSO between namespaces) is 64 KiB long:
 * a ring of such slots holds few packets of any size. It has a handle a device, and hears a packet
 * that crosses a bridge or a bond once for each device it crosses. And it does not tell that a
 * checksum was left to hardware that such a packet never met: its checksum is filled in here. */
#ifndef MBOXTRACE_NET_LIVE_COOKED_H
#define MBOXTRACE_NET_LIVE_COOKED_H

#include <poll.h>
#include <signal.h>

#include "net/live_scope.h"
#include "net/net.h"

#define LIVE_COOKED_EXTRA_MAX 4

struct live_cooked_batch;

struct live_cooked {
	int fds[2]; /* IPv4 and IPv6; negative: none */
	struct live_cooked_batch *batch;
	const struct pollfd *extra; /* the caller's */
	size_t extra_count;
	sigset_t signals; /* the mask of the caller when it was opened */
	bool opened;
};

/* Hears all TCP to the scope, and ICMP errors. `buffer_octets` 0: 32 MiB. 0, ERR_PERMISSION,
 * ERR_DEVICE or ERR_NOMEM. */
int live_cooked_open(struct live_cooked *cooked, const struct live_scope *scope,
		     size_t buffer_octets, struct error *err);
/* As net.h's receive(); also ends if one of `extra` is ready. */
int live_cooked_receive(struct live_cooked *cooked, int64_t deadline_ns, struct net_packet *out,
			struct error *err);
void live_cooked_close(struct live_cooked *cooked);

#endif
