/* What `-v` adds behind a hop's line, for every probe it answered:
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
