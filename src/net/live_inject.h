/* Injection: libnet's raw IP sockets, the kernel choosing the link-layer header.
 *
 * What the kernel still touches. IPv4: total length and header checksum are filled in, and an
 * IP ID of zero is replaced; everything else leaves as given. IPv6: nothing; flow label, hop
 * limit and extension headers leave as given. */
#ifndef MBOXTRACE_NET_LIVE_INJECT_H
#define MBOXTRACE_NET_LIVE_INJECT_H

#include "packet/ip_addr.h"
#include "util/error.h"
#include "util/span.h"

struct live_inject {
	void *libnet; /* owned; NULL: closed */
	uint8_t family;
};

/* The socket is bound to `source`, which rules of a routing policy look at, and to `device`
 * unless that is NULL. 0, ERR_PERMISSION or ERR_DEVICE. */
int live_inject_open(struct live_inject *inject, const struct ip_addr *source, const char *device,
		     struct error *err);
/* Waits for up to a second for room in a full queue. 0, ERR_PERMISSION (a local packet filter
 * refuses it) or ERR_DEVICE. */
int live_inject_send(struct live_inject *inject, struct span packet, struct error *err);
/* The same for several in one system call, at most LIVE_INJECT_BATCH: returns how many could not be
 * sent; `err` says why the last of them. */
#define LIVE_INJECT_BATCH 64
unsigned live_inject_send_all(struct live_inject *inject, const struct span *packets,
			      unsigned count, struct error *err);
void live_inject_close(struct live_inject *inject);

#endif
