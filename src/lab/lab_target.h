/* Inside the target: the host's state, shared by lab_target.c and lab_target_tcp.c. */
#ifndef MBOXTRACE_LAB_LAB_TARGET_H
#define MBOXTRACE_LAB_LAB_TARGET_H

#include "lab/lab_element.h"

#define TARGET_CONNECTIONS_MAX 1024 /* a full table forgets the oldest */

struct connection {
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t remote_isn, isn; /* as their SYN and our SYN/ACK said */
	uint32_t next;		  /* the next sequence number expected from them */
	bool established, closing, ecn;
	uint8_t options[TCP_OPTIONS_MAX]; /* of the SYN/ACK, for when it is asked again */
	uint8_t options_len;
};

struct target {
	struct lab_element element;
	struct lab_target spec;
	/* Takes a sound TCP segment that is for the target, or ICMP message but an echo. */
	void (*segment)(struct lab *lab, struct target *t, const struct lab_packet *cause,
			const struct packet *p);
	size_t connection_count, oldest;
	struct connection connections[TARGET_CONNECTIONS_MAX];
};

/* What arrives at the host: an element's `arrive`. */
bool target_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p);
/* Answers a sound TCP segment that is for the target. */
void target_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
		    const struct packet *p);
/* Sends `reply` (transport header and payload set) back to where `to` came from. */
void target_reply(struct lab *lab, struct target *t, const struct lab_packet *cause,
		  struct packet *reply, const struct packet *to);

#endif
