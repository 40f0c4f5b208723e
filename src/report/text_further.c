/* Behind the hops of the trace, those of the paths of further local addresses: a round trip for
 * each of a plain SYN and of those that join the connection.
 *
 *   From 192.0.3.7:
 *    1  198.51.100.2  40.000 ms  40.000 ms  40.000 ms
 *    2  203.0.113.80  60.000 ms  60.000 ms  60.000 ms  SYN/ACK (plain SYN); …
 */
#include "report/names.h"
#include "report/text.h"

#define NAME_WAIT_NS (1 * NS_PER_S)

static void ask_names(const struct text_report *t, const struct trace_result *path)
{
	char name[NAME_TEXT];

	for (size_t i = 0; i < path->reply_count; i++)
		names_get(t->config.names, &path->replies[i].from, name);
}

static void put_path(struct text_report *t, const struct trace_result *path)
{
	char local[IP_ADDR_TEXT];

	buf_printf(&t->out, "\nFrom %s:\n", ip_addr_print(&path->config.source, local));
	t->next_ttl = path->first_ttl;
	t->changes_ttl = 0;
	text_rest(t, path);
}

void text_further(struct text_report *t, const struct trace_result *result)
{
	for (size_t i = 0; i < result->further_count; i++)
		ask_names(t, result->further[i]);
	names_settle(t->config.names, result->further_count ? NAME_WAIT_NS : 0);
	for (size_t i = 0; i < result->further_count; i++)
		put_path(t, result->further[i]);
}
