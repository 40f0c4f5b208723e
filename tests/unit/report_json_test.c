#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/report.h"
#include "support/sample_trace.h"

struct output {
	char *text;
	size_t len;
	struct sample_trace sample;
	struct report_config config;
	struct report *report;
};

static void open_output(struct output *o)
{
	sample_trace(&o->sample);
	o->config = (struct report_config){
	    .out = open_memstream(&o->text, &o->len),
	    .target_name = "example.net",
	    .device = "eth0",
	    /* 2026-11-22T22:43:00.122456Z, a millisecond before the first packet */
	    .wall_ns = INT64_C(1795387380122456000),
	};
	o->report = report_json_new(&o->config);
	assert_non_null(o->report);
}

static void close_output(struct output *o)
{
	o->report->ops->free(o->report);
	fclose(o->config.out);
	free(o->text);
}

static void assert_hop(struct output *o, uint8_t ttl, const char *expected)
{
	size_t before = o->len;

	o->report->ops->hop(o->report, &o->sample.result, ttl);
	assert_string_equal(o->text + before, expected);
}

static void test_hop_events(void **state)
{
	struct output o = {0};

	(void)state;
	open_output(&o);
	o.sample.result.reply_count = 4;
	assert_hop(&o, 2,
		   "{\"type\":\"event\",\"schema\":1,\"event\":\"hop\",\"hop\":"
		   "{\"ttl\":2,\"replies\":[]}}\n");
	assert_hop(&o, 3,
		   "{\"type\":\"event\",\"schema\":1,\"event\":\"hop\",\"hop\":"
		   "{\"ttl\":3,\"replies\":[{\"from\":\"198.51.100.3\",\"kind\":\"time-exceeded\","
		   "\"rtt_us\":4010,\"quote\":{\"octets\":44,\"complete\":true,\"hex\":\""
		   "4500002c0003400001067b71c0000207cb0071509c4101bb0000100000000000"
		   "6002ffffebd10000020405b4\"},\"changes\":["
		   "{\"field\":\"tcp.options.mptcp.mp_capable\",\"change\":\"removed\","
		   "\"sent\":\"1e040181\"}],\"extensions\":[{\"class\":1,\"kind\":\"mpls\","
		   "\"label\":16001,\"tc\":0,\"s\":1,\"ttl\":1}],"
		   "\"probe\":\"syn-mp-capable\",\"attempt\":0}]}}\n");
	close_output(&o);
}

static void test_tcp_answers(void **state)
{
	struct output o = {0};

	(void)state;
	open_output(&o);
	o.sample.result.reply_count = 0;
	sample_reply(&o.sample, 0, 1, "203.0.113.80", REPLY_SYN_ACK, 9001)->mptcp = MPTCP_V1;
	sample_reply(&o.sample, 1, 1, "203.0.113.80", REPLY_RST, 9002);
	assert_hop(
	    &o, 1,
	    "{\"type\":\"event\",\"schema\":1,\"event\":\"hop\",\"hop\":{\"ttl\":1,\"replies\":["
	    "{\"from\":\"203.0.113.80\",\"kind\":\"syn-ack\",\"rtt_us\":9001,\"mptcp\":\"v1\","
	    "\"probe\":\"syn-mp-capable\",\"attempt\":0},"
	    "{\"from\":\"203.0.113.80\",\"kind\":\"rst\",\"rtt_us\":9002,"
	    "\"probe\":\"syn-plain\",\"attempt\":0}]}}\n");
	close_output(&o);
}

static void test_unreachable_has_its_code(void **state)
{
	struct output o = {0};
	struct trace_reply *r;

	(void)state;
	open_output(&o);
	o.sample.result.reply_count = 0;
	r = sample_reply(&o.sample, 0, 1, "2001:db8::1", REPLY_UNREACHABLE, 1);
	r->icmp_type = 1;
	r->icmp_code = 1;
	r->attempt = 1;
	r->extension_count = 1;
	r->extension[0] = (struct icmp_extension){2, 7, span_of("\xca\xfe", 2)};
	assert_hop(
	    &o, 1,
	    "{\"type\":\"event\",\"schema\":1,\"event\":\"hop\",\"hop\":{\"ttl\":1,\"replies\":["
	    "{\"from\":\"2001:db8::1\",\"kind\":\"unreachable\",\"rtt_us\":1,\"code\":1,"
	    "\"code_name\":\"admin-prohibited\",\"icmp_type\":1,"
	    "\"quote\":{\"octets\":0,\"complete\":false,\"hex\":\"\"},\"changes\":[],"
	    "\"extensions\":[{\"class\":2,\"ctype\":7,\"hex\":\"cafe\"}],"
	    "\"probe\":\"syn-mp-capable\",\"attempt\":1}]}}\n");
	close_output(&o);
}

