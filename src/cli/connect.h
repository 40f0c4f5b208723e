/* One run of `connect`: what belongs to it, and opening it. */
#ifndef MBOXTRACE_CLI_CONNECT_H
#define MBOXTRACE_CLI_CONNECT_H

#include <stdlib.h>

#include "cli/endpoint_options.h"
#include "cli/reach.h"
#include "cli/sink.h"
#include "cli/stream.h"
#include "report/connection.h"
#include "util/buf.h"

struct connect {
	struct endpoint_options options;
	struct reach reach;
	struct sink sink; /* -o */
	struct connection_report report;
	struct buf request; /* of --check */
	bool has_request;
	struct conn_config config;
	struct endpoint *endpoint;
	struct conn *conn; /* while it runs */
	struct stream stream;
	struct mirror_client mirror; /* --mirror */
	struct mirrored mirrored;
	double wait_s; /* 0: for ever */
	int64_t start_ns, end_ns;
	int64_t close_due_ns; /* when the end has taken long enough; 0: it has not begun */
	bool closed;	      /* the endpoint says that it is over */
	bool aborted;	      /* by us */
	bool finished;	      /* waited for long enough */
	bool brief;	      /* it only has to come about */
	struct connection_result result;
};

/* Opens everything in an order that sends nothing before all of it is there. 0, or an error code
 * with its message; connect_close must be called either way. */
int connect_open(struct connect *c, struct error *err);
/* Frees everything; 0, or an error if the output could not be written to its end. */
int connect_close(struct connect *c, struct error *err);

/* A fresh stream for a fresh connection. */
void connect_stream(struct connect *c);

/* connect_run.c: one connection from its SYN to its end; its info is then in `result`. */
int connect_run(struct connect *c, const struct conn_config *config, struct error *err);

#endif
