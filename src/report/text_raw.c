/* What `-v` adds behind a hop's line, for every probe it answered, and behind the hops for what was
 * sent inside a connection:
 *      syn-mp-capable: time-exceeded, 60 octets quoted
 *        sent IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}
 *        seen IP/TCP{src=40001,dst=443,…}/MSS(1460)
 *             IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], …
 *        hex  4500003c… */
#include "packet/print.h"
#include "report/text.h"

static void put_packet(struct text_report *t, struct span octets)
{
	struct packet p;

	if (!packet_parse(&p, octets)) {
		buf_printf(&t->out, "        seen ");
		notation_print(&t->out, &p);
		buf_printf(&t->out, "\n             ");
		packet_print(&t->out, &p);
		buf_printf(&t->out, "\n");
	}
	buf_printf(&t->out, "        hex  ");
	buf_hex(&t->out, octets.at, octets.len);
	buf_printf(&t->out, "\n");
}

static void put_diff(struct text_report *t, const struct diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		buf_printf(&t->out, "        diff ");
		change_print(&t->out, &diff->changes[i]);
		buf_printf(&t->out, "\n");
	}
	if (diff->checksum == CHECKSUM_BETRAYED)
		buf_printf(&t->out, "        the TCP checksum fits neither what was sent nor what "
				    "is quoted\n");
}

static void put_reply(struct text_report *t, const struct trace_result *result,
		      const struct trace_reply *r)
{
	const struct trace_probe *probe = &result->probes[r->probe];

	buf_printf(&t->out, "      %s: %s", probe->name, reply_kind_name(r->kind));
	if (r->quote.len)
		buf_printf(&t->out, ", %zu octets quoted", r->quote.len);
	buf_printf(&t->out, "\n        sent %s\n", probe->spec);
	if (r->quote.len)
		put_packet(t, r->quote);
	else if (r->answer.len)
		put_packet(t, r->answer);
	put_diff(t, &r->diff);
}

void text_hop_raw(struct text_report *t, const struct trace_result *result, const struct hop *hop)
{
	for (size_t a = 0; a < hop->answer_count; a++) {
		for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
			if (hop->answer[a].reply[p])
				put_reply(t, result, hop->answer[a].reply[p]);
		}
	}
}

/* Of several replies of a hop to one probe that which tells most. */
static const struct trace_reply *fullest(const struct trace_result *result, size_t probe,
					 uint8_t ttl)
{
	const struct trace_reply *best = NULL;

	for (size_t i = 0; i < result->reply_count; i++) {
		const struct trace_reply *r = &result->replies[i];

		if (r->probe == probe && r->ttl == ttl &&
		    (!best || r->quote.len > best->quote.len || r->diff.count > best->diff.count))
			best = r;
	}
	return best;
}

static void put_inside_hop(struct text_report *t, const struct trace_result *result, uint8_t ttl)
{
	const struct ip_addr *from = NULL;

	for (size_t i = 0; i < result->probe_count; i++) {
		const struct trace_reply *r = fullest(result, i, ttl);

		if (!r || result->probes[i].role < ROLE_DATA_CAPABLE)
			continue;
		if (!from || !ip_addr_equal(from, &r->from)) {
			buf_printf(&t->out, "%2u  ", ttl);
			text_addr(t, &t->out, &r->from);
			buf_printf(&t->out, "\n");
		}
		from = &r->from;
		put_reply(t, result, r);
	}
}

void text_inside_raw(struct text_report *t, const struct trace_result *result)
{
	if (result->inside.state != INSIDE_TESTED)
		return;
	buf_printf(&t->out, "\nInside a connection:\n");
	for (unsigned ttl = result->first_ttl; ttl <= result->path_length; ttl++)
		put_inside_hop(t, result, (uint8_t)ttl);
}
