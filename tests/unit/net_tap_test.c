/* A tap on a net made of a single packet: what goes out and comes in lands in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tap.h"

struct one {
	struct net net;
	int64_t now;
	bool closed;
	int send_result;
};

/* The head of an IPv4 packet; the tap does not look inside. */
static const uint8_t sent[] = {0x45, 0x00, 0x00, 0x14};
/* The head of an IPv6 packet. */
static const uint8_t received[] = {0x60, 0x00, 0x00, 0x00, 0x00};

static int one_send(struct net *net, struct span packet, struct error *err)
{
	struct one *one = (struct one *)net;

	(void)packet;
	return one->send_result ? error_set(err, one->send_result, "no") : 0;
}

static int one_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
		       struct error *err)
{
	struct one *one = (struct one *)net;

	(void)err;
	if (deadline_ns < one->now)
		return 0;
	*out = (struct net_packet){span_of(received, sizeof(received)), one->now + 5};
	return 1;
}

static int64_t one_now(struct net *net)
{
	return ((struct one *)net)->now;
}

static int one_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		     struct error *err)
{
	(void)net;
	(void)target;
	(void)err;
	*out = (struct net_route){.mtu = 1234};
	return 0;
}

static void one_close(struct net *net)
{
	((struct one *)net)->closed = true;
}

static const struct net_ops one_ops = {
    .name = "one",
    .send = one_send,
    .receive = one_receive,
    .now_ns = one_now,
    .route = one_route,
    .close = one_close,
};

static void assert_next(pcap_t *pcap, long sec, long nsec, const uint8_t *octets, size_t len)
{
	struct pcap_pkthdr *head;
	const uint8_t *data;

	assert_int_equal(pcap_next_ex(pcap, &head, &data), 1);
	assert_int_equal(head->ts.tv_sec, sec);
	assert_int_equal(head->ts.tv_usec, nsec);
	assert_int_equal(head->caplen, len);
	assert_int_equal(head->len, len);
	assert_memory_equal(data, octets, len);
}

static void assert_file(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap =
	    pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	struct pcap_pkthdr *head;
	const uint8_t *data;

	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_RAW);
	assert_next(pcap, 1000, 123, sent, sizeof(sent));
	assert_next(pcap, 1000, 128, received, sizeof(received));
	assert_int_equal(pcap_next_ex(pcap, &head, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void writes_both_ways(void **state)
{
	char path[] = "/tmp/net_tap_XXXXXX";
	int fd = mkstemp(path);
	struct one one = {.net.ops = &one_ops, .now = 7};
	struct error err = {0};
	struct net_packet got;
	struct net_route route;
	struct net *tap;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	tap = tap_open(&one.net, path, 1000 * NS_PER_S + 123, 7, &err);
	assert_non_null(tap);
	assert_int_equal(net_send(tap, span_of(sent, sizeof(sent)), &err), 0);
	assert_int_equal(net_receive(tap, 6, &got, &err), 0);
	assert_int_equal(net_receive(tap, 7, &got, &err), 1);
	assert_int_equal(got.time_ns, 12);
	assert_memory_equal(got.octets.at, received, sizeof(received));
	assert_file(path); /* flushed already */
	one.send_result = ERR_DEVICE;
	assert_int_equal(net_send(tap, span_of(sent, sizeof(sent)), &err), ERR_DEVICE);
	assert_int_equal(net_now_ns(tap), 7);
	assert_int_equal(net_route(tap, NULL, &route, &err), 0);
	assert_int_equal(route.mtu, 1234);
	net_close(tap);
	assert_true(one.closed);
	assert_file(path); /* what was not sent is not in it */
	unlink(path);
}

static void refuses_files(void **state)
{
	struct one one = {.net.ops = &one_ops};
	struct error err = {0};

	(void)state;
	assert_null(tap_open(&one.net, "-", 0, 0, &err));
	assert_int_equal(err.code, ERR_FILE);
	assert_null(tap_open(&one.net, "/nonexistent/x.pcap", 0, 0, &err));
	assert_int_equal(err.code, ERR_FILE);
	assert_non_null(strstr(err.text, "/nonexistent/x.pcap"));
	assert_false(one.closed);
}

static void tells_full_disk(void **state)
{
	struct one one = {.net.ops = &one_ops};
	struct error err = {0};

	(void)state;
	assert_null(tap_open(&one.net, "/dev/full", 0, 0, &err));
	assert_int_equal(err.code, ERR_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_both_ways),
	    cmocka_unit_test(refuses_files),
	    cmocka_unit_test(tells_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
