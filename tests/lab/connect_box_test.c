/* A connection through each kind of box: what comes of it, at which stage it falls back and why, as
 * RFC 8684 §3.7 has it. The client sends 100,000 octets, the target as many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/lab_plan.h"

#define ANY (-1)

enum stream {
	WHOLE,	/* everything arrives, and nothing else */
	ORDER,	/* what arrives is in order; the connection may end before the stream does */
	CHANGED /* a box changed the content, and nobody could know */
};

enum with { CHECKSUM = 1, LOSSY = 2, V0 = 4 };

struct end {
	int outcome, stage, reason; /* or ANY */
};

#define MPTCP                                                                                      \
	{                                                                                          \
		OUTCOME_MPTCP, FALLBACK_NONE, FALLBACK_BECAUSE_NONE                                \
	}
#define FALLBACK(at, why)                                                                          \
	{                                                                                          \
		OUTCOME_FALLBACK, FALLBACK_##at, FALLBACK_BECAUSE_##why                            \
	}
/* With a reason, and without a fallback. */
#define ENDED(how)                                                                                 \
	{                                                                                          \
		OUTCOME_##how, FALLBACK_NONE, FALLBACK_BECAUSE_NONE                                \
	}
#define UNSAID                                                                                     \
	{                                                                                          \
		ANY, ANY, ANY                                                                      \
	}

struct row {
	const char *name;
	struct lab_plan_box box[2];
	unsigned paths;
	enum stream stream;
	unsigned with;
	struct end client, server;
};

/* Which path a box stands in: the only one, both as one box, or the second. */
#define ONLY  0
#define BOTH  LAB_PLAN_ALL
#define OTHER 1

#define STRIP_SYN    "subtype=mp_capable direction=forward segments=syn"
#define STRIP_SYNACK "subtype=mp_capable direction=reverse segments=synack"
#define STRIP_LATER  "kind=mptcp direction=both segments=nonsyn"

