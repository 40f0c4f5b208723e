/* Capture: a libpcap handle on one device, immediate and non-blocking, inbound packets only.
 *
 * On loopback a packet that is sent comes in as well: what arrives for us is told from what we
 * send by the filter (our ports are its destination), and libpcap hides the outgoing copy.
 *
 * Cost. The kernel waits for an RCU grace period (some 10 ms) once while the ring is set up and
 * twice while it is torn down, and libpcap (1.10) has no way to read a device on Linux without
 * that ring. So nothing is paid a second time here: one handle, no promiscuous mode; and live.c
 * opens and closes it alongside everything else. */
#ifndef MBOXTRACE_NET_LIVE_CAPTURE_H
#define MBOXTRACE_NET_LIVE_CAPTURE_H

#include <signal.h>

#include "net/net.h"

struct pcap;

struct live_capture {
	struct pcap *pcap; /* owned; NULL: closed */
	int fd;		   /* readable when packets wait */
	int link_type;
	sigset_t signals; /* the mask of the caller when it was opened */
};

int64_t live_clock_ns(void); /* CLOCK_MONOTONIC */

/* `buffer_octets` 0: a megabyte. 0, ERR_PERMISSION or ERR_DEVICE. */
int live_capture_open(struct live_capture *capture, const char *device, const char *filter,
		      size_t buffer_octets, struct error *err);
/* The next packet, as net.h's receive(). The wait lets through what signals were let through when
 * the capture was opened: one that is blocked afterwards cannot get lost between the caller's
 * look at its flag and the wait. */
int live_capture_receive(struct live_capture *capture, int64_t deadline_ns, struct net_packet *out,
			 struct error *err);
void live_capture_close(struct live_capture *capture);

#endif
