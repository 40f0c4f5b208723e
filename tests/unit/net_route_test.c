/* Routes on the loopback device, and the ports reserved there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/live_ports.h"
#include "net/route.h"

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr;

	assert_true(ip_addr_parse(&addr, text));
	return addr;
}

static void assert_loopback(const char *target, const char *source, const char *device)
{
	struct ip_addr to = ip(target), from = ip(source);
	struct net_route route;
	struct error err = {0};

	if (route_find(&to, NULL, device, &route, &err))
		fail_msg("%s", err.text);
	assert_string_equal(route.device, "lo");
	assert_true(ip_addr_equal(&route.source, &from));
	assert_true(route.mtu >= 1280);
}

static void finds_loopback(void **state)
{
	(void)state;
	assert_loopback("127.0.0.1", "127.0.0.1", NULL);
	assert_loopback("127.0.0.1", "127.0.0.1", "lo");
	assert_loopback("127.1.2.3", "127.0.0.1", NULL);
	if (access("/proc/net/if_inet6", R_OK) == 0)
		assert_loopback("::1", "::1", NULL);
}

static void keeps_source(void **state)
{
	struct ip_addr to = ip("127.0.0.1"), from = ip("127.0.0.9");
	struct net_route route;

	(void)state;
	assert_int_equal(route_find(&to, &from, NULL, &route, NULL), 0);
	assert_true(ip_addr_equal(&route.source, &from));
}

static void assert_refused(const char *target, const char *source, const char *device,
			   const char *text)
{
	struct ip_addr to = ip(target), from = {0};
	struct net_route route;
	struct error err = {0};

	if (source)
		from = ip(source);
	assert_int_equal(route_find(&to, &from, device, &route, &err), ERR_ROUTE);
	assert_string_equal(err.text, text);
}

static void explains(void **state)
{
	static const char *const nobody[] = {"0.0.0.0",		"224.0.0.1", "239.1.2.3",
					     "255.255.255.255", "::",	     "ff02::1"};

	(void)state;
	assert_refused("127.0.0.1", NULL, "nix0",
		       "no route to 127.0.0.1: there is no device 'nix0'");
	assert_refused("127.0.0.1", NULL, "a-name-longer-than-any-device-has",
		       "no route to 127.0.0.1: there is no device "
		       "'a-name-longer-than-any-device-has'");
	assert_refused("fe80::1", NULL, NULL,
		       "no route to fe80::1: a link-local address needs a device: name it with -i");
	for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
		char text[96];

		snprintf(text, sizeof text, "no route to %s: TCP goes to the address of one host",
			 nobody[i]);
		assert_refused(nobody[i], NULL, NULL, text);
	}
	assert_refused(
	    "::ffff:127.0.0.1", NULL, NULL,
	    "no route to ::ffff:127.0.0.1: IPv6 carries no such address: write it as IPv4");
	assert_refused("127.0.0.1", "::1", NULL,
		       "no route to 127.0.0.1: the source address is of the other IP version");
	assert_refused("127.0.0.1", "192.0.2.77", NULL,
		       "no route to 127.0.0.1: 192.0.2.77 is not an address of this host");
}

static void reserves_ports(void **state)
{
	struct net_route route = {.source = ip("127.0.0.1"), .device = "lo"};
	uint16_t ports[3] = {0, 0, 0}, again[1];
	struct live_ports held, other;
	struct error err = {0};
	char expected[64];

	(void)state;
	assert_int_equal(live_ports_open(&held, &route, ports, 3, &err), 0);
	assert_true(ports[0] && ports[1] && ports[2]);
	assert_true(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
	again[0] = ports[1];
	assert_int_equal(live_ports_open(&other, &route, again, 1, &err), ERR_USAGE);
	snprintf(expected, sizeof(expected), "local port %u is in use by another program",
		 ports[1]);
	assert_string_equal(err.text, expected);
	live_ports_close(&held);
	assert_int_equal(live_ports_open(&other, &route, again, 1, &err), 0);
	assert_int_equal(again[0], ports[1]);
	live_ports_close(&other);
	assert_int_equal(live_ports_open(&other, &route, ports, LIVE_PORTS_MAX + 1, &err),
			 ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_loopback),
	    cmocka_unit_test(keeps_source),
	    cmocka_unit_test(explains),
	    cmocka_unit_test(reserves_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
