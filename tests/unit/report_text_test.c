#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "report/names.h"
#include "report/report.h"
#include "support/sample_trace.h"

struct output {
	char *text;
	size_t len;
	struct report_config config;
	struct report *report;
};

static void open_output(struct output *o)
{
	o->config.out = open_memstream(&o->text, &o->len);
	o->config.target_name = o->config.target_name ? o->config.target_name : "example.net";
	o->config.device = "eth0";
	o->report = report_text_new(&o->config);
	assert_non_null(o->report);
}

static void close_output(struct output *o)
{
	o->report->ops->free(o->report);
	fclose(o->config.out);
	free(o->text);
}

static void tell_all(struct output *o, const struct trace_result *result)
{
	o->report->ops->start(o->report, result);
	for (unsigned ttl = result->first_ttl; ttl <= result->last_ttl; ttl++)
		o->report->ops->hop(o->report, result, (uint8_t)ttl);
	o->report->ops->finish(o->report, result);
}

static void test_whole_report(void **state)
{
	static const char expected[] =
	    "mboxtrace to example.net (203.0.113.80), port 443, from 192.0.2.7 (eth0), 30 hops "
	    "max\n"
	    " 1  192.0.2.1  0.412 ms  0.413 ms  0.414 ms\n"
	    " 2  *\n"
	    " 3  198.51.100.3  4.010 ms  4.020 ms  4.030 ms  <MPLS:L=16001,E=0,S=1,T=1>  "
	    "MP_CAPABLE removed\n"
	    " 4  198.51.100.4  5.001 ms  [quotes 8 octets of TCP: no options]  198.51.100.5  "
	    "5.002 ms  [quotes 8 octets of TCP: no options]  no answer to: MPTCP SYN\n"
	    " 5  203.0.113.80  9.001 ms  9.002 ms  9.003 ms  SYN/ACK, no MPTCP\n"
	    "\n"
	    "MPTCP does not get through: it is taken out of the connection on the way.\n"
	    "\n"
	    "1. Between 192.0.2.1 and 198.51.100.3 the MP_CAPABLE option is taken out of\n"
	    "   SYNs, so that the target never learns that MPTCP was asked for.\n"
	    "   Certain: seen in the packets that routers quote back. Probably a firewall or\n"
	    "   normaliser that strips TCP options.\n"
	    "\n"
	    "Note: The target does not speak MPTCP.\n"
	    "\n"
	    "Options seen at 2 of 4 hops; 1 did not answer; 1 quoted too little. 19 packets sent "
	    "in 0.041 s.\n";
	struct sample_trace s;
	struct output o = {0};

	(void)state;
	sample_trace(&s);
	open_output(&o);
	tell_all(&o, &s.result);
	assert_string_equal(o.text, expected);
	close_output(&o);
}

static void test_target_given_as_address(void **state)
{
	struct output o = {.config = {.target_name = "203.0.113.80"}};
	struct sample_trace s;

	(void)state;
	sample_trace(&s);
	open_output(&o);
	tell_all(&o, &s.result);
	assert_memory_equal(o.text, "mboxtrace to 203.0.113.80, port 443", 35);
	close_output(&o);
}

/* Lines of a report of `s` alone. */
static void assert_line(struct sample_trace *s, const char *line)
{
	struct output o = {0};

	open_output(&o);
	tell_all(&o, &s->result);
	if (!strstr(o.text, line))
		print_error("no \"%s\" in:\n%s", line, o.text);
	assert_non_null(strstr(o.text, line));
	close_output(&o);
}

static void test_outcomes_that_differ(void **state)
{
	struct sample_trace s;

	(void)state;
	sample_trace(&s);
	s.replies[s.result.reply_count - 3].kind = REPLY_RST;
	assert_line(&s, " 5  203.0.113.80  9.001 ms  9.002 ms  9.003 ms  reset (MPTCP SYN); "
			"SYN/ACK (plain SYN); SYN/ACK (SYN with an unknown option)\n");
}

static void test_icmp_codes(void **state)
{
	struct sample_trace s;
	struct trace_reply *r;

	(void)state;
	sample_trace(&s);
	s.result.reply_count = 0;
	s.result.first_ttl = s.result.last_ttl = 9;
	s.result.path_length = 0;
	for (size_t i = 0; i < 3; i++)
		s.result.probes[i].reached_ttl = 0, s.result.probes[i].received = 0;
	r = sample_reply(&s, 0, 9, "198.51.100.9", REPLY_UNREACHABLE, 1000);
	r->icmp_type = 3;
	r->icmp_code = 13;
	assert_line(&s, " 9  198.51.100.9  1.000 ms  !X admin-prohibited  "
			"[quotes 0 octets of TCP: no options]  "
			"no answer to: plain SYN, SYN with an unknown option\n");
}

