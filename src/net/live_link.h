/* Takes the link-layer header off a captured frame. */
#ifndef MBOXTRACE_NET_LIVE_LINK_H
#define MBOXTRACE_NET_LIVE_LINK_H

#include <stdbool.h>

#include "util/span.h"

bool live_link_known(int link_type); /* a DLT_ value of libpcap */
/* The IP packet inside `frame`; empty if there is none. VLAN tags are skipped. */
struct span live_link_strip(int link_type, struct span frame);

#endif
