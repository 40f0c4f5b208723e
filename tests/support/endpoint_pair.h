/* Two endpoints joined by emulated paths on virtual time, each with an application that sends a
 * known stream and checks the one it receives. */
#ifndef MBOXTRACE_TESTS_SUPPORT_ENDPOINT_PAIR_H
#define MBOXTRACE_TESTS_SUPPORT_ENDPOINT_PAIR_H

#include "mptcp/endpoint.h"
#include "util/heap.h"
#include "util/rng.h"

#define DUO_PATHS  4
#define DUO_PACKET 2048

enum { CLIENT, SERVER };

/* A path is chosen by the last octet of the client's address: 1 to DUO_PATHS. */
struct duo_path {
	int64_t delay_ns, jitter_ns;
	double loss, duplicate;
	uint64_t rate;	/* octets a second; 0: no limit */
	uint32_t queue; /* octets that may wait for a limited rate; 0: no limit */
	bool cut;
	int64_t cut_from_ns, cut_to_ns; /* and in between */
	int64_t busy_ns[2];
};

struct duo_packet {
	uint8_t octets[DUO_PACKET];
	size_t len;
	int from;
	int64_t sent_ns;
};

struct duo_side {
	struct endpoint *endpoint;
	struct listener *listener;
	struct conn *conn; /* connected, or accepted last */
	uint64_t to_send, sent, received, seed;
	uint64_t write_max; /* octets a round; 0: as many as fit */
	bool keep_open;	    /* no shutdown once all is sent */
	bool deaf;	    /* does not read */
	bool shut, corrupt, closed;
	unsigned events[16]; /* by kind */
	unsigned accepted;
};

struct duo {
	struct duo_side side[2];
	struct duo_path path[DUO_PATHS];
	struct heap in_flight;
	int64_t now_ns;
	bool trace;
	bool spins;   /* more was sent in one instant than there can be to say */
	bool cookies; /* the server always answers with them */
	uint64_t packets;
	struct rng rng;
	/* Edits a packet on its way; false: it is lost. The packet may be parsed and its octets
	 * changed; checksums are the hook's business. */
	bool (*hook)(struct duo *pair, struct duo_packet *packet);
	void *context;
	struct conn_config config[2];
};

/* Client 10.0.0.1 to .4, server 10.0.1.1 port 80; configurations by default. Then change what is
 * wanted in config and path, and start. */
void duo_init(struct duo *p, uint64_t seed);
void duo_fini(struct duo *p);
void duo_addresses(struct duo *p, unsigned client, unsigned server); /* how many each has */
void duo_limit(struct duo *p, unsigned path, uint64_t rate); /* and a queue of 64000 octets */
void duo_start(struct duo *p); /* the server listens, the client connects */
/* Runs until both are closed, nothing happens any more, or the time is over. */
bool duo_run(struct duo *p, int64_t for_ns);
bool duo_step(struct duo *p, int64_t until_ns);
void duo_fly(struct duo *p, const struct duo_packet *packet); /* one more, behind the hook */
void duo_inject(struct duo *p, int to, struct span octets);   /* arrives now */
struct conn_info duo_info(const struct duo *p, int side);
/* Both streams arrived whole and both connections ended. */
bool duo_complete(const struct duo *p);

#endif
