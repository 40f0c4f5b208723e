/* Connections as text and JSON, octet for octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "report/connection.h"

#define START_NS (5 * NS_PER_S)

struct output {
	char *text;
	size_t len;
	struct connection_report report;
	struct connection_result result;
};

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr;

	assert_true(ip_addr_parse(&addr, text));
	return addr;
}

static void open_output(struct output *o)
{
	struct conn_info *info = &o->result.info;

	*o = (struct output){0};
	o->report = (struct connection_report){
	    .out = open_memstream(&o->text, &o->len),
	    .target_name = "example.net",
	    .wall_ns = INT64_C(1795387380122456000), /* 2026-11-22T22:43:00.122456Z */
	    .at_ns = START_NS,
	};
	o->result.target = ip("2001:db8::80");
	o->result.port = 443;
	o->result.ended = true;
	*info = (struct conn_info){.client = true,
				   .version = 1,
				   .outcome = OUTCOME_MPTCP,
				   .sent = 1200,
				   .received = 310,
				   .options_seen = 1 << 0 | 1 << 2 | 1 << 8,
				   .local_token = 0xabcdef,
				   .subflow_count = 1};
	info->subflow[0] = (struct conn_subflow_info){.id = 0,
						      .local = ip("2001:db8::7"),
						      .remote = ip("2001:db8::80"),
						      .local_port = 40001,
						      .remote_port = 443,
						      .mss = 1440,
						      .state = TCP_TIME_WAIT,
						      .close = SUBFLOW_FIN,
						      .reset_reason = -1,
						      .opened = true,
						      .srtt_ns = 12345678};
	info->subflow[0].stats.sent_octets = 1200;
	info->subflow[0].stats.received_octets = 310;
}

static void expect(struct output *o, const char *expected)
{
	fflush(o->report.out);
	assert_string_equal(o->text, expected);
	fclose(o->report.out);
	free(o->text);
}

static void test_json(void **state)
{
	struct output o;

	(void)state;
	open_output(&o);
	connection_conclude(&o.result);
	connection_json(&o.report, &o.result, START_NS + NS_PER_MS, START_NS + 3 * NS_PER_MS);
	expect(&o,
	       "{\"type\":\"connection\",\"schema\":1,\"start\":\"2026-11-22T22:43:00.123456Z\","
	       "\"elapsed_us\":2000,\"role\":\"client\",\"target\":{\"name\":\"example.net\","
	       "\"addr\":\"2001:db8::80\",\"port\":443},\"version\":1,\"outcome\":\"mptcp\","
	       "\"fallback\":null,\"checksum\":false,\"checksum_failures\":0,"
	       "\"options_seen\":[\"mp_capable\",\"dss\",\"mp_tcprst\"],\"subflows\":[{\"id\":0,"
	       "\"local\":\"[2001:db8::7]:40001\",\"remote\":\"[2001:db8::80]:443\","
	       "\"state\":\"time-wait\",\"mss\":1440,\"joined\":true,\"backup\":false,"
	       "\"close\":\"fin\",\"reset_reason\":null,\"sent\":1200,\"received\":310,"
	       "\"retransmitted\":0,\"reinjected\":0,\"srtt_us\":12345}],\"sent\":1200,"
	       "\"received\":310,\"intact\":true,\"interrupted\":false,\"findings\":[],"
	       "\"verdict\":\"clean\",\"reason\":\"MPTCP works from end to end.\"}\n");
}

static void test_json_fallback(void **state)
{
	struct output o;

	(void)state;
	open_output(&o);
	o.result.info.outcome = OUTCOME_FALLBACK;
	o.result.info.fallback_stage = FALLBACK_THIRD_ACK;
	o.result.info.fallback_reason = FALLBACK_BECAUSE_NO_KEYS;
	connection_json_event(&o.report,
			      &(struct endpoint_event){.kind = EVENT_FALLBACK, .time_ns = START_NS},
			      &o.result.info);
	fflush(o.report.out);
	assert_non_null(strstr(o.text, "{\"type\":\"event\",\"schema\":1,\"event\":\"fallback\","
				       "\"time\":\"2026-11-22T22:43:00.122456Z\","
				       "\"token\":\"00abcdef\",\"fallback\":{\"stage\":"
				       "\"third-ack\",\"reason\":\""));
	fclose(o.report.out);
	free(o.text);
}

