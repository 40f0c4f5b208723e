/* Applications over a connection, for endpoints inside the lab and for tests: small, and told after
 * every change. */
#ifndef MBOXTRACE_LAB_LAB_APP_H
#define MBOXTRACE_LAB_LAB_APP_H

#include "lab/lab_stream.h"
#include "mptcp/endpoint.h"
#include "mptcp/mirror.h"

struct lab_app;

struct lab_app_ops {
	const char *name;
	void (*run)(struct lab_app *app, struct conn *conn, int64_t now_ns);
};

struct lab_app {
	const struct lab_app_ops *ops;
	uint64_t limit;		      /* octets to send */
	struct lab_stream in, out;    /* what arrived, and what was sent; by their seeds */
	bool read_ended, shut_down;   /* the peer said that it is done; so did we */
	const struct mirror_log *log; /* of the host, for `mirror`; NULL: it is an echo */
	bool walk_back;		      /* whether `mirror` walks back to who asks for it */
	struct mirror_server mirror;
};

/* echo: sends back what arrives; discard: nothing; send: `limit` octets of out's seed, and then
 * that it is done; half-close: says at once that it will send nothing; mirror: as mptcp/mirror.h;
 * hang-up: gives the connection up (MP_FASTCLOSE) once something arrived.
 * All others read to the end, and those that have nothing to send of their own then are done, too.
 */
const struct lab_app_ops *lab_app_find(const char *name); /* NULL if unknown */
const char *lab_app_name(int i);			  /* NULL behind the last */

void lab_app_init(struct lab_app *app, const struct lab_app_ops *ops, uint64_t in_seed,
		  uint64_t out_seed, uint64_t limit);
void lab_app_run(struct lab_app *app, struct conn *conn, int64_t now_ns);

#endif
