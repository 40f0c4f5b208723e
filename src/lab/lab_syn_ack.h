/* The options of a SYN/ACK as Linux lays them out: of what the SYN offered, what this host
 * speaks. Shared by the target and by boxes that answer in its name. */
#ifndef MBOXTRACE_LAB_LAB_SYN_ACK_H
#define MBOXTRACE_LAB_LAB_SYN_ACK_H

#include "lab/lab.h"
#include "packet/mptcp_option.h"

struct syn_ack_host {
	int mss; /* -1: does not send the option; likewise below */
	int wscale;
	bool sack, timestamp;
	enum lab_mptcp mptcp;
	uint32_t tsval;
	uint64_t key;
};

/* Writes at most TCP_OPTIONS_MAX octets, a multiple of four; returns how many. */
uint8_t syn_ack_options(const struct syn_ack_host *host, const struct packet *syn,
			uint8_t out[TCP_OPTIONS_MAX]);

#endif
