#include "report/words.h"

#include <ctype.h>
#include <string.h>

#define ICMP4_UNREACHABLE 3
#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG	  2

static const struct {
	const char *field, *word;
} fields[] = {
    {"ip.src", "source address"},
    {"ip.dst", "destination address"},
    {"ip.ttl", "TTL"},
    {"ip.dsfield", "DSCP and ECN marks"},
    {"ip.dsfield.dscp", "DSCP"},
    {"ip.dsfield.ecn", "ECN"},
    {"ip.id", "IP ID"},
    {"ip.flags.df", "don't-fragment flag"},
    {"ip.flags.mf", "more-fragments flag"},
    {"ip.frag_offset", "fragment offset"},
    {"ip.len", "IP length"},
    {"ipv6.src", "source address"},
    {"ipv6.dst", "destination address"},
    {"ipv6.hlim", "hop limit"},
    {"ipv6.tclass", "DSCP and ECN marks"},
    {"ipv6.tclass.dscp", "DSCP"},
    {"ipv6.tclass.ecn", "ECN"},
    {"ipv6.flow", "flow label"},
    {"ipv6.plen", "payload length"},
    {"tcp.srcport", "source port"},
    {"tcp.dstport", "destination port"},
    {"tcp.seq", "sequence number"},
    {"tcp.ack", "acknowledgement number"},
    {"tcp.hdr_len", "TCP header length"},
    {"tcp.flags", "TCP flags"},
    {"tcp.window_size_value", "window"},
    {"tcp.checksum", "TCP checksum"},
    {"tcp.urgent_pointer", "urgent pointer"},
    {"tcp.payload", "payload"},
    {"tcp.options.mss_val", "MSS"},
    {"tcp.options.wscale.shift", "window scale"},
    {"tcp.options.sack_perm", "SACK-permitted"},
    {"tcp.options.timestamp", "timestamp option"},
    {"tcp.options.timestamp.tsval", "timestamp"},
    {"tcp.options.timestamp.tsecr", "echoed timestamp"},
};

#define MPTCP_PREFIX "tcp.options.mptcp."
#define KIND_PREFIX  "tcp.options.kind_"

static void put_upper(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_printf(out, "%c", toupper((unsigned char)*text));
}

/* "tcp.options.mss_val" -> "MSS", "tcp.options.mptcp.mp_capable" -> "MP_CAPABLE"; a field without
 * a word of its own keeps its name. */
static void word_field(struct buf *out, const char *field)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!strcmp(fields[i].field, field)) {
			buf_printf(out, "%s", fields[i].word);
			return;
		}
	}
	if (!strncmp(field, MPTCP_PREFIX, strlen(MPTCP_PREFIX)))
		put_upper(out, field + strlen(MPTCP_PREFIX));
	else if (!strncmp(field, KIND_PREFIX, strlen(KIND_PREFIX)))
		buf_printf(out, "option %s", field + strlen(KIND_PREFIX));
	else
		buf_printf(out, "%s", field);
}

static const char *const change_words[CHANGE_KINDS] = {
    [CHANGE_NONE] = "unchanged",
    [CHANGE_REWRITTEN] = "rewritten",
    [CHANGE_REMOVED] = "removed",
    [CHANGE_ADDED] = "added",
    [CHANGE_BLANKED] = "overwritten with NOPs",
    [CHANGE_TRUNCATED] = "cut off",
    [CHANGE_REORDERED] = "moved",
    [CHANGE_MIRRORED] = "sent back as it was",
    [CHANGE_DROPPED] = "dropped",
    [CHANGE_RESET] = "answered with a reset",
    [CHANGE_ANSWERED] = "answered on the path in the target's name",
    [CHANGE_SPLIT] = "split",
    [CHANGE_COALESCED] = "merged",
    [CHANGE_REPLAYED] = "replayed",
};

#define SHORT_OCTETS 8

static bool is_short(const struct value *v)
{
	return v->kind != VALUE_NONE && (v->kind != VALUE_OCTETS || v->len <= SHORT_OCTETS);
}

/* What befell a whole packet, `field` being what is in it. */
static bool is_fate(enum change_kind kind)
{
	return kind == CHANGE_DROPPED || kind == CHANGE_RESET || kind == CHANGE_ANSWERED;
}

static void word_fate(struct buf *out, const char *field, enum change_kind kind)
{
	buf_printf(out, "SYNs");
	if (kind != CHANGE_ANSWERED && strcmp(field, "packet")) {
		buf_printf(out, " with ");
		word_field(out, field);
	}
	buf_printf(out, " %s", change_words[kind]);
}

