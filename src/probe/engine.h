/* Inside the probe engine: the state that trace.c, series.c, schedule.c, match.c, followup.c and
 * conclude.c share. Nobody outside the room includes this. */
#ifndef MBOXTRACE_PROBE_ENGINE_H
#define MBOXTRACE_PROBE_ENGINE_H

#include "probe/trace.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/rng.h"

/* A question: one probe at one TTL. */
enum question_state {
	QUESTION_IDLE,	   /* not asked, and not to be */
	QUESTION_WANTED,   /* to be asked as soon as it may */
	QUESTION_OPEN,	   /* asked, no reply yet */
	QUESTION_ANSWERED, /* at least one reply */
	QUESTION_SILENT,   /* asked as often as allowed, no reply */
};

struct question {
	enum question_state state;
	uint8_t asked, allowed;
	uint8_t answers; /* replies credited */
	uint32_t number; /* of the last asking */
	int64_t sent_ns; /* of the last asking */
	int64_t not_before_ns;
	uint8_t unpaired, unpaired_answers; /* askings before those that have a control each */
};

/* A probe with its questions and what it needs to be sent. */
struct series {
	uint8_t octets[PROBE_OCTETS_MAX]; /* complete but for TTL, IP ID and TSval */
	uint16_t len;
	uint16_t ts_at;	  /* where its TSval stands; 0: it has none */
	uint16_t port_at; /* where its source port stands; 0: it has none */
	uint32_t seq;
	uint16_t payload_len;
	bool tcp, syn, echo;
	bool keeps_checksum; /* the user gave one: it goes out as given */
	bool keeps_seq;	     /* likewise */
	bool has_id;	     /* IPv4: the IP ID tells its TTLs apart */
	bool half_open;	     /* the target may hold a connection of ours */
	bool closed;	     /* it was told to forget it, and not asked since */
	bool walks;	     /* asked at every TTL (else only where a follow-up wants) */
	bool brief;	     /* silence is no surprise: wait little */
	bool expected;	     /* who answers at all answers this: wait long */
	bool serial;	     /* one question at a time: replies cannot be told apart */
	bool inside;	     /* of a connection: asked at once wherever it is asked */
	bool tied;	     /* some quotes could not be told from those of others held */
	bool held;	     /* its octets are the connection's own: no TSval or port of ours */
	uint8_t limit;	     /* nothing is asked beyond this TTL */
	uint8_t top;	     /* highest TTL that a router answered */
	uint16_t orphans;    /* replies of the target that could not be credited to a TTL */
	bool nameless;	     /* there was such a reply: the first is trace.orphan[] */
	uint16_t strays;     /* replies of routers, likewise */
	struct question question[TRACE_TTL_MAX + 1];
};

/* One packet sent: its number is in its IP ID and TSval. */
struct sent {
	int64_t time_ns;
	uint8_t probe, ttl, attempt;
	bool answered;
	bool own_isn; /* its sequence number tells it from the others of its series */
};

struct trace {
	struct trace_result result;
	struct trace_events events;
	struct rng rng;
	struct series series[TRACE_PROBES_MAX];
	struct sent *sent; /* sent_count of sent_cap; number n is sent[n] */
	size_t sent_count, sent_cap;
	uint16_t id_base; /* IP ID of number 0 */
	uint32_t ts_base; /* TSval of number 0 */
	size_t reply_cap, finding_cap;
	uint8_t front;		 /* highest TTL the walk has reached */
	uint8_t target_ttl;	 /* nearest TTL at which the target answered a walk; 0: none yet */
	uint8_t farthest;	 /* highest TTL answered in a walk */
	uint8_t highest;	 /* highest TTL ever wanted of any series */
	uint8_t hops_told;	 /* TTLs already given to events.hop */
	unsigned followups_done; /* bits of the table in followup.c */
	unsigned rounds;
	int64_t next_send_ns, gap_ns;
	int64_t longest_rtt_ns;		       /* 0: none yet */
	int64_t hop_rtt_ns[TRACE_TTL_MAX + 1]; /* longest of a TTL; 0: none yet */
	enum { PHASE_ASKING, PHASE_INSIDE, PHASE_CLOSING, PHASE_DONE } phase;
	uint8_t closing; /* next probe to close */
	bool oom;
	bool paired;				     /* from now on askings have a control each */
	bool duplicates;			     /* this path duplicates packets */
	struct trace_reply orphan[TRACE_PROBES_MAX]; /* the first of a series' orphans */
	int64_t orphan_ns[TRACE_PROBES_MAX];
	struct arena octets;			  /* quotes and answers: replies point into it */
	struct trace *further[TRACE_FURTHER_MAX]; /* owned */
	uint8_t packet[PROBE_OCTETS_MAX];
};

