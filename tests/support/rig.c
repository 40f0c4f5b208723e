#include "support/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/lab.h"

uint64_t rig_seed(void)
{
	const char *text = getenv("MBOXTRACE_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20260522;

	print_message("MBOXTRACE_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

struct ip_addr rig_addr(const char *text)
{
	struct ip_addr addr = {0};

	if (*text)
		assert_true(ip_addr_parse(&addr, text));
	return addr;
}

bool rig_is(const struct ip_addr *addr, const char *text)
{
	struct ip_addr other = rig_addr(text);

	return ip_addr_equal(addr, &other);
}

struct lab_router rig_router(unsigned n)
{
	char addr4[IP_ADDR_TEXT], addr6[IP_ADDR_TEXT];

	snprintf(addr4, sizeof(addr4), "198.51.100.%u", n);
	snprintf(addr6, sizeof(addr6), "2001:db8:%x::1", n);
	return (struct lab_router){
	    .addr4 = rig_addr(addr4),
	    .addr6 = rig_addr(addr6),
	    .quote = QUOTE_FULL,
	    .prohibit = -1,
	};
}

struct lab_target rig_target(void)
{
	return (struct lab_target){
	    .name = "example.net",
	    .addr4 = rig_addr(RIG_TARGET),
	    .addr6 = rig_addr(RIG_TARGET6),
	    .port = RIG_PORT,
	    .mptcp = LAB_MPTCP_V1,
	    .echo = true,
	};
}

void rig_init(struct rig *rig)
{
	struct lab_client client = {.addr4 = rig_addr(RIG_CLIENT), .addr6 = rig_addr(RIG_CLIENT6)};
	struct error err;

	memset(rig, 0, sizeof(*rig));
	rig->lab = lab_new(1);
	assert_non_null(rig->lab);
	assert_int_equal(lab_add_client(rig->lab, &client, &err), 0);
}

void rig_open(struct rig *rig)
{
	rig->net = lab_net(rig->lab);
	assert_non_null(rig->net);
}

void rig_fini(struct rig *rig)
{
	net_close(rig->net);
	lab_free(rig->lab);
}

static void set_param(struct box *box, char *param)
{
	char *equals = strchr(param, '='), *end;
	struct box_value value = {.type = BOX_VALUE_TEXT};
	struct error err = {0};

	assert_non_null(equals);
	*equals = '\0';
	value.text = equals + 1;
	value.number = strtoll(value.text, &end, 0);
	if (!*end)
		value.type = BOX_VALUE_INT;
	value.flag = !strcmp(value.text, "true");
	if (value.flag || !strcmp(value.text, "false"))
		value.type = BOX_VALUE_BOOL;
	if (box_set(box, param, &value, &err))
		fail_msg("%s", err.text);
}

void rig_set(struct box *box, const char *params)
{
	struct error err = {0};
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", params);
	for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		set_param(box, p);
	if (box_ready(box, &err))
		fail_msg("%s", err.text);
}

struct box *rig_box(struct rig *rig, const char *name, const char *params)
{
	struct error err = {0};
	struct box *box = lab_add_box(rig->lab, name, &err);

	assert_non_null(box);
	rig_set(box, params);
	return box;
}

void rig_path(struct rig *rig, unsigned routers, unsigned after, const char *box,
	      const char *params)
{
	struct lab_target target = rig_target();
	struct error err;

	rig_init(rig);
	for (unsigned n = 0; n <= routers; n++) {
		struct lab_router router = rig_router(n);

		if (n)
			assert_int_equal(lab_add_router(rig->lab, &router, &err), 0);
		if (box && n == after)
			rig_box(rig, box, params);
	}
	assert_int_equal(lab_add_target(rig->lab, &target, &err), 0);
	rig_open(rig);
}

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

/* The octets of a SYN's options must outlive its struct packet: they are parsed from the hex text
 * into one of a few areas per thread of use. */
static struct span options_of(const char *hex)
{
	static _Thread_local uint8_t areas[16][TCP_OPTIONS_MAX];
	static _Thread_local unsigned next;
	uint8_t *area = areas[next++ % 16];

	return span_of(area, unhex(hex, area));
}

static struct packet syn(const char *src, const char *dst, const char *options_hex, uint8_t ttl)
{
	struct packet p = {
	    .have = PACKET_HAS_IP | PACKET_HAS_PORTS | PACKET_HAS_TCP | PACKET_HAS_OPTIONS |
		    PACKET_HAS_ALL,
	    .tcp = {.src_port = 40001, .dst_port = RIG_PORT, .seq = 0x01020304},
	};

	p.ip.src = rig_addr(src);
	p.ip.dst = rig_addr(dst);
	p.ip.version = p.ip.src.family;
	p.ip.header_len = p.ip.version == 6 ? 40 : 20;
	p.ip.proto = p.ip.next_header = IP_PROTO_TCP;
	p.ip.ttl = ttl;
	p.ip.id = ttl;
	p.tcp.flags = TCP_SYN;
	p.tcp.window = 65535;
	p.tcp.option_area = options_of(options_hex);
	tcp_options_parse(&p.tcp.options, p.tcp.option_area);
	return p;
}

struct packet rig_syn(const char *options_hex, uint8_t ttl)
{
	return syn(RIG_CLIENT, RIG_TARGET, options_hex, ttl);
}

struct packet rig_syn6(const char *options_hex, uint8_t ttl)
{
	return syn(RIG_CLIENT6, RIG_TARGET6, options_hex, ttl);
}

void rig_send_octets(struct rig *rig, const void *octets, size_t len)
{
	struct error err = {0};

	assert_true(len <= sizeof(rig->sent));
	memcpy(rig->sent, octets, len);
	rig->sent_len = len;
	if (net_send(rig->net, span_of(rig->sent, len), &err))
		fail_msg("%s", err.text);
}

void rig_send(struct rig *rig, const struct packet *p)
{
	uint8_t out[2048];
	int len = packet_build(p, PACKET_FIX_ALL, out, sizeof(out));

	assert_true(len > 0);
	rig_send_octets(rig, out, (size_t)len);
}

bool rig_next(struct rig *rig)
{
	struct error err = {0};
	int rc = net_receive(rig->net, net_now_ns(rig->net) + 10 * NS_PER_S, &rig->last, &err);

	assert_true(rc >= 0);
	if (!rc)
		return false;
	assert_int_equal(packet_parse(&rig->packet, rig->last.octets), 0);
	memset(&rig->error, 0, sizeof(rig->error));
	if (rig->packet.ip.proto != IP_PROTO_TCP)
		icmp_error_parse(&rig->error, &rig->packet);
	return true;
}

bool rig_ask(struct rig *rig, const struct packet *p)
{
	rig_send(rig, p);
	return rig_next(rig);
}

const char *rig_options(const struct packet *p, char out[2 * TCP_OPTIONS_MAX + 1])
{
	out[0] = '\0';
	for (size_t i = 0; i < p->tcp.option_area.len; i++)
		snprintf(out + 2 * i, 3, "%02x", p->tcp.option_area.at[i]);
	return out;
}

struct packet rig_quote(struct rig *rig)
{
	struct packet quote;

	assert_int_not_equal(rig->error.kind, ICMP_KIND_NONE);
	assert_int_equal(packet_parse(&quote, rig->error.quote), 0);
	return quote;
}
