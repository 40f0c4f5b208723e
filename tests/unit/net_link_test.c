/* Link-layer headers come off, whatever the device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/dlt.h>
#include <string.h>

#include "net/live_link.h"

struct row {
	const char *name;
	int link_type;
	size_t header_len; /* of the frame; the rest is the packet */
	size_t len;
	uint8_t frame[32];
	size_t packet_len; /* expected */
};

/* Packets are cut to their first two octets: 45 00 (IPv4) or 60 00 (IPv6). */
static const struct row rows[] = {
    /* 02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype IPv4 (0x0800) */
    {"ether v4",
     DLT_EN10MB,
     14,
     16,
     {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0x00},
     2},
    /* ethertype IPv6 (0x86dd) */
    {"ether v6",
     DLT_EN10MB,
     14,
     16,
     {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0x00},
     2},
    /* ethertype 802.1Q (0x8100), vlan 5, p 0, ethertype IPv4 */
    {"vlan",
     DLT_EN10MB,
     18,
     20,
     {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00, 0x45, 0x00},
     2},
    /* ethertype 802.1Q-QinQ (0x88a8), vlan 9, ethertype 802.1Q, vlan 5, ethertype IPv6 */
    {"qinq",
     DLT_EN10MB,
     22,
     24,
     {2,    0,	  0,	0,    0,    1,	  2,	0,    0,    0,	  0,	2,
      0x88, 0xa8, 0x00, 0x09, 0x81, 0x00, 0x00, 0x05, 0x86, 0xdd, 0x60, 0x00},
     2},
    /* ethertype ARP (0x0806) */
    {"arp", DLT_EN10MB, 14, 16, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x06, 0x45, 0x00}, 0},
    /* ethertype IPv4, and nothing behind it */
    {"ether empty", DLT_EN10MB, 14, 14, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00}, 0},
    {"ether cut", DLT_EN10MB, 0, 13, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08}, 0},
    /* ethertype 802.1Q, cut inside the tag */
    {"vlan cut",
     DLT_EN10MB,
     0,
     16,
     {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0x00, 0x05},
     0},
    /* ethertype IPv4, but version 3 */
    {"ether lie",
     DLT_EN10MB,
     0,
     16,
     {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x35, 0x00},
     0},
    /* In 02:00:00:00:00:02 ethertype IPv4 (0x0800) */
    {"sll",
     DLT_LINUX_SLL,
     16,
     18,
     {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 0x08, 0x00, 0x45, 0x00},
     2},
    /* ifindex 2 In 02:00:00:00:00:02 ethertype IPv6 (0x86dd) */
    {"sll2",
     DLT_LINUX_SLL2,
     20,
     22,
     {0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 0x60, 0x00},
     2},
    {"raw v4", DLT_RAW, 0, 2, {0x45, 0x00}, 2},
    {"raw v6", DLT_RAW, 0, 2, {0x60, 0x00}, 2},
    {"raw empty", DLT_RAW, 0, 0, {0}, 0},
    {"raw other", DLT_RAW, 0, 2, {0x00, 0x00}, 0},
    {"ipv4", DLT_IPV4, 0, 2, {0x45, 0x00}, 2},
    {"ipv6", DLT_IPV6, 0, 2, {0x60, 0x00}, 2},
    /* AF_INET in the host order of a little-endian machine */
    {"null", DLT_NULL, 4, 6, {2, 0, 0, 0, 0x45, 0x00}, 2},
    /* AF_INET6 of OpenBSD in network order */
    {"loop", DLT_LOOP, 4, 6, {0, 0, 0, 24, 0x60, 0x00}, 2},
    {"null cut", DLT_NULL, 0, 3, {2, 0, 0}, 0},
    {"unknown", DLT_PPP, 0, 6, {0xff, 0x03, 0x00, 0x21, 0x45, 0x00}, 0},
};

static void strips(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		uint8_t *frame = test_malloc(row->len ? row->len : 1); /* watches the end */
		struct span packet;

		memcpy(frame, row->frame, row->len);
		packet = live_link_strip(row->link_type, span_of(frame, row->len));
		if (packet.len != row->packet_len)
			fail_msg("%s: %zu octets, expected %zu", row->name, packet.len,
				 row->packet_len);
		if (packet.len && packet.at != frame + row->header_len)
			fail_msg("%s: starts at %td", row->name, packet.at - frame);
		test_free(frame);
	}
}

static void knows_types(void **state)
{
	(void)state;
	assert_true(live_link_known(DLT_EN10MB));
	assert_true(live_link_known(DLT_RAW));
	assert_true(live_link_known(DLT_LINUX_SLL2));
	assert_false(live_link_known(DLT_IEEE802_11_RADIO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strips),
	    cmocka_unit_test(knows_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
