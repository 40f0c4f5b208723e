/* What the host knows: addresses of names, and the time of day. */
#ifndef MBOXTRACE_CLI_RESOLVE_H
#define MBOXTRACE_CLI_RESOLVE_H

#include "packet/ip_addr.h"
#include "util/error.h"

/* The first address in the system's order of preference; `family` 4, 6 or 0: either. 0, or
 * ERR_RESOLVE. */
int resolve_name(struct ip_addr *out, const char *name, uint8_t family, struct error *err);

int64_t resolve_wall_clock_ns(void); /* since 1970 */

#endif
