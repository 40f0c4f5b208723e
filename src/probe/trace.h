/* The probe engine: traces a path with several probes at once and concludes what interferes.
 *
 * How its queues work. Every (probe, TTL) pair is a question. New questions are asked in order of
 * TTL, the probes interleaved, at most `in_flight` TTLs ahead and paced by `gap_ns` a TTL. A
 * question is open until its reply comes or its wait ends; the wait adapts to the round trips seen
 * from this hop (HERE) and its neighbours (NEAR). A question that stayed without reply is asked
 * again up to `queries` times. Once the target answered at some TTL nothing is asked beyond it.
 * When all questions are settled, a table of follow-ups asks what the first answers leave open
 * (which options exactly? how far for ICMP? is it loss?), and then conclude.h turns replies into
 * findings.
 *
 * Sans-I/O: it reads no clock, opens nothing and prints nothing. The caller loops:
 *   while (trace_send(t, now, &packet)) inject(packet);
 *   wait for a packet until trace_expiry_ns(t); trace_receive(t, time, octets);
 * until trace_finished(t). probe/run.h is that loop over a `struct net`.
 *
 * A probe keeps its 5-tuple, ISN and flow label over all TTLs; TTLs are told apart by IP ID (IPv4)
 * and TSval; where a box rewrites both, the hops in doubt are asked again one at a time. RSTs bear
 * no tokens: they are counted, and where the count puts one where no other probe was answered, it
 * is asked for again with an ISN of its own, which its acknowledgement tells. */
#ifndef MBOXTRACE_PROBE_TRACE_H
#define MBOXTRACE_PROBE_TRACE_H

#include "packet/icmp.h"
#include "packet/notation.h"
#include "probe/connection.h"
#include "util/time.h"

#define TRACE_PROBES_MAX  16
#define TRACE_TTL_MAX	  255
#define TRACE_FURTHER_MAX 7
#define TRACE_REASON_MAX  (FINDING_EXPLAIN_MAX + 32)

enum probe_role {
	ROLE_TEST,     /* SYN with MP_CAPABLE v1 */
	ROLE_CONTROL,  /* plain SYN */
	ROLE_SHAM,     /* SYN with an unknown option of the same length */
	ROLE_USER,     /* -P */
	ROLE_JOIN,     /* follow-up: SYN with MP_JOIN */
	ROLE_V0,       /* follow-up: SYN with MP_CAPABLE v0 */
	ROLE_UNMARKED, /* follow-up: plain SYN without DSCP and ECN marks */
	ROLE_WITNESS,  /* follow-up: the test with an IP option or extension that makes the target
			* itself  quote what arrived (witness.c) */
	ROLE_ECHO,     /* follow-up: ICMP echo, which no TCP proxy answers */
	/* Segments of a connection (probe/inside.h), octet for octet but for TTL and IPv4 ID: */
	ROLE_DATA_CAPABLE, /* first data, with MP_CAPABLE and the keys */
	ROLE_DATA_DSS,	   /* data with a mapping */
	ROLE_DATA_ACK,	   /* no data, only a DATA_ACK */
	ROLE_ADD_ADDR,
	ROLE_SIGNALS,	 /* REMOVE_ADDR and MP_PRIO with a DATA_ACK */
	ROLE_DATA_PLAIN, /* follow-up: the data again, without any option of MPTCP */
	ROLE_JOIN_VALID, /* SYN with MP_JOIN and the connection's token */
	ROLE_JOIN_BOGUS, /* likewise, but a token of nobody */
};

struct trace_config {
	struct ip_addr source, target;
	uint16_t port;				/* destination */
	uint16_t local_ports[TRACE_PROBES_MAX]; /* one a probe, in the order of enum probe_role */
	const struct notation *user_probe; /* -P: this one alone; NULL: the default measurement */
	uint8_t first_ttl, max_ttl;	   /* -f, -m */
	uint16_t in_flight;		   /* -N: TTLs asked ahead of the first open one */
	uint8_t queries;		   /* -q: askings of one question */
	int64_t wait_max_ns;		   /* -w MAX */
	double wait_here, wait_near;	   /* -w HERE, NEAR: multiples of a round trip; 0: unused */
	int64_t gap_ns;			   /* between one TTL and the next */
	uint32_t mtu;			   /* of the first hop; MSS of the default probes follows */
	uint8_t further; /* 0; or this is the path of a further local address (held.h), its number:
			  * only a plain SYN walks all of it, and joins have the next address ID */
	uint64_t seed;	 /* of ISNs, IP IDs and order */
};

