#include <ctype.h>
#include <string.h>
#include <time.h>

#include "packet/icmp.h"
#include "packet/mptcp_option.h"
#include "report/connection.h"
#include "report/paragraph.h"

static void put_endpoint(struct buf *out, const struct ip_addr *addr, uint16_t port)
{
	char text[IP_ADDR_TEXT];

	buf_printf(out, addr->family == 6 ? "[%s]:%u" : "%s:%u", ip_addr_print(addr, text), port);
}

/* "MPTCP v1 with", "TCP (fallback at syn-ack: …) with", "Refused by". */
static void put_outcome(struct buf *out, const struct conn_info *info)
{
	static const char *const words[] = {
	    [OUTCOME_NONE] = "Not connected to",
	    [OUTCOME_MPTCP] = "MPTCP with",
	    [OUTCOME_FALLBACK] = "TCP with",
	    [OUTCOME_REFUSED] = "Refused by",
	    [OUTCOME_TIMEOUT] = "Given up waiting for",
	    [OUTCOME_RESET] = "Reset by",
	};

	if (info->outcome == OUTCOME_MPTCP)
		buf_printf(out, "MPTCP v%u with", info->version);
	else if (info->outcome == OUTCOME_FALLBACK && info->fallback_stage != FALLBACK_NONE)
		buf_printf(out, "TCP (fallback at %s: %s) with",
			   fallback_stage_name(info->fallback_stage),
			   fallback_reason_text(info->fallback_reason));
	else
		buf_printf(out, "%s", words[info->outcome]);
}

static size_t opened(const struct conn_info *info)
{
	size_t count = 0;

	for (size_t i = 0; i < info->subflow_count; i++)
		count += info->subflow[i].opened;
	return count;
}

