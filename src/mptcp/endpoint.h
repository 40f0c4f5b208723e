/* A host's worth of MPTCP: any number of connections and listeners, sans I/O.
 *
 *   while (endpoint_send(e, now, &packet)) inject(packet);
 *   while (endpoint_event(e, &event)) …;
 *   wait until endpoint_expiry_ns(e) for a packet; endpoint_receive(e, now, octets);
 *
 * Packets are found by 4-tuple (uthash) and MP_JOINs by token. Memory is bounded: per connection by
 * its buffers, per listener by its backlog; beyond half of the backlog SYNs are met with cookies
 * (RFC 4987) whose third ACK or first data brings the keys back (RFC 8684 §3.1, RFC 8041 §3.11).
 * What belongs to nobody is answered with a RST, unless `quiet`. */
#ifndef MBOXTRACE_MPTCP_ENDPOINT_H
#define MBOXTRACE_MPTCP_ENDPOINT_H

#include "mptcp/conn.h"

struct endpoint;
struct listener;

struct endpoint_config {
	uint64_t seed; /* of keys, nonces, ISNs, ports, cookies: live runs take it from getrandom */
	bool quiet;
	size_t memory_max;		/* over all connections; 0: 1 GiB */
	uint16_t port_first, port_last; /* local ports to open subflows from; 0: 32768 to 60999 */
};

struct listener_config {
	struct ip_addr addr; /* family 0: any */
	uint16_t port;
	unsigned backlog; /* default 128 half-open */
	bool always_cookies;
	struct conn_config conn; /* for what is accepted */
};

struct endpoint *endpoint_new(const struct endpoint_config *config, struct error *err);
void endpoint_free(struct endpoint *e);

struct conn *endpoint_connect(struct endpoint *e, const struct ip_addr *remote, uint16_t port,
			      const struct conn_config *config, int64_t now_ns, struct error *err);
struct listener *endpoint_listen(struct endpoint *e, const struct listener_config *config,
				 struct error *err);
/* Gives a connection up: a live one is fast-closed first; it is forgotten once what that takes is
 * sent. */
void endpoint_release(struct endpoint *e, struct conn *c, int64_t now_ns);

void endpoint_receive(struct endpoint *e, int64_t now_ns, struct span octets);
bool endpoint_send(struct endpoint *e, int64_t now_ns,
		   struct span *packet); /* valid until the next call */
int64_t endpoint_expiry_ns(const struct endpoint *e);

enum endpoint_event_kind {
	EVENT_ACCEPTED,	   /* a listener's connection is established */
	EVENT_ESTABLISHED, /* ours is */
	EVENT_FALLBACK,
	EVENT_SUBFLOW_OPENED,
	EVENT_SUBFLOW_CLOSED,
	EVENT_ADDRESS_ANNOUNCED, /* ADD_ADDR from the peer */
	EVENT_ADDRESS_REMOVED,
	EVENT_BACKUP_CHANGED, /* MP_PRIO */
	EVENT_CHECKSUM_FAILED,
	EVENT_READABLE,
	EVENT_WRITABLE,
	EVENT_CLOSED, /* final: release it */
};

const char *endpoint_event_name(enum endpoint_event_kind kind);

struct endpoint_event {
	enum endpoint_event_kind kind;
	int64_t time_ns;
	struct conn *conn;
	struct listener *listener; /* EVENT_ACCEPTED */
	uint8_t subflow, address_id;
	struct ip_addr addr;
	uint16_t port;
	bool backup;
};

bool endpoint_event(struct endpoint *e, struct endpoint_event *out); /* false: none waiting */
void *conn_user(const struct conn *c);				     /* the caller's pointer */
void conn_set_user(struct conn *c, void *user);

#endif
