/* Bulk as whole frames: cheaper than through a raw IP socket, for which the kernel looks up (and
 * often makes) a route for each packet.
 *
 * Nothing is worked out here: how the host sends is seen. One packet leaves through the raw socket
 * while a packet socket listens to what goes out; if a device is given it octet for octet as it
 * was written (nothing of this host translates or mangles it), more to the same address are handed
 * to that device behind the same link-layer header, for a fifth of a second. Then it is looked at
 * again: routes, neighbours and rules may change. Where that is not so, or the device is not an
 * Ethernet, everything stays with the raw socket. */
#ifndef MBOXTRACE_NET_LIVE_FRAMES_H
#define MBOXTRACE_NET_LIVE_FRAMES_H

#include <stdbool.h>

#include "util/span.h"

#define LIVE_FRAMES_WAYS 16
#define LIVE_FRAMES_LINK 14 /* octets of an Ethernet header */

/* How packets from one address to another leave. */
struct live_way {
	uint8_t ends[32]; /* both addresses as in the IP header */
	uint8_t family;	  /* 0: unused */
	bool known;
	int64_t asked_ns; /* when it was last looked at */
	int device;
	uint8_t link[LIVE_FRAMES_LINK];
};

struct live_frames {
	int fd;	    /* negative: no frames */
	bool bound; /* and hears what the host sends, while it is told to */
	struct live_way way[LIVE_FRAMES_WAYS];
};

/* Where it fails there are just no frames. */
void live_frames_open(struct live_frames *frames);
/* Sends the first of the packets, as long as their way is known; returns how many. */
unsigned live_frames_send(struct live_frames *frames, int64_t now_ns, const struct span *packets,
			  unsigned count);
/* True: it is time to look how this packet leaves: the caller sends it now, by itself, and calls
 * live_frames_learn with it. */
bool live_frames_watch(struct live_frames *frames, int64_t now_ns, struct span packet);
void live_frames_learn(struct live_frames *frames, struct span packet);
void live_frames_close(struct live_frames *frames);

#endif
