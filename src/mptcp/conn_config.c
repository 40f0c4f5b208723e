#include "mptcp/conn.h"

#define MIB ((size_t)1024 * 1024)

void conn_config_defaults(struct conn_config *config)
{
	*config = (struct conn_config){.version = 1,
				       .dsn_octets = 8,
				       .mss_policy = MSS_ADAPTIVE,
				       .limits = {.subflows = 4, .add_addr_accepted = 8},
				       .ndiffports = 2,
				       .send_buffer = 4 * MIB,
				       .receive_buffer = 6 * MIB,
				       .plain_after_syns = 3,
				       .close_wait_ns = 3 * NS_PER_S,
				       .idle_timeout_ns = 60 * NS_PER_S,
				       .keepalive_ns = 7200 * NS_PER_S};
	tcp_config_defaults(&config->tcp);
}

const char *fallback_stage_name(enum fallback_stage stage)
{
	static const char *const names[] = {
	    [FALLBACK_NONE] = "none",		[FALLBACK_SYN_ACK] = "syn-ack",
	    [FALLBACK_THIRD_ACK] = "third-ack", [FALLBACK_FIRST_DATA] = "first-data",
	    [FALLBACK_LATER] = "later",
	};

	return names[stage];
}

const char *fallback_reason_text(enum fallback_reason reason)
{
	static const char *const texts[] = {
	    [FALLBACK_BECAUSE_NONE] = "no fallback",
	    [FALLBACK_BECAUSE_NO_CAPABLE] = "no MP_CAPABLE came",
	    [FALLBACK_BECAUSE_MIRRORED] = "our own MP_CAPABLE came back",
	    [FALLBACK_BECAUSE_VERSION] = "the peer speaks another version of MPTCP",
	    [FALLBACK_BECAUSE_FLAGS] = "the flags of MP_CAPABLE are not acceptable",
	    [FALLBACK_BECAUSE_CHECKSUM_REFUSED] = "the peer demands checksums, which are refused",
	    [FALLBACK_BECAUSE_SYN_LOST] = "SYNs with MP_CAPABLE vanished, a plain one did not",
	    [FALLBACK_BECAUSE_NO_KEYS] = "the keys did not come with the third ACK or first data",
	    [FALLBACK_BECAUSE_NO_DSS] = "options vanished before any data was verified",
	    [FALLBACK_BECAUSE_CHECKSUM] = "a DSS checksum failed on the only subflow",
	    [FALLBACK_BECAUSE_INFINITE] = "the peer sent an infinite mapping",
	    [FALLBACK_BECAUSE_MP_FAIL] = "the peer sent MP_FAIL",
	    [FALLBACK_BECAUSE_SIMULTANEOUS] = "both ends opened at once",
	    [FALLBACK_BECAUSE_JOIN_AND_CAPABLE] = "MP_CAPABLE and MP_JOIN came in one SYN",
	};

	return texts[reason];
}

const char *conn_outcome_name(enum conn_outcome outcome)
{
	static const char *const names[] = {
	    [OUTCOME_NONE] = "none",	     [OUTCOME_MPTCP] = "mptcp",
	    [OUTCOME_FALLBACK] = "fallback", [OUTCOME_REFUSED] = "refused",
	    [OUTCOME_TIMEOUT] = "timeout",   [OUTCOME_RESET] = "reset",
	};

	return names[outcome];
}
