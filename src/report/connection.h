/* Connections for people and programs.
 *
 *   MPTCP v1 with example.net (203.0.113.80), port 443: 2 subflows
 *     0  192.0.2.7:40001 -> 203.0.113.80:443  MSS 1460  sent 1200000  received 310  rtt 12.345 ms
 *     1  198.51.100.7:40002 -> 203.0.113.80:443  backup  MSS 1460  sent 0  received 0
 *   Sent 1200000 octets, received 310. Options received: MP_CAPABLE, MP_JOIN, DSS.
 *
 *   {"type":"connection","schema":1,"role":"client","target":{…},"version":1,"outcome":"mptcp",…}
 */
#ifndef MBOXTRACE_REPORT_CONNECTION_H
#define MBOXTRACE_REPORT_CONNECTION_H

#include <stdio.h>

#include "mptcp/endpoint.h"
#include "probe/connection.h"

struct connection_report {
	FILE *out;
	const char *target_name; /* NULL: none, or nobody in particular */
	int64_t wall_ns;	 /* wall clock, since 1970, at the endpoint's time `at_ns` */
	int64_t at_ns;
};

/* One line for a server's log: when, from whom, how it went. */
void connection_text_line(const struct connection_report *c, const struct connection_result *r,
			  int64_t end_ns);
/* The summary, and with `check` the verdict and what it rests on. */
void connection_text(const struct connection_report *c, const struct connection_result *r,
		     bool check);

/* A JSON line each, flushed. `elapsed_ns`: from the first SYN to the end. */
void connection_json(const struct connection_report *c, const struct connection_result *r,
		     int64_t start_ns, int64_t end_ns);
void connection_json_event(const struct connection_report *c, const struct endpoint_event *event,
			   const struct conn_info *info);
void connection_json_summary(const struct connection_report *c, uint64_t connections,
			     uint64_t mptcp, uint64_t fallback);

/* "mptcp", "fallback", "fin", "fastclose": RESULTS.md; NULL: null. */
const char *subflow_close_name(enum subflow_close close);

#endif
