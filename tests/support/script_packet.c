#include <stdio.h>
#include <string.h>

#include "mptcp/dsn.h"
#include "mptcp/key.h"
#include "packet/checksum.h"
#include "packet/mptcp_option.h"
#include "packet/notation.h"
#include "support/script_player.h"

/* "A 1 1 win=0 /DSS{…}" becomes "IP/TCP{flags=A,seq=1,ack=1,win=0}/DSS{…}". */
static void to_notation(const char *text, char out[SCRIPT_TEXT])
{
	static const char *const names[] = {"flags", "seq", "ack"};
	const char *slash = strchr(text, '/');
	char head[128];
	size_t n = 0;

	snprintf(head, sizeof(head), "%.*s", (int)(slash ? slash - text : (long)strlen(text)),
		 text);
	out += sprintf(out, "IP/TCP{");
	for (char *save, *w = strtok_r(head, " ", &save); w; w = strtok_r(NULL, " ", &save), n++)
		out += strchr(w, '=') ? sprintf(out, ",%s", w)
				      : sprintf(out, "%s%s=%s", n ? "," : "", names[n % 3], w);
	sprintf(out, "}%s", slash ? slash : "");
}

static bool read_notation(struct script_player *p, const char *text, uint8_t *octets, size_t cap,
			  struct packet *out)
{
	struct notation n;
	struct error err;

	if (notation_parse(&n, text, &err))
		return script_wrong(p, err.text, NULL);
	if (n.len4 > cap)
		return script_wrong(p, "too long", NULL);
	memcpy(octets, n.octets4, n.len4);
	return packet_parse(out, span_of(octets, n.len4)) == 0 ||
	       script_wrong(p, "no packet", NULL);
}

/* Of the mapping in the packet, over `payload`. */
static uint16_t right_checksum(const struct script_player *p, const struct packet *packet,
			       struct span payload, bool from_peer)
{
	const struct tcp_option *item = packet->tcp.options.item;
	uint64_t sum = checksum_add(0, payload.at, payload.len);
	uint64_t first = script_idsn(p, !from_peer) + 1;
	struct mptcp_option o;

	for (size_t i = 0; i < packet->tcp.options.count; i++) {
		if (mptcp_option_parse(&o, &item[i]))
			continue;
		if (o.subtype == MPTCP_CAPABLE)
			return key_dss_checksum(first, 1, o.capable.data_len, sum);
		if (o.subtype == MPTCP_DSS)
			return key_dss_checksum(
			    dsn_expand(o.dss.dsn, o.dss.flags & MPTCP_DSS_DSN8, first), o.dss.ssn,
			    o.dss.data_len, sum);
	}
	return 0;
}

/* "$ok" or "$ok(octets)": cuts the parentheses out. */
static struct span cut_octets(char *text, char *octets)
{
	char *open = strstr(text, "$ok(") + 3, *close = strchr(open, ')');
	size_t len = (size_t)(close - open) - 1;

	memcpy(octets, open + 1, len);
	memmove(open, close + 1, strlen(close + 1) + 1);
	return span_of(octets, len);
}

static void replace(char *text, const char *what, unsigned number)
{
	char digits[8], *at = strstr(text, what);
	size_t len = strlen(what);

	snprintf(digits, sizeof(digits), "%u", number);
	memmove(at + strlen(digits), at + len, strlen(at + len) + 1);
	memcpy(at, digits, strlen(digits));
}

/* Reads it once without a checksum, to see what there is to sum. */
static bool fill_checksum(struct script_player *p, char *notation, bool from_peer)
{
	char draft[SCRIPT_TEXT + 64], given[SCRIPT_TEXT];
	bool whole = !strstr(notation, "$ok("), swapped = strstr(notation, "$ok~");
	struct span payload = whole ? (struct span){0} : cut_octets(notation, given);
	uint8_t octets[PROBE_OCTETS_MAX];
	struct packet packet;
	unsigned sum;

	strcpy(draft, notation);
	replace(draft, swapped ? "$ok~" : "$ok", 0);
	if (!read_notation(p, draft, octets, sizeof(octets), &packet))
		return false;
	sum = right_checksum(p, &packet, whole ? packet.payload : payload, from_peer);
	replace(notation, swapped ? "$ok~" : "$ok", swapped ? (sum << 8 | sum >> 8) & 0xffff : sum);
	return true;
}

bool script_packet(struct script_player *p, const char *text, bool from_peer, uint8_t *octets,
		   size_t cap, struct packet *out)
{
	char numbers[SCRIPT_TEXT], notation[SCRIPT_TEXT + 64];

	if (!script_substitute(p, text, numbers))
		return script_wrong(p, "no such value", NULL);
	to_notation(numbers, notation);
	if (strstr(notation, "$ok") && !fill_checksum(p, notation, from_peer))
		return false;
	return read_notation(p, notation, octets, cap, out);
}

static const struct tcp_option *next_option(const struct tcp_option_list *list, size_t *i)
{
	while (*i < list->count)
		if (list->item[(*i)++].kind == TCP_OPT_MPTCP)
			return &list->item[*i - 1];
	return NULL;
}

static bool same_options(const struct packet *got, const struct packet *want)
{
	size_t i = 0, j = 0;

	for (;;) {
		const struct tcp_option *a = next_option(&got->tcp.options, &i);
		const struct tcp_option *b = next_option(&want->tcp.options, &j);

		if (!a || !b)
			return a == b;
		if (a->len != b->len || memcmp(a->at, b->at, a->len) != 0)
			return false;
	}
}

bool script_same(const struct script_player *p, const struct script_flow *f,
		 const struct packet *got, const struct packet *want)
{
	unsigned mask = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;

	if ((got->tcp.flags & mask) != (want->tcp.flags & mask) ||
	    got->payload.len != want->payload.len ||
	    (got->payload.len && memcmp(got->payload.at, want->payload.at, got->payload.len) != 0))
		return false;
	if (got->tcp.src_port != f->local_port || got->tcp.seq - f->iss != want->tcp.seq)
		return false;
	if ((got->tcp.flags & TCP_ACK) && got->tcp.ack - PEER_ISS != want->tcp.ack)
		return false;
	if (strstr(p->line, "win=") && got->tcp.window != want->tcp.window)
		return false;
	return same_options(got, want);
}