static const struct row rows[] = {
    /* The handshake. */
    {"MP_CAPABLE taken out of the SYN",
     {{ONLY, "strip", STRIP_SYN}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"blanked with NOPs",
     {{ONLY, "strip", STRIP_SYN " how=nop"}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     UNSAID},
    {"taken out of the SYN/ACK",
     {{ONLY, "strip", STRIP_SYNACK}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     {OUTCOME_FALLBACK, ANY, FALLBACK_BECAUSE_NO_KEYS}},
    {"SYNs with MP_CAPABLE dropped",
     {{ONLY, "drop", "subtype=mp_capable segments=syn"}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, SYN_LOST),
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"SYN/ACKs repeat the SYN's options",
     {{ONLY, "strip", "kind=timestamp segments=syn"}, {ONLY, "mirror", "mode=edit"}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, MIRRORED),
     {OUTCOME_FALLBACK, ANY, FALLBACK_BECAUSE_NO_KEYS}},
    {"and with them its timestamp, which is the end of TCP",
     {{ONLY, "mirror", "mode=edit"}},
     1,
     ORDER,
     0,
     {ANY, FALLBACK_SYN_ACK, FALLBACK_BECAUSE_MIRRORED},
     UNSAID},
    {"SYNs with MP_CAPABLE reset",
     {{ONLY, "reset", "subtype=mp_capable segments=syn"}},
     1,
     ORDER,
     0,
     {OUTCOME_REFUSED, ANY, ANY},
     UNSAID},
    {"v0: MP_CAPABLE taken out of the SYN/ACK",
     {{ONLY, "strip", STRIP_SYNACK}},
     1,
     WHOLE,
     V0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     FALLBACK(FIRST_DATA, NO_DSS)},
    /* Options vanish behind the SYN (RFC 8041 §3.1). */
    {"options vanish after the SYN",
     {{ONLY, "strip", STRIP_LATER}},
     1,
     WHOLE,
     0,
     FALLBACK(FIRST_DATA, NO_DSS),
     {OUTCOME_FALLBACK, ANY, FALLBACK_BECAUSE_NO_KEYS}},
    {"EOLs in their place",
     {{ONLY, "strip", STRIP_LATER " how=eol"}},
     1,
     WHOLE,
     0,
     FALLBACK(FIRST_DATA, NO_DSS),
     {OUTCOME_FALLBACK, ANY, FALLBACK_BECAUSE_NO_KEYS}},
    {"v0: options vanish after the SYN",
     {{ONLY, "strip", STRIP_LATER}},
     1,
     WHOLE,
     V0,
     FALLBACK(FIRST_DATA, NO_DSS),
     FALLBACK(FIRST_DATA, NO_DSS)},
    {"options vanish in mid-stream, the only path",
     {{ONLY, "strip", "kind=mptcp direction=both after_octets=40000"}},
     1,
     ORDER,
     0,
     UNSAID,
     UNSAID},
    {"options vanish in mid-stream, one path of two",
     {{OTHER, "strip", "kind=mptcp direction=both after_octets=20000"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"DSS vanishes on the second path",
     {{OTHER, "strip", "subtype=dss direction=both"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    /* Joins. */
    {"MP_JOIN stripped",
     {{OTHER, "strip", "subtype=mp_join direction=both"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"MP_JOIN dropped", {{OTHER, "drop", "subtype=mp_join"}}, 2, WHOLE, 0, MPTCP, MPTCP},
    {"MP_JOIN reset", {{OTHER, "reset", "subtype=mp_join"}}, 2, WHOLE, 0, MPTCP, MPTCP},
    {"MP_JOIN to another backend", {{BOTH, "lb", "backends=0"}}, 2, WHOLE, 0, MPTCP, MPTCP},
    {"and it does not say why",
     {{BOTH, "lb", "backends=0 tcprst=false"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"ADD_ADDR filtered",
     {{BOTH, "strip", "subtype=add_addr direction=both"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    /* Addresses and sequence numbers: harmless. */
    {"NAT", {{ONLY, "nat", "outside=192.0.2.99 ports=rewrite"}}, 1, WHOLE, 0, MPTCP, MPTCP},
    {"a target behind NAT",
     {{ONLY, "dnat", "outside=203.0.113.80 inside=" LAB_PLAN_INSIDE}},
     1,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
    {"one NAT for both paths",
     {{BOTH, "nat", "outside=192.0.2.99 ports=rewrite"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"ISN randomisation", {{ONLY, "seq_shift", "direction=both"}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    {"that forgets SACK",
     {{ONLY, "seq_shift", "direction=both sack=false"}},
     1,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
    {"SACK stripped", {{ONLY, "strip", "kind=sack direction=both"}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    /* Segments cut and merged. */
    {"split, options on every piece",
     {{ONLY, "split", "pieces=3"}},
     1,
     WHOLE,
     CHECKSUM,
     MPTCP,
     MPTCP},
    {"split, options on the first",
     {{ONLY, "split", "pieces=2 options=first"}},
     1,
     WHOLE,
     CHECKSUM,
     MPTCP,
     MPTCP},
    /* The first piece of the first data has none: as if they had vanished. */
    {"split, options on the last",
     {{ONLY, "split", "pieces=2 options=last"}},
     1,
     WHOLE,
     0,
     FALLBACK(FIRST_DATA, NO_DSS),
     FALLBACK(FIRST_DATA, NO_DSS)},
    {"coalesced, options of both", {{ONLY, "coalesce", "keep=all"}}, 1, ORDER, 0, UNSAID, UNSAID},
    {"coalesced, options of the first",
     {{ONLY, "coalesce", "keep=first"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"coalesced, options of the last",
     {{ONLY, "coalesce", "keep=last"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"coalesced on one path of two",
     {{OTHER, "coalesce", "keep=first"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"coalesced on one path of two, options of the last",
     {{OTHER, "coalesce", "keep=last"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    /* Content changed. */
    {"octets substituted, no checksum",
     {{ONLY, "payload", "at=50000"}},
     1,
     CHANGED,
     0,
     MPTCP,
     MPTCP},
    {"octets substituted, checksum",
     {{ONLY, "payload", "at=50000"}},
     1,
     CHANGED,
     CHECKSUM,
     FALLBACK(LATER, MP_FAIL),
     FALLBACK(LATER, CHECKSUM)},
    {"octets substituted in the first data, checksum",
     {{ONLY, "payload", "at=0"}},
     1,
     CHANGED,
     CHECKSUM,
     FALLBACK(LATER, MP_FAIL),
     FALLBACK(FIRST_DATA, CHECKSUM)},
    {"octets substituted, checksum, one path of two",
     {{OTHER, "payload", "at=5000"}},
     2,
     WHOLE,
     CHECKSUM,
     MPTCP,
     MPTCP},
    {"octets inserted, checksum",
     {{ONLY, "payload", "mode=insert at=30000 octets=7"}},
     1,
     CHANGED,
     CHECKSUM,
     {OUTCOME_FALLBACK, FALLBACK_LATER, ANY},
     {OUTCOME_FALLBACK, FALLBACK_LATER, ANY}},
    {"octets deleted, checksum",
     {{ONLY, "payload", "mode=delete at=30000 octets=7"}},
     1,
     CHANGED,
     CHECKSUM,
     UNSAID,
     UNSAID},
    {"octets inserted, checksum, one path of two",
     {{OTHER, "payload", "mode=insert at=5000 octets=7"}},
     2,
     WHOLE,
     CHECKSUM,
     MPTCP,
     MPTCP},
    {"octets inserted, no checksum",
     {{ONLY, "payload", "mode=insert at=30000 octets=7"}},
     1,
     CHANGED,
     0,
     UNSAID,
     UNSAID},
    {"retransmissions normalised", {{ONLY, "rexmit", ""}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    {"retransmissions normalised, two paths",
     {{BOTH, "rexmit", "how=drop"}},
     2,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
    /* Acknowledgements and windows. */
    /* The first ACK for data has no DATA_ACK: the sender must take it that options vanished. */
    {"early ACKs",
     {{ONLY, "early_ack", ""}},
     1,
     WHOLE,
     LOSSY,
     FALLBACK(FIRST_DATA, NO_DSS),
     {OUTCOME_FALLBACK, ANY, ANY}},
    {"early ACKs on one path of two", {{OTHER, "early_ack", ""}}, 2, WHOLE, 0, MPTCP, MPTCP},
    {"early ACKs that are a lie, one path of two",
     {{OTHER, "early_ack", "lose=7"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"early ACKs that are a lie, the only path",
     {{ONLY, "early_ack", "lose=20"}},
     1,
     ORDER,
     0,
     UNSAID,
     UNSAID},
    {"holes held back", {{ONLY, "hold_holes", ""}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    {"ACKs for unseen data dropped", {{ONLY, "clamp_ack", ""}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    {"windows capped", {{ONLY, "window", "max=8000"}}, 1, WHOLE, 0, MPTCP, MPTCP},
    /* State. */
    {"a firewall with state", {{BOTH, "state", "idle_ms=60000"}}, 2, WHOLE, 0, MPTCP, MPTCP},
    {"a SYN proxy",
     {{ONLY, "syn_proxy", ""}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"a split proxy without MPTCP",
     {{ONLY, "terminate", ""}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, NO_CAPABLE),
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"a split proxy that speaks MPTCP with the client",
     {{ONLY, "terminate", "client=v1"}},
     1,
     WHOLE,
     0,
     MPTCP,
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"a split proxy that speaks MPTCP with both",
     {{ONLY, "terminate", "client=v1 target=v1"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    /* Headers and options edited. */
    {"ECN bleached, DSCP remarked",
     {{ONLY, "set", "field=ip.dsfield.ecn value=0 direction=both"},
      {ONLY, "set", "field=ip.dsfield.dscp value=8 direction=both"}},
     1,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
    {"windows rewritten",
     {{ONLY, "set", "field=tcp.window_size_value value=2000 direction=both segments=nonsyn"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"TTL lifted", {{ONLY, "ttl_set", "value=200 direction=both"}}, 1, WHOLE, 0, MPTCP, MPTCP},
    {"MSS clamped", {{ONLY, "mss_clamp", "max=536 direction=both"}}, 1, WHOLE, LOSSY, MPTCP, MPTCP},
    {"an option added to SYNs",
     {{ONLY, "add", "kind=200 length=4 direction=both segments=syn"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"an option added wherever there is room",
     {{ONLY, "add", "kind=200 length=4 direction=both"}},
     1,
     WHOLE,
     CHECKSUM,
     MPTCP,
     MPTCP},
    {"MPTCP moved before other options",
     {{ONLY, "reorder", "kind=mptcp to=first direction=both"}},
     1,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
    {"window scale rewritten",
     {{ONLY, "option_set", "kind=wscale value=0 width=1 segments=syn"}},
     1,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"the target's key rewritten",
     {{ONLY, "option_set",
       "subtype=mp_capable at=2 width=4 value=7 direction=reverse segments=synack"}},
     1,
     WHOLE,
     0,
     FALLBACK(FIRST_DATA, NO_DSS),
     FALLBACK(THIRD_ACK, NO_KEYS)},
    {"the client's key rewritten",
     {{ONLY, "option_set", "subtype=mp_capable at=2 width=4 value=7 segments=nonsyn"}},
     1,
     ORDER,
     0,
     ENDED(TIMEOUT),
     ENDED(RESET)},
    {"DATA_ACKs rewritten",
     {{ONLY, "option_set", "subtype=dss at=6 width=4 value=7 segments=nonsyn"}},
     1,
     WHOLE,
     0,
     MPTCP,
     ENDED(TIMEOUT)},
    {"the token of a join rewritten",
     {{OTHER, "option_set", "subtype=mp_join at=2 width=4 value=7 segments=syn"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    /* Answers in the name of others. */
    {"SYNs with MP_CAPABLE rejected by ICMP",
     {{ONLY, "reject", "from=198.51.100.1 subtype=mp_capable segments=syn"}},
     1,
     WHOLE,
     0,
     FALLBACK(SYN_ACK, SYN_LOST),
     FALLBACK(SYN_ACK, NO_CAPABLE)},
    {"joins rejected by ICMP",
     {{OTHER, "reject", "from=198.51.100.1 subtype=mp_join segments=syn"}},
     2,
     WHOLE,
     0,
     MPTCP,
     MPTCP},
    {"a proxy that lets nothing pass",
     {{ONLY, "proxy", ""}},
     1,
     ORDER,
     0,
     {OUTCOME_TIMEOUT, FALLBACK_SYN_ACK, FALLBACK_BECAUSE_NO_CAPABLE},
     UNSAID},
    {"a proxy that lets nothing pass, and speaks MPTCP",
     {{ONLY, "proxy", "mptcp=v1"}},
     1,
     ORDER,
     0,
     ENDED(TIMEOUT),
     UNSAID},
    {"two boxes: split, then merged",
     {{ONLY, "split", "pieces=4 options=all"}, {ONLY, "hold_holes", ""}},
     1,
     WHOLE,
     LOSSY,
     MPTCP,
     MPTCP},
};

static void plan_of(const struct row *row, struct lab_plan *plan, struct lab_run_spec *spec)
{
	lab_plan_defaults(plan);
	lab_run_defaults(spec);
	plan->paths = row->paths;
	for (; plan->box_count < 2 && row->box[plan->box_count].name; plan->box_count++)
		plan->box[plan->box_count] = row->box[plan->box_count];
	for (unsigned i = 0; i < row->paths; i++) {
		plan->link[i].rate_bps = 20000000;
		if (row->with & LOSSY) {
			plan->link[i].loss = 0.02;
			plan->link[i].reorder = 0.02;
		}
	}
	while (strcmp(lab_app_name(plan->serve.service), "send") != 0)
		plan->serve.service++;
	plan->serve.octets = spec->octets;
	plan->serve.out_seed = spec->in_seed = 2;
	spec->conn.checksum = row->with & CHECKSUM;
	spec->conn.version = plan->serve.conn.version = !(row->with & V0);
}

static bool is(const struct end *end, const struct conn_info *info)
{
	return (end->outcome == ANY || end->outcome == (int)info->outcome) &&
	       (end->stage == ANY || end->stage == (int)info->fallback_stage) &&
	       (end->reason == ANY || end->reason == (int)info->fallback_reason);
}

/* A connection that ended is one that says how. */
static bool has_ended(const struct lab_run *run)
{
	return run->client_closed && !run->hung_up && run->client.outcome != OUTCOME_NONE &&
	       (!run->accepted || (run->server_closed && run->server.outcome != OUTCOME_NONE));
}

static bool is_right(const struct row *row, const struct lab_run *run)
{
	if (!has_ended(run) || !is(&row->client, &run->client) ||
	    (run->accepted && !is(&row->server, &run->server)))
		return false;
	switch (row->stream) {
	case WHOLE: return lab_run_whole(run);
	case ORDER: return lab_run_in_order(run);
	default: return true;
	}
}

static void row_test(void **state)
{
	const struct row *row = *state;
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;
	struct lab *lab;
	char text[2048];

	plan_of(row, &plan, &spec);
	spec.capture = getenv("MBOXTRACE_CAPTURE");
	lab = lab_plan_build(&plan, 1);
	lab_run(&run, lab, &spec);
	lab_free(lab);
	if (!is_right(row, &run))
		fail_msg("%s: %s", row->name, lab_run_describe(&run, text, sizeof(text)));
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0])] = {0};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (argc < 2 || strstr(rows[i].name, argv[1]))
			tests[count++] =
			    (struct CMUnitTest){.name = rows[i].name,
						.test_func = row_test,
						.initial_state = (void *)(uintptr_t)&rows[i]};
	return _cmocka_run_group_tests("connect_box", tests, count, NULL, NULL);
}
