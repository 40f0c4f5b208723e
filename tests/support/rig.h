/* A small lab path for tests: client, routers 198.51.100.n, a box somewhere, the target. */
#ifndef MBOXTRACE_TESTS_RIG_H
#define MBOXTRACE_TESTS_RIG_H

#include "lab/lab.h"
#include "packet/mptcp_option.h"

#define RIG_CLIENT  "192.0.2.7"
#define RIG_CLIENT6 "2001:db8::7"
#define RIG_TARGET  "203.0.113.80"
#define RIG_TARGET6 "2001:db8:80::80"
#define RIG_PORT    443

struct rig {
	struct lab *lab;
	struct net *net;
	struct net_packet last; /* what rig_ask or rig_next received */
	struct packet packet;	/* and that decoded */
	struct icmp_error error;
	uint8_t sent[2048]; /* the last packet sent */
	size_t sent_len;
};

uint64_t rig_seed(void); /* MBOXTRACE_SEED, or a fixed one; printed */

struct ip_addr rig_addr(const char *text); /* "" for none */
bool rig_is(const struct ip_addr *addr, const char *text);
/* The n-th router as tests want it by default: both families, full quotes. */
struct lab_router rig_router(unsigned n);
struct lab_target rig_target(void);

/* Client and nothing else; then lab_add_*, then rig_open. */
void rig_init(struct rig *rig);
void rig_open(struct rig *rig);
void rig_fini(struct rig *rig);
/* Client, `routers` routers with a box behind the `after`-th, and the target. Parameters are
 * "key=value key=value …". */
void rig_path(struct rig *rig, unsigned routers, unsigned after, const char *box,
	      const char *params);
void rig_set(struct box *box, const char *params); /* and box_ready */
struct box *rig_box(struct rig *rig, const char *name, const char *params);

/* A SYN from 40001 with seq 0x01020304, ID = TTL, and these options. */
struct packet rig_syn(const char *options_hex, uint8_t ttl);
struct packet rig_syn6(const char *options_hex, uint8_t ttl);
/* Sends a packet (checksums and lengths are computed). */
void rig_send(struct rig *rig, const struct packet *p);
void rig_send_octets(struct rig *rig, const void *octets, size_t len);
/* The next packet within ten seconds; false if there is none. */
bool rig_next(struct rig *rig);
bool rig_ask(struct rig *rig, const struct packet *p);
/* The option area of the last packet, or of the quote in it, as hex. */
const char *rig_options(const struct packet *p, char out[2 * TCP_OPTIONS_MAX + 1]);
/* What the last ICMP error quotes. */
struct packet rig_quote(struct rig *rig);

#endif