/* series.c: building probes */
/* Appends a probe of the given role; returns its index, or -1 if there is no room or port. */
int series_add(struct trace *t, enum probe_role role, struct error *err);
int series_find(const struct trace *t, enum probe_role role); /* -1 if not there */
/* Writes the packet that number `n`, at `ttl`, is (was): the series' octets with its tokens. */
size_t series_packet(const struct trace *t, int probe, uint8_t ttl, size_t n, uint8_t *out);
/* Is `seq`, or something up to `slack` behind it, of this series? *number is the packet, or -1 if
 * it is what they have in common. */
bool series_owns_seq(const struct trace *t, int probe, uint32_t seq, uint32_t slack, int *number);
size_t series_reset_packet(const struct trace *t, int probe, uint8_t *out); /* RST that closes it */

/* Takes over a complete segment of somebody else's connection; -1 if there is no room. */
int series_hold(struct trace *t, enum probe_role role, struct span segment);

/* witness.c: makes a complete SYN one that its target quotes back, if it is exactly `hops` away.
 * Returns its new length; 0 if that cannot be done. */
size_t witness_insert(uint8_t *octets, size_t len, size_t cap, uint8_t hops);

/* schedule.c: what to ask, and when */
void schedule_want(struct trace *t, int probe, uint8_t ttl, uint8_t times, int64_t not_before_ns);
void schedule_settle(struct trace *t, int64_t now_ns);	      /* ends waits, wants more */
void schedule_limit(struct trace *t, int probe, uint8_t ttl); /* nothing beyond `ttl` any more */
bool schedule_hop_settled(const struct trace *t, uint8_t ttl);
bool schedule_beyond(const struct trace *t, unsigned ttl); /* every walk ended before `ttl` */
bool schedule_idle(const struct trace *t);		   /* nothing wanted, nothing open */
bool schedule_next(struct trace *t, int64_t now_ns, int *probe, uint8_t *ttl);
int64_t schedule_wait_ns(const struct trace *t, int probe, uint8_t ttl); /* schedule_wait.c */
int64_t schedule_expiry_ns(const struct trace *t);

/* schedule_orphans.c: answers of which the question is not known, or only guessed */
void schedule_orphans(struct trace *t, int probe, int64_t now_ns);
void schedule_guesses(struct trace *t, int64_t now_ns); /* once nothing is wanted nor open */

/* match.c: whose reply is it */
struct match {
	int probe;     /* -1: none of ours, or one of several held */
	int number;    /* which packet; -1: not known */
	uint32_t tied; /* bits of those held of which it may be any */
	bool weak;     /* only its IP ID tells, all else having been rewritten if it is ours */
};
struct match match_quote(const struct trace *t, const struct packet *quote);
struct match match_answer(const struct trace *t, const struct packet *answer);

/* credit.c: a packet came in */
/* True if the target answered. */
bool credit_packet(struct trace *t, int64_t now_ns, struct span octets);

/* credit.c: is a weak match refuted by what the same router quoted of ours? */
bool credit_refuted(const struct trace *t, const struct ip_addr *from);

/* credit_file.c: room for a reply, to be filled in; NULL: out of memory. It counts once it is filed
 * under the packet `number`, unless it is a duplicate. */
struct trace_reply *credit_room(struct trace *t);
void credit_file(struct trace *t, const struct trace_reply *reply, int number, int64_t now_ns);
bool credit_from_target(const struct trace *t, const struct trace_reply *reply);

/* credit_orphan.c: the number of the only question that can have caused a reply without tokens; -1
 * if there are several. Of a series asked singly it is the open one. */
int credit_open(const struct trace *t, int probe);
int credit_answered(const struct trace *t, int probe, const struct packet *answer);
/* An answer that cannot be credited, yet: once there are enough of them, all may be. */
void credit_orphan(struct trace *t, int probe, const struct trace_reply *reply, int64_t now_ns);
void credit_orphans(struct trace *t, int probe);

/* Takes back what was credited by guess to a question of this series. */
void credit_retract(struct trace *t, int probe);
/* Takes back what was credited by guess to a TTL at which, or beyond which, a router answered; and
 * weak matches that are refuted. */
void credit_disown(struct trace *t);

/* answer.c: what a SYN/ACK says to our MP_CAPABLE */
enum reply_mptcp answer_mptcp(const struct packet *sent, const struct packet *answer);

/* followup.c: false once nothing is left open */
void followup_start(struct trace *t); /* what is asked from the first on */
bool followup_ask(struct trace *t, int64_t now_ns);
void followup_eager(struct trace *t, int64_t now_ns); /* those that need not wait for the rest */

