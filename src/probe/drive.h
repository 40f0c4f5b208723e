/* The loop that drives an MPTCP endpoint over a net: what it wants sent is injected, what arrives
 * is handed to it, its events go to the caller, until the caller has had enough. Over the live
 * back-end as over the lab's virtual time. */
#ifndef MBOXTRACE_PROBE_DRIVE_H
#define MBOXTRACE_PROBE_DRIVE_H

#include "mptcp/endpoint.h"
#include "net/net.h"

struct drive {
	struct endpoint *endpoint;
	struct net *net;
	const volatile int *stop; /* set by a signal: `stopped` is called, once */
	void *context;
	/* None of these may be NULL. */
	void (*event)(void *context, const struct endpoint_event *event);
	/* Called before every wait, when all that was due is sent: the time to read and write
	 * streams. Returns the next time at which the caller wants to be called (TIME_NEVER). */
	int64_t (*pump)(void *context, int64_t now_ns);
	void (*stopped)(void *context, int64_t now_ns);
	bool (*finished)(void *context);
	/* Shown every packet that comes and goes; may be NULL. False: it is lost on purpose. */
	bool (*packet)(void *context, bool sent, int64_t time_ns, struct span octets);
};

/* What the caller also waits for (standard input) is told with net_watch.
 * 0, or what the net returned. */
int drive_run(const struct drive *d, struct error *err);

#endif