static void test_same_changes_are_spelt_out_once(void **state)
{
	struct sample_trace s;
	struct trace_reply *r;

	(void)state;
	sample_trace(&s);
	r = sample_reply(&s, 0, 4, "198.51.100.6", REPLY_TIME_EXCEEDED, 5003);
	r->diff = s.replies[3].diff;
	assert_line(&s, "198.51.100.6  5.003 ms  changes as at hop 3\n");
}

/* Where the reason is the first finding the opening says what it means. */
static void test_opening(void **state)
{
	struct sample_trace s;

	(void)state;
	sample_trace(&s);
	snprintf(s.result.reason, sizeof(s.result.reason), "%s", s.findings[0].explain);
	assert_line(&s, "\n\nMPTCP does not get through; connections over this path fall back to "
			"plain TCP.\n\n1. Between");
	snprintf(s.result.reason, sizeof(s.result.reason), "Not certain: %s",
		 s.findings[0].explain);
	s.result.verdict = VERDICT_INCONCLUSIVE;
	assert_line(&s, "\n\nIt is not certain what this path does to MPTCP.\n\n1. Between");
}

static void test_colour_only_when_asked(void **state)
{
	struct output o = {.config = {.colour = true}};
	struct sample_trace s;

	(void)state;
	sample_trace(&s);
	open_output(&o);
	tell_all(&o, &s.result);
	assert_non_null(strstr(o.text, "\033[33mMP_CAPABLE removed\033[0m\n"));
	close_output(&o);
}

static void test_verbose_shows_the_quote(void **state)
{
	struct output o = {.config = {.verbose = 1}};
	struct sample_trace s;

	(void)state;
	sample_trace(&s);
	open_output(&o);
	tell_all(&o, &s.result);
	assert_non_null(strstr(o.text, "      syn-mp-capable: time-exceeded, 44 octets quoted\n"
				       "        sent IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}\n"
				       "        seen IP"));
	assert_non_null(strstr(o.text, "        hex  4500002c0003400001067b71c0000207cb007150"
				       "9c4101bb00001000000000006002ffffebd10000020405b4\n"));
	assert_non_null(strstr(o.text, "        diff tcp.options.mptcp.mp_capable removed"));
	close_output(&o);
}

static bool lookup_first(const struct ip_addr *addr, char out[NAME_TEXT])
{
	strcpy(out, "gw.example.net");
	return addr->octets[0] == 192;
}

static void test_names(void **state)
{
	struct output o = {.config = {.names = names_new(lookup_first)}};
	struct ip_addr first = sample_addr("192.0.2.1");
	struct sample_trace s;
	char name[NAME_TEXT];

	(void)state;
	sample_trace(&s);
	open_output(&o);
	names_get(o.config.names, &first, name);
	names_settle(o.config.names, 300 * NS_PER_S); /* a line waits for a second only */
	tell_all(&o, &s.result);
	assert_non_null(strstr(o.text, " 1  gw.example.net (192.0.2.1)  0.412 ms"));
	assert_non_null(strstr(o.text, " 3  198.51.100.3  4.010 ms"));
	close_output(&o);
	names_free(o.config.names);
}

static bool lookup_never(const struct ip_addr *addr, char out[NAME_TEXT])
{
	struct timespec long_time = {.tv_sec = 600};

	(void)addr;
	(void)out;
	nanosleep(&long_time, NULL);
	return false;
}

/* A line waits one second for a name, by the trace's clock, and no longer. */
static void test_names_that_never_come(void **state)
{
	struct output o = {.config = {.names = names_new(lookup_never)}};
	struct sample_trace s;
	size_t before;

	(void)state;
	sample_trace(&s);
	open_output(&o);
	o.report->ops->start(o.report, &s.result);
	before = o.len;
	o.report->ops->hop(o.report, &s.result, 1);
	assert_true(o.report->ops->idle(o.report, &s.result, 0) < NS_PER_S);
	o.report->ops->idle(o.report, &s.result, NS_PER_S - 1);
	assert_int_equal(o.len, before);
	assert_true(o.report->ops->idle(o.report, &s.result, NS_PER_S) == TIME_NEVER);
	assert_string_equal(o.text + before, " 1  192.0.2.1  0.412 ms  0.413 ms  0.414 ms\n");
	close_output(&o);
	names_free(o.config.names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_report),
	    cmocka_unit_test(test_target_given_as_address),
	    cmocka_unit_test(test_outcomes_that_differ),
	    cmocka_unit_test(test_icmp_codes),
	    cmocka_unit_test(test_same_changes_are_spelt_out_once),
	    cmocka_unit_test(test_opening),
	    cmocka_unit_test(test_colour_only_when_asked),
	    cmocka_unit_test(test_verbose_shows_the_quote),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_names_that_never_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
