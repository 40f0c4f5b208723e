/* Drives the live back-end alone: net_probe TARGET PORT [DEVICE] sends a SYN with TTL 1 and one
 * with TTL 64 from two reserved ports and prints what comes back for each:
 *
 *   warning: …                      only if there is no guard
 *   sent ttl 1
 *   icmp 11/0 from 10.0.1.2         or tcp 0x12 from …
 *
 * With DEVICE "-" the route's. Ends with status 3 if the back-end does not open. Environment:
 * SOURCE=address to send from, PATIENCE=seconds that an answer may take (10), KEEP=1 leaves
 * the connection half-open, HOLD=1 waits for the end of its input before closing, COUNT=n sends
 * that many SYNs as fast as it can and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/live.h"
#include "net/privilege.h"
#include "util/octets.h"

static uint16_t fold(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += load_u16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* IP/TCP{flags}, the addresses and ports of `config`. Returns the length. */
static size_t build(uint8_t *p, const struct live_config *config, size_t port, uint16_t to,
		    unsigned ttl, uint8_t flags, uint32_t seq)
{
	bool v4 = config->target.family == 4;
	size_t ip_len = v4 ? 20 : 40, addr_len = v4 ? 4 : 16, addr_at = v4 ? 12 : 8;
	uint8_t *tcp = p + ip_len;
	uint32_t pseudo = 6 + 20;

	memset(p, 0, ip_len + 20);
	store_u32(p, v4 ? 0x45000028 : 0x600abcde);
	store_u32(p + 4, v4 ? 0x12344000 : 0x00140600 | ttl);
	if (v4)
		store_u16(p + 8, (uint16_t)(ttl << 8 | 6));
	memcpy(p + addr_at, config->source.octets, addr_len);
	memcpy(p + addr_at + addr_len, config->target.octets, addr_len);
	store_u16(tcp, config->ports[port]);
	store_u16(tcp + 2, to);
	store_u32(tcp + 4, seq);
	store_u16(tcp + 12, (uint16_t)(0x5000 | flags));
	store_u16(tcp + 14, 64000);
	for (size_t i = 0; i < 2 * addr_len; i += 2)
		pseudo += load_u16(p + addr_at + i);
	store_u16(tcp + 16, fold(pseudo, tcp, 20));
	return ip_len + 20;
}

static void print_answer(struct span p)
{
	char text[IP_ADDR_TEXT];
	bool v4 = p.at[0] >> 4 == 4;
	struct ip_addr from = v4 ? ip_addr_v4(p.at + 12) : ip_addr_v6(p.at + 8);
	const uint8_t *next = p.at + (v4 ? (p.at[0] & 15) * 4 : 40);

	ip_addr_print(&from, text);
	if (p.at[v4 ? 9 : 6] == 6)
		printf("tcp 0x%02x from %s\n", next[13], text);
	else
		printf("icmp %u/%u from %s\n", next[0], next[1], text);
	if (p.at[v4 ? 9 : 6] == 58)
		printf("quoted label %05x hop limit %u\n", load_u32(next + 8) & 0xfffff,
		       next[8 + 7]);
	if (p.at[v4 ? 9 : 6] == 1)
		printf("quoted id %04x\n", load_u16(next + 8 + 4));
}

struct session {
	struct live_config config;
	struct net_route route;
	struct net *net;
	uint16_t port; /* the target's */
	int64_t opened_ns;
};

static int fail(const struct error *err)
{
	fprintf(stderr, "net_probe: %s\n", err->text);
	return 3;
}

/* Sends a segment from local port `port` (an index). */
static int send_segment(struct session *s, size_t port, unsigned ttl, uint8_t flags, uint32_t seq,
			struct error *err)
{
	uint8_t octets[80];
	size_t len = build(octets, &s->config, port, s->port, ttl, flags, seq);

	return net_send(s->net, span_of(octets, len), err);
}

static int probe(struct session *s, size_t port, unsigned ttl)
{
	struct net_packet answer;
	struct error err = {0};
	const char *patience = getenv("PATIENCE");
	int64_t sent = net_now_ns(s->net);
	int64_t end = sent + (patience ? atoi(patience) : 10) * NS_PER_S;
	int got;

	if (send_segment(s, port, ttl, 0x02, 1000, &err))
		return fail(&err);
	printf("sent ttl %u\n", ttl);
	got = net_receive(s->net, end, &answer, &err);
	if (got < 0)
		return fail(&err);
	if (got && (answer.time_ns < s->opened_ns || answer.time_ns > net_now_ns(s->net)))
		printf("bad time %lld\n", (long long)(answer.time_ns - sent));
	if (got)
		print_answer(answer.octets);
	if (!getenv("KEEP"))
		send_segment(s, port, 64, 0x04, 1001, &err);
	return 0;
}

static int flood(struct session *s, int count)
{
	struct error err = {0};
	int sent = 0;

	while (sent < count && !send_segment(s, 0, 64, 0x02, 1000, &err))
		sent++;
	printf("flood %d %s\n", sent, err.text);
	return sent == count ? 0 : 3;
}

static int open_session(struct session *s, struct error *err)
{
	struct error warning = {0};

	s->net = live_open(&s->config, &s->route, &warning, err);
	if (!s->net || privilege_drop(err))
		return -1;
	s->opened_ns = net_now_ns(s->net);
	if (warning.code)
		printf("warning: %s\n", warning.text);
	printf("device %s mtu %u\n", s->route.device, s->route.mtu);
	return 0;
}

static int run(struct session *s)
{
	int status;

	if (getenv("COUNT"))
		return flood(s, atoi(getenv("COUNT")));
	status = probe(s, 0, 1);
	return status ? status : probe(s, 1, 64);
}

int main(int argc, char **argv)
{
	struct session s = {.config.port_count = 2};
	struct error err = {0};
	int status;

	if (argc < 3 || !ip_addr_parse(&s.config.target, argv[1]))
		return 2;
	s.port = (uint16_t)atoi(argv[2]);
	if (argc > 3 && strcmp(argv[3], "-") != 0)
		s.config.device = argv[3];
	if (getenv("SOURCE"))
		ip_addr_parse(&s.config.source, getenv("SOURCE"));
	status = open_session(&s, &err) ? fail(&err) : run(&s);
	fflush(stdout);
	while (getenv("HOLD") && getchar() != EOF)
		;
	net_close(s.net);
	return status;
}
