/* A packet in one line as tcpdump prints it, for `-v` and debugging:
 * "IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 1, win 65535, options [mss 1460,…], length
 * 0" */
#ifndef MBOXTRACE_PACKET_PRINT_H
#define MBOXTRACE_PACKET_PRINT_H

#include "packet/packet.h"

void packet_print(struct buf *out, const struct packet *p);

#endif