/* Sets what traceroute's users expect: 1, 30, 16, 2, 5 s, 3, 10 and so on. */
void trace_config_defaults(struct trace_config *config);

enum reply_kind {
	REPLY_TIME_EXCEEDED,
	REPLY_UNREACHABLE, /* any other ICMP error about the probe; `code` and `icmp_type` tell */
	REPLY_SYN_ACK,
	REPLY_RST,
	REPLY_ACK,
	REPLY_DATA,
	REPLY_ECHO,
};

enum reply_mptcp { MPTCP_NONE, MPTCP_V0, MPTCP_V1, MPTCP_MIRRORED };

const char *reply_kind_name(enum reply_kind kind);    /* as in RESULTS.md */
const char *reply_mptcp_name(enum reply_mptcp mptcp); /* "none", "v0", "v1", "mirrored" */

struct trace_reply {
	uint8_t probe;	      /* index into trace_result.probes */
	uint8_t ttl;	      /* the question's */
	uint8_t attempt;      /* 0: the first asking */
	uint8_t received_ttl; /* of the reply packet */
	bool weak;	      /* its quote bears none but the IP ID */
	bool guessed;	      /* it bears none of our tokens: its TTL follows from what was open */
	enum reply_kind kind;
	uint8_t icmp_type, icmp_code;
	struct ip_addr from;
	int64_t rtt_ns;
	/* ICMP errors */
	struct span quote; /* owned by the trace */
	struct diff diff;
	uint8_t extension_count;
	struct icmp_extension extension[4]; /* payloads owned by the trace */
	/* TCP answers */
	enum reply_mptcp mptcp;
	struct span answer; /* the whole reply packet, owned by the trace */
};

struct trace_probe {
	enum probe_role role;
	const char *name; /* "syn-mp-capable", "syn-plain", "syn-unknown-option", … */
	const char *spec; /* in the notation; owned by the trace */
	uint16_t local_port;
	uint32_t sent, received; /* packets */
	uint8_t reached_ttl;	 /* lowest TTL at which the target itself answered; 0: never */
};

/* What a connection to the target showed (probe/inside.h). */
enum inside_state {
	INSIDE_NOT_ASKED,
	INSIDE_UNTESTED, /* there was no MPTCP connection to look into: `note` says why */
	INSIDE_TESTED,
};

/* How the target answered a SYN with MP_JOIN. */
enum join_answer {
	JOIN_UNASKED,
	JOIN_SILENT,
	JOIN_ACCEPTED, /* with MP_JOIN and an HMAC that fits the keys */
	JOIN_FORGED,   /* with MP_JOIN, but who answers does not know the keys */
	JOIN_MIRRORED, /* with the MP_JOIN of the SYN */
	JOIN_BARE,     /* with a SYN/ACK without MP_JOIN */
	JOIN_REFUSED,  /* with RST and MP_TCPRST */
	JOIN_RESET,    /* with RST alone */
	JOIN_ANSWERS,
};

const char *join_answer_name(enum join_answer answer); /* "accepted"… */

struct trace_join {
	enum join_answer answer;
	uint8_t reason; /* of MP_TCPRST */
};

/* What was seen of the target's own data, from this end alone (probe/inside_back.h). */
struct trace_back {
	unsigned segments;     /* with data, each counted once */
	unsigned cut;	       /* of which the next is the rest */
	unsigned two_mappings; /* that bear two … */
	unsigned unmapped;     /* … or hold more than the mapping that they bear */
	unsigned lengthy;      /* as long as several that we announced to take */
	/* While none was acknowledged the target … */
	bool repeated; /* … sent some again, as it should */
	bool anew;     /* … mapped the same data anew instead */
	bool stale;    /* … sent nothing, but somebody else did */
	/* What we did acknowledge came to router `raised_after` so, and to `raised_by` as more; 0:
	 * not known. */
	uint8_t raised_after, raised_by;
};

/* Whether the target echoed ADD_ADDR (RFC 8684 §3.4.1). */
struct trace_add_addr {
	bool asked_for; /* data went both ways with MPTCP, so it could be looked for … */
	bool echoed;
	bool ended;		 /* … until the connection had ended */
	bool announced;		 /* the target sent an ADD_ADDR of its own */
	uint8_t asked, answered; /* times sent again; of these the data beside it were answered */
};

