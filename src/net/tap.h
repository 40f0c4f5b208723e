/* A capture file of everything that passes a net: wraps another back-end and writes what is
 * sent and received to a pcap file (nanoseconds, LINKTYPE_RAW), flushed packet by packet. */
#ifndef MBOXTRACE_NET_TAP_H
#define MBOXTRACE_NET_TAP_H

#include "net/net.h"

/* Opens `path` ("-" is refused) and takes `inner` over: closing the tap closes it. The wall clock
 * in the file is `wall_ns` (since 1970) at inner's time `at_ns`, going on from there.
 * NULL with ERR_FILE; `inner` then still belongs to the caller. */
struct net *tap_open(struct net *inner, const char *path, int64_t wall_ns, int64_t at_ns,
		     struct error *err);

#endif
