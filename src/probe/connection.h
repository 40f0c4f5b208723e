/* What an end-to-end run of an endpoint shows of the path: findings with basis `endpoint`, and the
 * verdict. An endpoint alone sees both ends of nothing: it never says where. With a mirror at the
 * other end it sees which way. */
#ifndef MBOXTRACE_PROBE_CONNECTION_H
#define MBOXTRACE_PROBE_CONNECTION_H

#include "mptcp/conn.h"
#include "probe/finding.h"
#include "probe/mirrored.h"

#define CONNECTION_FINDINGS_MAX (8 + MIRRORED_FINDINGS_MAX)

/* Round trips: how many were tried, and how many of these came to nothing. */
struct connection_trials {
	uint32_t asked, lost;
};

struct connection_result {
	struct conn_info info;
	struct ip_addr target; /* whom we connected to, or who connected to us */
	uint16_t port;
	bool established;
	bool ended;	   /* both directions came to their end in order */
	bool interrupted;  /* by the user */
	bool gave_up;	   /* nothing moved for as long as was asked for */
	bool had_control;  /* the same again without MPTCP, because the first one failed … */
	bool control_good; /* … fared better: ended in order, or was answered where that was not */
	/* Of what got no answer with MPTCP, and the same without it; connection_add counts. */
	struct connection_trials with, without;
	bool repeated;			 /* with MPTCP */
	uint64_t answered;		 /* octets that the peer sent, in either */
	const struct mirrored *mirrored; /* NULL: not asked for */

	/* Concluded: */
	bool intact; /* nothing shows that the stream was altered or cut short */
	size_t finding_count;
	struct finding findings[CONNECTION_FINDINGS_MAX];
	enum verdict verdict;
	char reason[512]; /* a sentence */
};

/* Fills in the second half. */
void connection_conclude(struct connection_result *r);

/* A check (connection_trials.c): is it MPTCP that gets no answer, or is it loss? After the first
 * connection says what is to be run next: it again, or the same without MPTCP, of which the latter
 * sort may be closed once it has come about. */
enum connection_run { RUN_NONE, RUN_MPTCP, RUN_PLAIN, RUN_PLAIN_SYN };
enum connection_run connection_next(const struct connection_result *r);
/* Adds one that was run; `answered`: the target sent what was to be expected. */
void connection_add(struct connection_result *r, enum connection_run kind,
		    const struct connection_result *run, bool answered);
/* Could what got no answer have been lost by chance? */
bool connection_may_be_loss(const struct connection_result *r);

#endif