void word_change(struct buf *out, const char *field, enum change_kind kind,
		 const struct value *sent, const struct value *seen)
{
	if (is_fate(kind)) {
		word_fate(out, field, kind);
		return;
	}
	word_field(out, field);
	if (kind == CHANGE_REWRITTEN && is_short(sent) && is_short(seen)) {
		buf_printf(out, " ");
		value_print(out, sent);
		buf_printf(out, " -> ");
		value_print(out, seen);
		return;
	}
	buf_printf(out, " %s", change_words[kind]);
	if (kind == CHANGE_ADDED && is_short(seen) && seen->kind != VALUE_OCTETS) {
		buf_printf(out, " (");
		value_print(out, seen);
		buf_printf(out, ")");
	}
}

const char *word_probe(enum probe_role role)
{
	static const char *const words[] = {
	    [ROLE_TEST] = "MPTCP SYN",
	    [ROLE_CONTROL] = "plain SYN",
	    [ROLE_SHAM] = "SYN with an unknown option",
	    [ROLE_USER] = "probe",
	    [ROLE_JOIN] = "MP_JOIN SYN",
	    [ROLE_V0] = "MPTCP v0 SYN",
	    [ROLE_UNMARKED] = "SYN without marks",
	    [ROLE_WITNESS] = "MPTCP SYN",
	    [ROLE_ECHO] = "ping",
	    [ROLE_DATA_CAPABLE] = "first data with MP_CAPABLE",
	    [ROLE_DATA_DSS] = "data with DSS",
	    [ROLE_DATA_ACK] = "DATA_ACK",
	    [ROLE_ADD_ADDR] = "ADD_ADDR",
	    [ROLE_SIGNALS] = "REMOVE_ADDR and MP_PRIO",
	    [ROLE_DATA_PLAIN] = "data without options of MPTCP",
	    [ROLE_JOIN_VALID] = "MP_JOIN SYN",
	    [ROLE_JOIN_BOGUS] = "MP_JOIN SYN with a token of nobody",
	};

	return words[role];
}

const char *word_cause(enum cause cause)
{
	static const char *const words[] = {
	    [CAUSE_NONE] = NULL,
	    [CAUSE_NAT] = "a NAT",
	    [CAUSE_SEQ_RANDOMIZER] = "a firewall that randomises sequence numbers",
	    [CAUSE_OPTION_STRIPPER] = "a firewall or normaliser that strips TCP options",
	    [CAUSE_MSS_CLAMP] = "a router that clamps the MSS",
	    [CAUSE_ECN_BLEACH] = "a router that clears ECN",
	    [CAUSE_DSCP_REMARK] = "a router that remarks DSCP",
	    [CAUSE_SPLIT_PROXY] = "a proxy that splits the connection",
	    [CAUSE_SYN_PROXY] = "a firewall that answers SYNs first (SYN proxy)",
	    [CAUSE_ALG] = "an application-level gateway",
	    [CAUSE_MIRROR] = "a box or server that echoes unknown options",
	    [CAUSE_BLACKHOLE] = "a firewall that drops what it does not know",
	    [CAUSE_RESETTER] = "a firewall that answers with resets",
	    [CAUSE_LOAD_BALANCER] = "a load balancer",
	    [CAUSE_CAPTIVE_PORTAL] = "a captive portal",
	    [CAUSE_TARGET] = "the target's own choice",
	};

	return words[cause];
}

const char *word_basis(enum basis basis)
{
	static const char *const words[] = {
	    [BASIS_QUOTE] = "seen in the packets that routers quote back",
	    [BASIS_CHECKSUM] = "betrayed by checksums that do not fit the quoted packets",
	    [BASIS_REPLY] = "seen in the replies",
	    [BASIS_CONTROL] = "probes with and without the option fared differently",
	    [BASIS_ENDPOINT] = "seen by an endpoint of the connection",
	    [BASIS_CAPTURE] = "seen in a capture",
	};

	return words[basis];
}

const char *word_confidence(enum confidence c)
{
	static const char *const words[] = {
	    [CONFIDENCE_CERTAIN] = "Certain",
	    [CONFIDENCE_LIKELY] = "Likely",
	    [CONFIDENCE_POSSIBLE] = "Possible",
	};

	return words[c];
}

static bool is_unreachable(const struct trace_reply *r)
{
	return r->icmp_type == (r->from.family == 6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE);
}

void word_unreachable(struct buf *out, const struct trace_reply *r)
{
	static const char marks4[] = "NHP.FSNHNXXNHXVC", marks6[] = "NXSH.XX";
	const char *marks = r->from.family == 6 ? marks6 : marks4;

	if (is_unreachable(r) && r->icmp_code < strlen(marks) && marks[r->icmp_code] != '.')
		buf_printf(out, "!%c", marks[r->icmp_code]);
	else if (is_unreachable(r))
		buf_printf(out, "!<%u>", r->icmp_code);
	else
		buf_printf(out, "!<%u-%u>", r->icmp_type, r->icmp_code);
}

const char *word_unreachable_code(const struct trace_reply *r)
{
	if (is_unreachable(r))
		return icmp_unreachable_name(r->from.family, r->icmp_code);
	return r->from.family == 6 && r->icmp_type == ICMP6_TOO_BIG ? "too-big" : NULL;
}