static void test_values(void **state)
{
	struct output o = {0};
	struct trace_reply *r;
	struct change *c;

	(void)state;
	open_output(&o);
	r = &o.sample.replies[0];
	o.sample.result.reply_count = 1;
	r->quote.len = 0;
	r->diff.count = 2;
	c = r->diff.changes;
	c[0] = (struct change){.field = "tcp.options.mss_val",
			       .kind = CHANGE_REWRITTEN,
			       .sent = {.kind = VALUE_DEC, .number = 1460},
			       .seen = {.kind = VALUE_DEC, .number = 1380}};
	c[1] = (struct change){.field = "ip.dsfield.dscp",
			       .kind = CHANGE_REWRITTEN,
			       .sent = {.kind = VALUE_HEX, .len = 2, .number = 10},
			       .seen = {.kind = VALUE_HEX, .len = 2, .number = 0}};
	o.report->ops->hop(o.report, &o.sample.result, 1);
	assert_non_null(strstr(
	    o.text, "\"changes\":[{\"field\":\"tcp.options.mss_val\",\"change\":\"rewritten\","
		    "\"sent\":1460,\"seen\":1380},{\"field\":\"ip.dsfield.dscp\","
		    "\"change\":\"rewritten\",\"sent\":\"0x0a\",\"seen\":\"0x00\"}]"));
	close_output(&o);
}

static void assert_text(const json_t *object, const char *key, const char *expected)
{
	assert_string_equal(json_string_value(json_object_get(object, key)), expected);
}

static void test_trace_line(void **state)
{
	struct output o = {0};
	json_t *line, *finding;

	(void)state;
	open_output(&o);
	o.report->ops->finish(o.report, &o.sample.result);
	line = json_loads(o.text, 0, NULL);
	assert_non_null(line);
	assert_text(line, "type", "trace");
	assert_text(line, "start", "2026-11-22T22:43:00.123456Z");
	assert_int_equal(json_integer_value(json_object_get(line, "elapsed_us")), 41234);
	assert_text(json_object_get(line, "target"), "addr", "203.0.113.80");
	assert_text(json_object_get(line, "source"), "dev", "eth0");
	assert_text(json_object_get(line, "probe"), "name", "syn-mp-capable");
	assert_int_equal(json_array_size(json_object_get(line, "probes")), 3);
	assert_int_equal(json_array_size(json_object_get(line, "hops")), 5);
	assert_true(json_is_true(json_object_get(line, "reached")));
	assert_int_equal(json_integer_value(json_object_get(line, "path_length")), 5);
	assert_text(line, "verdict", "interference");
	finding = json_array_get(json_object_get(line, "findings"), 0);
	assert_text(finding, "sent", "1e040181");
	assert_null(json_object_get(finding, "seen"));
	assert_text(json_object_get(finding, "by"), "addr", "198.51.100.3");
	assert_text(finding, "cause", "option-stripper");
	finding = json_array_get(json_object_get(line, "findings"), 1);
	assert_true(json_is_null(json_object_get(finding, "by")));
	json_decref(line);
	close_output(&o);
}

static void test_key_order(void **state)
{
	static const char *const keys[] = {"type",	  "schema",   "start",	 "elapsed_us",
					   "target",	  "source",   "family",	 "probe",
					   "probes",	  "hops",     "reached", "path_length",
					   "interrupted", "findings", "verdict", "reason"};
	struct output o = {0};
	const char *key;
	json_t *line, *value;
	size_t i = 0;

	(void)state;
	open_output(&o);
	o.report->ops->finish(o.report, &o.sample.result);
	line = json_loads(o.text, 0, NULL);
	json_object_foreach(line, key, value) assert_string_equal(key, keys[i++]);
	assert_int_equal(i, sizeof(keys) / sizeof(*keys));
	json_decref(line);
	close_output(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hop_events),
	    cmocka_unit_test(test_tcp_answers),
	    cmocka_unit_test(test_unreachable_has_its_code),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_trace_line),
	    cmocka_unit_test(test_key_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
