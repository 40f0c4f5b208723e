/* One run of `serve`: the services, and the clients that are being served. */
#ifndef MBOXTRACE_CLI_SERVE_H
#define MBOXTRACE_CLI_SERVE_H

#include "cli/endpoint_options.h"
#include "cli/reach.h"
#include "cli/sink.h"
#include "mptcp/mirror.h"
#include "report/connection.h"

struct serve_client {
	struct conn *conn;
	struct serve_client *next, *prev; /* in the list of all */
	int64_t start_ns;
	size_t offset; /* of the file: handed over so far */
	struct mirror_server mirror;
	bool shut;  /* our end is told */
	bool ended; /* by us, because we end … */
	bool whole; /* … when both directions were through */
};

struct serve;

/* What a client is served with. Moves what can be moved now; true once our end may be told. */
struct service {
	const char *name;
	bool (*pump)(const struct serve *s, struct serve_client *client, int64_t now_ns);
};

const struct service *service_find(const char *name);

struct serve {
	struct endpoint_options options;
	struct reach reach;
	struct pollfd watch;	/* of addresses that come and go */
	struct sink text, json; /* either may be nowhere */
	struct connection_report report;
	const struct service *service;
	void *mapped; /* the file of `send` … */
	struct span file;
	struct mirror_log log;	      /* --mirror: else without size */
	struct mirror_rate walk_rate; /* of --trace-back, over all clients */
	struct endpoint *endpoint;
	struct serve_client *clients;
	bool stopped;
	int64_t stop_due_ns;
	uint64_t accepted, mptcp, fallback, interfered;
};

#endif
