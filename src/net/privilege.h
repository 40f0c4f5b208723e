/* Giving up privileges (libcap-ng): all capabilities, no_new_privs and, if started as root, the
 * user: back to SUDO_UID/SUDO_GID if set, else to nobody, where that user exists in this
 * namespace. */
#ifndef MBOXTRACE_NET_PRIVILEGE_H
#define MBOXTRACE_NET_PRIVILEGE_H

#include "util/error.h"

int privilege_drop(struct error *err); /* 0 or ERR_PERMISSION */

#endif