struct trace_inside {
	enum inside_state state;
	uint8_t version;		     /* of MPTCP */
	struct connection_result connection; /* if tested */
	bool mapped;			     /* MPTCP acknowledged all data */
	bool bare_ack;			     /* data were acknowledged without a DSS … */
	bool dss_later;			     /* … but then with one … */
	bool too_soon;			     /* … and the former came sooner than it could … */
	bool unsent;			     /* … when only copies had left, for routers */
	uint8_t acked_ttl; /* the lowest TTL of a copy that was acknowledged so; 0: not known */
	/* Data behind a gap, while what fills it was kept back: */
	uint8_t gap_after, gap_by; /* no hop from gap_by on saw it; 0: all did */
	double gap_chance;	   /* that this was bad luck */
	bool gap_filled;	   /* and then they did */
	uint8_t gap_asked;	   /* how often the target was sent such data … */
	bool gap_acked;		   /* … and said so */
	bool gap_kept;		   /* it had them all the same once the gap was filled */
	uint16_t data_sent;	   /* times, once there was no gap */
	bool sack_wrong;	   /* it acknowledged selectively what was never sent */
	struct value sack_sent, sack_seen;
	struct trace_back back;
	struct trace_add_addr add_addr;
	struct trace_join valid, bogus;
	bool join_late;	     /* when the last of them went, the target had ended the connection */
	bool join_confirmed; /* asked again they were answered as before, a plain SYN was
			      * accepted, and then the target had the connection yet */
	char note[TRACE_REASON_MAX]; /* what was tested, or why it was not, in sentences */
};

/* What a connection to a mirror at the target showed (probe/mirrored_run.h). */
struct trace_mirrored {
	bool asked;
	struct mirrored mirrored;
	struct connection_result connection;
	char note[256]; /* a sentence: what was compared, or why nothing was */
};

struct trace_result {
	struct trace_config config;
	size_t probe_count;
	struct trace_probe probes[TRACE_PROBES_MAX]; /* probes[0] is the one that is reported */
	size_t reply_count;
	struct trace_reply *replies; /* in order of arrival; owned by the trace */
	uint8_t first_ttl, last_ttl; /* the hops to report */
	bool reached;
	uint8_t path_length;	  /* 0: not known */
	int64_t start_ns, end_ns; /* first packet sent, verdict known */
	size_t finding_count;
	struct finding *findings; /* most important for MPTCP first; owned by the trace */
	enum verdict verdict;
	char reason[TRACE_REASON_MAX]; /* the first line of the verdict, in plain words */
	bool interrupted;
	struct trace_inside inside;
	/* Paths of further local addresses, each with hops and findings of its own, and in `inside`
	 * what became of joins; the findings are among those above as well. Owned by the trace. */
	size_t further_count;
	const struct trace_result *further[TRACE_FURTHER_MAX];
	struct trace_mirrored mirrored;
};

struct trace;

/* What the trace tells while it runs; members may be NULL. */
struct trace_events {
	void *context;
	/* All questions of a hop are settled; called in order of TTL, once each. */
	void (*hop)(void *context, const struct trace_result *result, uint8_t ttl);
	/* A reply was credited (before the hop is settled). */
	void (*reply)(void *context, const struct trace_result *result,
		      const struct trace_reply *reply);
};

/* NULL with `err` (ERR_USAGE for a bad configuration, ERR_NOMEM). Copies `config`; the notation
 * must stay. */
struct trace *trace_new(const struct trace_config *config, const struct trace_events *events,
			struct error *err);
void trace_free(struct trace *t);

/* The next packet to inject at `now_ns`; false if none is due. *packet is valid until the next
 * call. */
bool trace_send(struct trace *t, int64_t now_ns, struct span *packet);
void trace_receive(struct trace *t, int64_t now_ns, struct span octets);
int64_t trace_expiry_ns(const struct trace *t); /* when trace_send must be called again */
bool trace_finished(const struct trace *t);
/* Ctrl-C: asks no more, closes what is half-open and concludes from what there is. */
void trace_stop(struct trace *t, int64_t now_ns);
/* Concludes a finished trace once more, with what a mirror at the target showed. */
void trace_add_mirrored(struct trace *t, const struct trace_mirrored *mirrored, int64_t now_ns);

/* Complete once trace_finished; before, what is known so far, without findings. */
const struct trace_result *trace_result(const struct trace *t);

#endif
