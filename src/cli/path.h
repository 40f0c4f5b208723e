/* What a trace runs over: the real network or the lab, opened as the options say. */
#ifndef MBOXTRACE_CLI_PATH_H
#define MBOXTRACE_CLI_PATH_H

#include "cli/trace_options.h"
#include "net/net.h"
#include "probe/trace.h"

struct scenario;

struct path {
	struct net *net;
	struct net *live; /* the back-end of further addresses behind it; NULL: none */
	struct net_route route;
	struct ip_addr target;
	char target_name[256];
	uint16_t ports[TRACE_PROBES_MAX]; /* local ones, ours alone */
	size_t further_count;		  /* further local addresses, for --connect */
	struct ip_addr further[TRACE_FURTHER_MAX];
	uint16_t further_ports[TRACE_PROBES_MAX]; /* likewise, on these */
	uint32_t further_mtu;
	uint64_t seed;
	int64_t wall_ns, at_ns;	   /* the wall clock at the net's time */
	uint16_t port;		   /* what the path suggests where the user says nothing; 0: none */
	const char *probe;	   /* likewise; NULL or "": none */
	bool connect;		   /* likewise: --connect */
	struct scenario *scenario; /* of the lab */
};

/* Either fills in `path`, which path_close must be given whatever they return. 0, or an error
 * code with its message; nothing was sent. `family` is 4, 6 or 0. */

/* Resolves the target, opens what needs privileges, then drops them all. */
int path_open_live(struct path *path, const struct options *o, uint8_t family, struct error *err);
int path_open_lab(struct path *path, const struct options *o, uint8_t family, struct error *err);
void path_close(struct path *path);

/* A warning to standard error if packets from further addresses could not be sent. */
void path_warn(const struct path *path);

/* Puts a tap (--pcap) before the net, if one is asked for. */
int path_tap(struct path *path, const struct options *o, struct error *err);

#endif
