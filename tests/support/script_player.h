/* What plays a script. Private to its files. */
#ifndef MBOXTRACE_TESTS_SUPPORT_SCRIPT_PLAYER_H
#define MBOXTRACE_TESTS_SUPPORT_SCRIPT_PLAYER_H

#include "mptcp/endpoint.h"
#include "packet/packet.h"

#define SCRIPT_FLOWS 2
#define SCRIPT_TEXT  1024

#define PEER_ISS   5000u
#define PEER_KEY   UINT64_C(0x0102030405060708)
#define PEER_NONCE 0x11223344u
#define PEER_PORT  1000

struct script_flow {
	uint16_t local_port, remote_port;
	struct ip_addr local, remote;
	uint32_t iss;
};

struct script_player {
	bool server, failed, cookies;
	struct conn_config config;
	struct endpoint *endpoint;
	struct conn *conn; /* connected, or accepted */
	struct script_flow flow[SCRIPT_FLOWS];
	uint32_t nonce; /* of the endpoint's join */
	uint64_t key;	/* the endpoint's, as its SYN/ACK tells */
	int64_t now_ns;
	const char *name, *line; /* of what is being played, for messages */
};

struct ip_addr script_addr(unsigned net, unsigned host);
/* Says what is wrong with the line at hand; `more` may be NULL. Always false. */
bool script_wrong(struct script_player *p, const char *what, const char *more);

/* Puts numbers in the place of $names (script_values.c). */
uint64_t script_idsn(const struct script_player *p, bool ours);
bool script_substitute(const struct script_player *p, const char *text, char out[SCRIPT_TEXT]);

/* A packet as the script writes it, `FLAGS [SEQ [ACK]] [KEY=VALUE…] [/OPTIONS]`, with the addresses
 * and ports of none (script_packet.c). The packet is a view of `octets`. `from_peer`: who sends it.
 */
bool script_packet(struct script_player *p, const char *text, bool from_peer, uint8_t *octets,
		   size_t cap, struct packet *out);
bool script_same(const struct script_player *p, const struct script_flow *f,
		 const struct packet *got, const struct packet *want);

/* Packets of the peer; what the endpoint is to send by `due_ns`, and not before (script_wire.c) */
void script_in(struct script_player *p, const char *text, unsigned flow);
void script_out(struct script_player *p, const char *text, unsigned flow, int64_t due_ns);
void script_silent(struct script_player *p, const char *text, int64_t until_ns);
void script_skip(struct script_player *p, const char *text, int64_t until_ns);

/* A line like "10 > A 1 1" (script_steps.c) */
void script_step(struct script_player *p, const char *line);

#endif