static void put_count(struct buf *out, size_t count, const char *what)
{
	buf_printf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void put_close(struct buf *out, const struct conn_subflow_info *s)
{
	if (subflow_close_name(s->close))
		buf_printf(out, "  %s", subflow_close_name(s->close));
	if (s->reset_reason >= 0)
		buf_printf(out, " (reason %d)", s->reset_reason);
}

static void put_octets(struct buf *out, const struct conn_subflow_info *s)
{
	buf_printf(out, "  %sMSS %u  sent %llu  received %llu", s->backup ? "backup  " : "", s->mss,
		   (unsigned long long)s->stats.sent_octets,
		   (unsigned long long)s->stats.received_octets);
	if (s->stats.retransmitted_octets)
		buf_printf(out, "  sent again %llu",
			   (unsigned long long)s->stats.retransmitted_octets);
	if (s->reinjected)
		buf_printf(out, "  moved elsewhere %llu", (unsigned long long)s->reinjected);
	if (s->srtt_ns)
		buf_printf(out, "  rtt %.3f ms", (double)s->srtt_ns / NS_PER_MS);
	put_close(out, s);
}

static void put_unreachable(struct buf *out, const struct conn_unreachable *u)
{
	const char *why = icmp_unreachable_name(u->from.family, u->code);
	char from[IP_ADDR_TEXT];

	if (u->from.family)
		buf_printf(out, "  (%s: unreachable, %s)", ip_addr_print(&u->from, from),
			   why ? why : "for no known reason");
}

static void put_subflow(struct buf *out, const struct conn_subflow_info *s)
{
	buf_printf(out, "  %u  ", s->id);
	put_endpoint(out, &s->local, s->local_port);
	buf_printf(out, " -> ");
	put_endpoint(out, &s->remote, s->remote_port);
	if (s->opened)
		put_octets(out, s);
	else
		buf_printf(out, "  never opened");
	if (!s->opened && s->close == SUBFLOW_RST)
		put_close(out, s);
	if (!s->opened)
		put_unreachable(out, &s->unreachable);
	buf_printf(out, "\n");
}

static void put_options(struct buf *out, const struct conn_info *info)
{
	const char *before = "Options received: ";

	for (unsigned i = 0; i < MPTCP_SUBTYPES; i++) {
		if (!(info->options_seen >> i & 1) || !mptcp_subtype_name(i))
			continue;
		buf_printf(out, "%s", before);
		for (const char *at = mptcp_subtype_name(i); *at; at++)
			buf_printf(out, "%c", toupper((unsigned char)*at));
		before = ", ";
	}
	buf_printf(out, "%s\n", before[0] == ',' ? "." : "No MPTCP options received.");
}

static void put_head(struct buf *out, const struct connection_report *c,
		     const struct connection_result *r)
{
	char addr[IP_ADDR_TEXT];

	ip_addr_print(&r->target, addr);
	put_outcome(out, &r->info);
	buf_printf(out, " %s", c->target_name ? c->target_name : addr);
	if (c->target_name && strcmp(c->target_name, addr))
		buf_printf(out, " (%s)", addr);
	buf_printf(out, ", port %u", r->port);
	if (r->info.outcome == OUTCOME_MPTCP) {
		buf_printf(out, ": ");
		put_count(out, opened(&r->info), "subflow");
		buf_printf(out, "%s", r->info.checksum ? ", with checksums" : "");
	}
	buf_printf(out, "\n");
}

/* Where the reason is but a finding, which follows in full, what that means comes first. */
static const char *opening(const struct connection_result *r)
{
	bool harmless = r->mirrored != NULL;

	for (size_t i = 0; i < r->finding_count; i++)
		harmless &= r->findings[i].impact == IMPACT_NONE;
	if (harmless && r->verdict == VERDICT_INTERFERENCE)
		return "Something on this path tampers with packets, but not so that MPTCP is "
		       "affected.";
	for (size_t i = 0; i < r->finding_count; i++)
		if (!strcmp(r->findings[i].explain, r->reason))
			return r->verdict == VERDICT_INTERFERENCE
				   ? "Something on the path interferes with MPTCP."
				   : "It is not certain whether the path interferes with MPTCP.";
	return r->reason;
}

static void put_verdict(struct buf *out, const struct connection_result *r)
{
	unsigned number = 0;

	buf_printf(out, "\n");
	paragraph_wrapped(out, "", opening(r));
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];

		buf_printf(out, "\n");
		if (f->cause == CAUSE_TARGET)
			paragraph_note(out, f);
		else
			paragraph_finding(out, f, ++number);
	}
}

static void put_out(FILE *file, struct buf *text)
{
	fwrite(buf_text(text), 1, text->len, file);
	fflush(file);
	buf_fini(text);
}

void connection_text(const struct connection_report *c, const struct connection_result *r,
		     bool check)
{
	struct buf out = {0};

	put_head(&out, c, r);
	for (size_t i = 0; i < r->info.subflow_count; i++)
		put_subflow(&out, &r->info.subflow[i]);
	buf_printf(&out, "Sent %llu octets, received %llu. ", (unsigned long long)r->info.sent,
		   (unsigned long long)r->info.received);
	put_options(&out, &r->info);
	if (check || r->verdict != VERDICT_CLEAN)
		put_verdict(&out, r);
	put_out(c->out, &out);
}

void connection_text_line(const struct connection_report *c, const struct connection_result *r,
			  int64_t end_ns)
{
	int64_t wall_ns = c->wall_ns + end_ns - c->at_ns;
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct buf out = {0};
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_printf(&out, "%s  ", date);
	put_outcome(&out, &r->info);
	buf_printf(&out, " ");
	put_endpoint(&out, &r->target, r->port);
	buf_printf(&out, "  ");
	put_count(&out, opened(&r->info), "subflow");
	buf_printf(&out, "  sent %llu  received %llu%s\n", (unsigned long long)r->info.sent,
		   (unsigned long long)r->info.received, r->ended ? "" : "  cut short");
	put_out(c->out, &out);
}