/* observe.c: questions about the replies that conclude and followup share */
const struct trace_reply *observe_quote(const struct trace *t, int probe, uint8_t ttl);
const struct trace_reply *observe_answer(const struct trace *t, int probe); /* nearest TTL's */
/* Likewise, or an answer of which the TTL is not known. */
const struct trace_reply *observe_any_answer(const struct trace *t, int probe);
const struct trace_reply *observe_at(const struct trace *t, int probe, uint8_t ttl);
const struct trace_reply *observe_hop(const struct trace *t, uint8_t ttl); /* any probe */
bool observe_target_spoke(const struct trace *t, int probe);
enum fate { FATE_SILENT, FATE_SYN_ACK, FATE_RST, FATE_OTHER_ANSWER, FATE_UNREACHABLE };

enum fate observe_fate(const struct trace *t, int probe); /* how its walk ended */
const struct trace_reply *observe_unreachable(const struct trace *t, int probe);
const struct trace_reply *observe_syn_ack(const struct trace *t); /* of any walk, the nearest */
/* The nearest RST, if there is nothing but RSTs to all walks, and no router beyond. */
const struct trace_reply *observe_refusal(const struct trace *t);
bool observe_is_mp_capable(const struct finding *f);
bool observe_on_syn(const struct trace *t, const struct finding *f); /* in a quote of a SYN */
/* Did an MP_JOIN come unharmed to where MP_CAPABLE no longer did? */
bool observe_join_passed(const struct trace *t, int join, const struct finding *f);
int observe_bearer(const struct trace *t,
		   const struct finding *f); /* whose probe bears the field */
struct place observe_place(const struct trace *t, int probe, uint8_t ttl);
/* What happens to the target's packets, somewhere: hops are counted from who sent it, which is the
 * target; we have a number only if one is known. */
void observe_way_back(const struct trace *t, struct finding *f);
/* Askings and replies of a series at `ttl` and beyond, as far as it was walked. */
uint32_t observe_asked_from(const struct trace *t, int probe, uint8_t ttl);
uint32_t observe_answers_from(const struct trace *t, int probe, uint8_t ttl);

/* Paired askings (trace_ask_again) of a series at `ttl` and beyond that got no reply, of how many.
 */
struct paired {
	uint32_t asked, lost;
};
struct paired observe_paired(const struct trace *t, int probe, uint8_t ttl);
/* The nearest hop beyond all that answered this series at which `control` was, paired with it. */
uint8_t observe_first_silent(const struct trace *t, int probe, int control);
/* The chance that all of them at `ttl` and beyond were only out of luck, judged by the control. */
double observe_chance(const struct trace *t, int probe, int control, uint8_t ttl);

#define JOIN_ASKINGS 3 /* of an MP_JOIN, before silence says anything */

/* conclude.c: replies to findings and a verdict */
void conclude(struct trace *t);

/* conclude_*.c: each adds the findings of one kind. */
struct finding *conclude_add(struct trace *t, const char *field, enum change_kind change);
void conclude_quotes(struct trace *t);	 /* what quotes show, and what their checksums betray */
void conclude_answers(struct trace *t);	 /* SYN/ACKs: mirrored, blanked, not MPTCP */
void conclude_proxies(struct trace *t);	 /* answered on the path; DNAT; TTL rewritten */
void conclude_fates(struct trace *t);	 /* test, control and sham fared differently */
void conclude_data(struct trace *t);	 /* what befell the data of a connection */
void conclude_held(struct trace *t);	 /* which of its segments did not come through */
void conclude_joins(struct trace *t);	 /* SYNs that join it */
void conclude_add_addr(struct trace *t); /* whether its ADD_ADDR was echoed */
void conclude_inside(struct trace *t);	 /* what the connection itself showed */
void conclude_back(struct trace *t);	 /* what the target's data in it did */
void conclude_mirrored(struct trace *t); /* what both ends of a connection showed */
void conclude_further(struct trace *t);	 /* what was found on paths of further addresses */
void conclude_verdict(struct trace *t);
void conclude_mirrored_verdict(struct trace *t);
void conclude_further_verdict(struct trace *t);

/* explain.c: sentences */
void explain_finding(const struct trace *t, struct finding *f);
void explain_place(const struct place *p, char *out, size_t cap); /* "hop 3 (192.0.2.1)" */

/* exact.c: one-sided Fisher test: the chance that `lost` of `asked` is as bad as it is against
 * `control_lost` of `control_asked` if both had the same loss */
double exact_test(uint32_t asked, uint32_t lost, uint32_t control_asked, uint32_t control_lost);

#endif