static void test_json_events(void **state)
{
	struct endpoint_event announced = {
	    .kind = EVENT_ADDRESS_ANNOUNCED, .time_ns = START_NS, .address_id = 3, .port = 81};
	struct endpoint_event closed = {.kind = EVENT_SUBFLOW_CLOSED, .time_ns = START_NS};
	struct output o;

	(void)state;
	open_output(&o);
	announced.addr = ip("192.0.2.1");
	connection_json_event(&o.report, &announced, &o.result.info);
	connection_json_event(&o.report, &closed, &o.result.info);
	connection_json_summary(&o.report, 3, 2, 1);
	expect(&o, "{\"type\":\"event\",\"schema\":1,\"event\":\"address-announced\","
		   "\"time\":\"2026-11-22T22:43:00.122456Z\",\"token\":\"00abcdef\","
		   "\"address_id\":3,\"addr\":\"192.0.2.1\",\"port\":81}\n"
		   "{\"type\":\"event\",\"schema\":1,\"event\":\"subflow-closed\","
		   "\"time\":\"2026-11-22T22:43:00.122456Z\",\"token\":\"00abcdef\","
		   "\"subflow\":0,\"local\":\"[2001:db8::7]:40001\",\"remote\":"
		   "\"[2001:db8::80]:443\",\"close\":\"fin\"}\n"
		   "{\"type\":\"summary\",\"schema\":1,\"connections\":3,\"mptcp\":2,"
		   "\"fallback\":1}\n");
}

static void test_text(void **state)
{
	struct output o;

	(void)state;
	open_output(&o);
	connection_conclude(&o.result);
	connection_text(&o.report, &o.result, true);
	expect(&o, "MPTCP v1 with example.net (2001:db8::80), port 443: 1 subflow\n"
		   "  0  [2001:db8::7]:40001 -> [2001:db8::80]:443  MSS 1440  sent 1200  "
		   "received 310  rtt 12.346 ms  fin\n"
		   "Sent 1200 octets, received 310. Options received: MP_CAPABLE, DSS, "
		   "MP_TCPRST.\n"
		   "\n"
		   "MPTCP works from end to end.\n");
}

/* The finding is not said twice. */
static void test_text_finding(void **state)
{
	struct output o;

	(void)state;
	open_output(&o);
	o.result.info.outcome = OUTCOME_FALLBACK;
	o.result.info.fallback_stage = FALLBACK_SYN_ACK;
	o.result.info.fallback_reason = FALLBACK_BECAUSE_MIRRORED;
	o.result.info.subflow_count = 0;
	o.result.info.options_seen = 0;
	connection_conclude(&o.result);
	connection_text(&o.report, &o.result, false);
	fflush(o.report.out);
	assert_non_null(strstr(o.text, "No MPTCP options received.\n\n"
				       "Something on the path interferes with MPTCP.\n\n"
				       "1. The MP_CAPABLE option came back as it was sent"));
	fclose(o.report.out);
	free(o.text);
}

static void test_line(void **state)
{
	struct output o;

	(void)state;
	open_output(&o);
	o.report.target_name = NULL;
	connection_text_line(&o.report, &o.result, START_NS + NS_PER_S);
	o.result.ended = false;
	o.result.info.outcome = OUTCOME_RESET;
	connection_text_line(&o.report, &o.result, START_NS + NS_PER_S);
	expect(&o, "2026-11-22T22:43:01Z  MPTCP v1 with [2001:db8::80]:443  1 subflow  sent 1200  "
		   "received 310\n"
		   "2026-11-22T22:43:01Z  Reset by [2001:db8::80]:443  1 subflow  sent 1200  "
		   "received 310  cut short\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),	 cmocka_unit_test(test_json_fallback),
	    cmocka_unit_test(test_json_events),	 cmocka_unit_test(test_text),
	    cmocka_unit_test(test_text_finding), cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
