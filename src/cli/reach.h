/* What an endpoint runs over: the real network or the lab, opened as the options say. */
#ifndef MBOXTRACE_CLI_REACH_H
#define MBOXTRACE_CLI_REACH_H

#include <poll.h>

#include "cli/endpoint_options.h"
#include "net/net.h"

struct scenario;

struct reach {
	struct net *net;
	struct net *live;      /* the live back-end, behind what wraps it; NULL: the lab */
	struct ip_addr target; /* a client's */
	char target_name[256];
	uint16_t port;
	uint16_t port_first, port_last; /* local ones to connect from */
	uint16_t mtu;
	size_t local_count;
	struct pm_addr local[PM_ADDRS_MAX]; /* the first is the initial subflow's */
	uint64_t seed;
	int64_t wall_ns, at_ns; /* the wall clock at the net's time */
	struct scenario *scenario;
	bool follows; /* `addrs` tells of addresses that come and go */
	int addrs;
};

/* Each fills in `reach`, which reach_close must be given whatever they return, and gives up all
 * privileges once everything is open. 0, or an error code with its message; nothing was sent. */
int reach_open_live(struct reach *reach, const struct endpoint_options *o, struct error *err);
int reach_open_lab(struct reach *reach, const struct endpoint_options *o, struct error *err);
int reach_open_server(struct reach *reach, const struct endpoint_options *o, struct error *err);
/* The clients' end of the lab; its target serves as the options say. */
int reach_open_lab_server(struct reach *reach, const struct endpoint_options *o, struct error *err);
void reach_close(struct reach *reach);

/* The connection's and the endpoint's configuration, by options and reach. */
void reach_configure(const struct reach *reach, const struct endpoint_options *o,
		     struct conn_config *conn, struct endpoint_config *endpoint);

/* For net_watch; its fd is negative if there is nothing to follow. */
struct pollfd reach_watch(const struct reach *reach);
/* An address came or went: false: none did. */
bool reach_changed(const struct reach *reach, struct ip_addr *addr, bool *came);
/* Tells a connection. */
void reach_tell(const struct reach *reach, struct conn *conn, const struct ip_addr *addr, bool came,
		int64_t now_ns);

/* A warning to standard error if packets could not be sent. */
void reach_warn(const struct reach *reach);

#endif
