/* The printer of MPTCP options, which the printer of TCP options calls. */
#ifndef MBOXTRACE_PACKET_OPTION_PRINT_H
#define MBOXTRACE_PACKET_OPTION_PRINT_H

#include "packet/tcp_option.h"

/* What follows the word "mptcp". */
void mptcp_option_print(struct buf *out, const struct tcp_option *o);

#endif
