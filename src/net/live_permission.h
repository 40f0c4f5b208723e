/* What to say to somebody who is not permitted. */
#ifndef MBOXTRACE_NET_LIVE_PERMISSION_H
#define MBOXTRACE_NET_LIVE_PERMISSION_H

#include "util/error.h"

/* "live: WHAT: Operation not permitted: run with sudo, or once: setcap … PATH"; `failed` is the
 * errno. Returns ERR_PERMISSION. */
int live_permission(struct error *err, const char *what, int failed);

#endif
