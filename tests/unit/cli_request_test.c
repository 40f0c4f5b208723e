/* What --check asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/request.h"
#include "util/cursor.h"

static void test_http(void **state)
{
	struct buf out = {0};

	(void)state;
	request_for_port(&out, "example.net", 80, 1);
	assert_string_equal(
	    buf_text(&out),
	    "GET / HTTP/1.1\r\nHost: example.net\r\nUser-Agent: mboxtrace/" MBOXTRACE_VERSION
	    "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
	buf_clear(&out);
	request_for_port(&out, "2001:db8::1", 80, 1);
	assert_non_null(strstr(buf_text(&out), "\r\nHost: [2001:db8::1]\r\n"));
	buf_clear(&out);
	request_for_port(&out, "fe80::1%eth0", 80, 1);
	assert_non_null(strstr(buf_text(&out), "\r\nHost: [fe80::1]\r\n"));
	buf_clear(&out);
	request_for_port(&out, "example.net", 22, 1);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

/* Walks through the extensions; true if `wanted` is among them. `left` must be used up. */
static bool has_extension(struct cursor c, unsigned wanted, struct span *content)
{
	bool found = false;

	while (cursor_left(&c) && !c.failed) {
		unsigned type = cursor_u16(&c);
		struct span body = cursor_take(&c, cursor_u16(&c));

		if (type != wanted)
			continue;
		found = true;
		*content = body;
	}
	assert_false(c.failed);
	return found;
}

/* A length that says how much is left. */
static void assert_rest(const struct cursor *c, uint64_t len)
{
	assert_int_equal(len, cursor_left(c));
}

/* RFC 8446 §4.1.2: record, handshake, version, random, session, suites, compression, extensions. */
static struct cursor open_hello(const struct buf *hello)
{
	struct cursor c = cursor_over(span_of(hello->at, hello->len));

	assert_int_equal(cursor_u8(&c), 22);
	assert_int_equal(cursor_u16(&c), 0x0301);
	assert_rest(&c, cursor_u16(&c));
	assert_int_equal(cursor_u8(&c), 1);
	assert_rest(&c, cursor_uint(&c, 3));
	assert_int_equal(cursor_u16(&c), 0x0303);
	cursor_take(&c, 32);
	cursor_take(&c, cursor_u8(&c));
	cursor_take(&c, cursor_u16(&c));
	assert_int_equal(cursor_u16(&c), 0x0100);
	assert_rest(&c, cursor_u16(&c));
	assert_false(c.failed);
	return c;
}

static void test_client_hello(void **state)
{
	struct buf hello = {0};
	struct cursor extensions;
	struct span content;

	(void)state;
	request_for_port(&hello, "example.net", 443, 1);
	extensions = open_hello(&hello);
	assert_true(has_extension(extensions, 0, &content)); /* server_name */
	assert_int_equal(content.len, 5 + strlen("example.net"));
	assert_memory_equal(content.at + 5, "example.net", strlen("example.net"));
	assert_true(has_extension(extensions, 51, &content)); /* key_share */
	assert_int_equal(content.len, 38);
	assert_true(has_extension(extensions, 43, &content)); /* supported_versions */
	buf_fini(&hello);
}

/* RFC 6066 §3: an address is no name. */
static void test_client_hello_to_address(void **state)
{
	struct buf hello = {0};
	struct span content;

	(void)state;
	request_for_port(&hello, "192.0.2.1", 443, 1);
	assert_false(has_extension(open_hello(&hello), 0, &content));
	buf_fini(&hello);
}

static void assert_answer(const char *head, size_t len, const char *words)
{
	struct buf out = {0};

	request_describe_answer(&out, (const uint8_t *)head, len, 310);
	assert_string_equal(buf_text(&out), words);
	buf_fini(&out);
}

static void test_answers(void **state)
{
	(void)state;
	assert_answer("HTTP/1.1 200 OK\r\nServer", 23, "HTTP/1.1 200 OK");
	assert_answer("\x16\x03\x03\x00\x50\x02", 6, "a TLS ServerHello");
	assert_answer("\x15\x03\x03\x00\x02\x02", 6, "a TLS alert");
	assert_answer("SSH-2.0", 7, "310 octets");
	assert_answer("", 0, "310 octets");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http),
	    cmocka_unit_test(test_client_hello),
	    cmocka_unit_test(test_client_hello_to_address),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
