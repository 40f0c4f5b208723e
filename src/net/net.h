/* The seam. Everything above it sees a network as five operations; behind it stand the live
 * back-end (raw sockets and captures), the lab (emulated, virtual time) and replay (a file).
 *
 * Packets start with their IP header. Times are nanoseconds on the back-end's own monotonic axis.
 */
#ifndef MBOXTRACE_NET_NET_H
#define MBOXTRACE_NET_NET_H

#include "packet/ip_addr.h"
#include "util/error.h"
#include "util/span.h"
#include "util/time.h"

struct net;
struct pollfd;

struct net_packet {
	struct span octets; /* valid until the next call on the same net */
	int64_t time_ns;    /* when it was seen on the wire */
};

struct net_route {
	struct ip_addr source; /* address to send from */
	char device[32];       /* interface; "lab" in the lab */
	uint32_t mtu;
};

struct net_ops {
	const char *name;
	/* Injects one IP packet. 0, or ERR_DEVICE / ERR_PERMISSION; a full queue is waited out. */
	int (*send)(struct net *net, struct span packet, struct error *err);
	/* The next packet that arrived for us, waiting until `deadline_ns` at most. 1: *out is set;
	 * 0: the deadline passed or the wait was interrupted by a signal; negative: the device is
	 * lost. A deadline in the past polls. */
	int (*receive)(struct net *net, int64_t deadline_ns, struct net_packet *out,
		       struct error *err);
	int64_t (*now_ns)(struct net *net);
	/* How `target` would be reached. 0 or ERR_ROUTE. */
	int (*route)(struct net *net, const struct ip_addr *target, struct net_route *out,
		     struct error *err);
	void (*close)(struct net *net); /* frees it and everything it opened; NULL is fine */
	/* From now on a wait of receive() also ends (with 0) once one of `fds` is ready; they are
	 * the caller's and may change between calls. False: this back-end cannot wait on
	 * real things (its time is virtual). NULL: likewise. */
	bool (*watch)(struct net *net, const struct pollfd *fds, size_t count);
};

/* The head of every back-end's own struct. */
struct net {
	const struct net_ops *ops;
};

static inline int net_send(struct net *net, struct span packet, struct error *err)
{
	return net->ops->send(net, packet, err);
}

static inline int net_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			      struct error *err)
{
	return net->ops->receive(net, deadline_ns, out, err);
}

static inline int64_t net_now_ns(struct net *net)
{
	return net->ops->now_ns(net);
}

static inline int net_route(struct net *net, const struct ip_addr *target, struct net_route *out,
			    struct error *err)
{
	return net->ops->route(net, target, out, err);
}

static inline bool net_watch(struct net *net, const struct pollfd *fds, size_t count)
{
	return net->ops->watch && net->ops->watch(net, fds, count);
}

static inline void net_close(struct net *net)
{
	if (net)
		net->ops->close(net);
}

#endif
