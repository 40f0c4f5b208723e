/* The local addresses of a connection: what each is for. */
#ifndef MBOXTRACE_CLI_REACH_ADDR_H
#define MBOXTRACE_CLI_REACH_ADDR_H

#include "cli/reach.h"

/* One more, numbered by its place; beyond PM_ADDRS_MAX it is ignored. */
void reach_addr_add(struct reach *reach, const struct pm_addr *addr);
/* Those of a server's --add-addr. */
void reach_addr_serve(struct reach *reach, const struct endpoint_options *o);
/* Those of a client's, once all others are there. 0 or ERR_USAGE. */
int reach_addr_announce(struct reach *reach, const struct endpoint_options *o, struct error *err);
/* Asks the devices for the subnet of each. */
void reach_addr_prefixes(struct reach *reach);

#endif
