/* A connection that does what its path manager tells it, and writes it down:
 *
 *   "open 1-2, open 1-2:8443 backup, announce 3, withdraw 3, close 7, backup 0"
 *
 * being local and remote ids, but subflows after close and backup. */
#ifndef MBOXTRACE_TESTS_SUPPORT_PM_CONN_H
#define MBOXTRACE_TESTS_SUPPORT_PM_CONN_H

#include "mptcp/pm.h"

#define PM_CONN_SUBFLOWS_MAX 64

struct pm_conn {
	struct pm_view view;
	struct pm_subflow subflow[PM_CONN_SUBFLOWS_MAX];
	unsigned failed[256][256];
	bool opens_fail;
	char log[4096];
	unsigned actions; /* of the last pm_conn_wishes */
};

/* Established, with its initial subflow, to port 443. */
void pm_conn_start(struct pm_conn *c, bool client, const char *local, const char *remote);
struct pm_addr pm_conn_addr(const char *text, uint8_t id);
struct pm_addr *pm_conn_local(struct pm_conn *c, const char *text); /* with the next id */
struct pm_addr *pm_conn_remote(struct pm_conn *c, const char *text, uint8_t id);
struct pm_subflow *pm_conn_subflow(struct pm_conn *c, const struct pm_addr *local,
				   const struct pm_addr *remote);
/* Carries out everything that `pm` wishes, and returns it, in order; fails after 1000 actions. */
const char *pm_conn_wishes(struct pm_conn *c, const char *pm);

#endif
