/* A connection through a lab: our endpoint on the client's side, the lab's endpoint as the target,
 * until both are done or virtual time runs out. */
#ifndef MBOXTRACE_TESTS_LAB_RUN_H
#define MBOXTRACE_TESTS_LAB_RUN_H

#include "lab/lab_endpoint.h"

struct lab_run_spec {
	uint64_t seed;
	struct conn_config
	    conn;	 /* of the client; without addresses: all that the lab's client has */
	const char *app; /* the client's; NULL: "send" */
	uint64_t octets; /* that it sends, if so */
	uint64_t in_seed, out_seed;
	int64_t deadline_ns; /* virtual, from the beginning; 0: two hours */
	int64_t patience_ns; /* without any octet moving, an application hangs up; 0: 40 minutes */
	const char *capture; /* a pcap file of the client's side, or NULL */
};

struct lab_run {
	bool accepted; /* by the target */
	bool client_closed, server_closed;
	bool hung_up, server_hung_up; /* patience ended: of the client, then of the target */
	struct lab_app client_app, server_app;
	struct conn_info client, server; /* the last of each */
	int64_t lasted_ns;
	size_t memory_max; /* of both connections */
	uint64_t packets;
	uint64_t unsendable; /* of the client's, as longer than the path takes: not to be */
};

void lab_run_defaults(struct lab_run_spec *spec);
void lab_run(struct lab_run *run, struct lab *lab, const struct lab_run_spec *spec);

/* What came of it, for messages: some lines. */
const char *lab_run_describe(const struct lab_run *run, char *out, size_t cap);
/* Did everything that was sent arrive, in order, at both ends? */
bool lab_run_whole(const struct lab_run *run);
/* Is what arrived at least a beginning of what was sent? */
bool lab_run_in_order(const struct lab_run *run);

#endif
