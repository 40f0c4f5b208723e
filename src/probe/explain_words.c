/* What people call fields, and what befalls them. */
#include <stdio.h>
#include <string.h>

#include "probe/segment.h"

/* What people call a field. */
static const struct {
	const char *field, *noun;
} nouns[] = {
    {"tcp.options.mptcp.mp_capable", "MP_CAPABLE"},
    {"tcp.options.mptcp.mp_join", "MP_JOIN"},
    {"tcp.options.mptcp.dss", "DSS (MPTCP's data mapping and acknowledgement)"},
    {"tcp.options.mptcp.add_addr", "ADD_ADDR"},
    {"tcp.options.mptcp.remove_addr", "REMOVE_ADDR"},
    {"tcp.options.mptcp.mp_prio", "MP_PRIO"},
    {"tcp.ack", "the acknowledgement number"},
    {"tcp.payload", "the data"},
    {"tcp.options.kind_254", "an option it does not know (kind 254)"},
    {"tcp.options.mss_val", "the MSS"},
    {"tcp.options.wscale.shift", "the window scale"},
    {"tcp.options.sack_perm", "SACK-permitted"},
    {"tcp.options.timestamp", "the timestamp option"},
    {"tcp.options.timestamp.tsval", "the timestamp"},
    {"tcp.options.timestamp.tsecr", "the echoed timestamp"},
    {"tcp.options.sack", "the SACK option"},
    {"tcp.seq", "the sequence number"},
    {"tcp.srcport", "the source port"},
    {"tcp.dstport", "the destination port"},
    {"tcp.window_size_value", "the window"},
    {"tcp.flags", "the TCP flags field"},
    {"tcp.checksum", "something the TCP checksum covers (address, port or sequence number)"},
    {"ip.src", "the source address"},
    {"ip.dst", "the destination address"},
    {"ipv6.src", "the source address"},
    {"ipv6.dst", "the destination address"},
    {"ip.dsfield.dscp", "the DSCP"},
    {"ipv6.tclass.dscp", "the DSCP"},
    {"ip.dsfield.ecn", "the ECN mark"},
    {"ipv6.tclass.ecn", "the ECN mark"},
    {"ip.dsfield", "the DSCP and ECN field"},
    {"ipv6.tclass", "the DSCP and ECN field"},
    {"tcp.hdr_len", "the length of the TCP header"},
    {"ip.len", "the length of the packet"},
    {"ipv6.plen", "the length of the packet"},
    {"ip.id", "the IP ID"},
    {"ip.ttl", "the TTL"},
    {"ipv6.hlim", "the hop limit"},
    {"ipv6.flow", "the flow label"},
};

static const char *const verbs[CHANGE_KINDS] = {
    [CHANGE_REWRITTEN] = "is rewritten",
    [CHANGE_REMOVED] = "is removed",
    [CHANGE_ADDED] = "is added",
    [CHANGE_BLANKED] = "is overwritten with NOPs",
    [CHANGE_TRUNCATED] = "is cut off by an end-of-list",
    [CHANGE_SPLIT] = "is split into smaller segments",
    [CHANGE_COALESCED] = "is joined with what follows it",
    [CHANGE_REORDERED] = "is moved to another place among the options",
};

const char *explain_noun(const char *field, char room[EXPLAIN_NOUN_MAX])
{
	static const char unnamed[] = "tcp.options.kind_";

	for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
		if (!strcmp(field, nouns[i].field))
			return nouns[i].noun;
	if (strncmp(field, unnamed, sizeof(unnamed) - 1))
		return field;
	snprintf(room, EXPLAIN_NOUN_MAX, "TCP option %s", field + sizeof(unnamed) - 1);
	return room;
}

const char *explain_verb(const char *field, enum change_kind kind)
{
	if (kind == CHANGE_TRUNCATED && strncmp(field, "tcp.options.", strlen("tcp.options.")) != 0)
		return "is cut short";
	return verbs[kind] ? verbs[kind] : change_kind_name(kind);
}

bool explain_has_verb(enum change_kind kind)
{
	return verbs[kind];
}
