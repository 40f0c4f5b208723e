/* Names of addresses (reverse DNS), asked for in one thread of its own so that a slow resolver
 * never holds up a trace. */
#ifndef MBOXTRACE_REPORT_NAMES_H
#define MBOXTRACE_REPORT_NAMES_H

#include <stddef.h>

#include "packet/ip_addr.h"

#define NAME_TEXT 256 /* room for a name with its NUL */

struct names;

/* Looks one address up, however long it takes; false if it has no name. */
typedef bool names_lookup(const struct ip_addr *addr, char out[NAME_TEXT]);

bool names_lookup_dns(const struct ip_addr *addr, char out[NAME_TEXT]);

/* Starts the thread; NULL if that fails (the caller then prints numbers). After privileges are
 * dropped: they are dropped thread by thread. */
struct names *names_new(names_lookup *lookup);

/* Does not wait for a lookup that hangs: the thread frees what it uses when that returns. */
void names_free(struct names *n);

enum name_state {
	NAME_PENDING, /* asked, not known yet */
	NAME_KNOWN,   /* `out` is set */
	NAME_NONE,    /* it has none, or too many were asked */
};

/* Never blocks; the first call for an address queues it. `n` may be NULL: NAME_NONE. */
enum name_state names_get(struct names *n, const struct ip_addr *addr, char out[NAME_TEXT]);

/* Waits until nothing is pending, `timeout_ns` of real time at most. */
void names_settle(struct names *n, int64_t timeout_ns);

#endif
