#include "support/contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/lab.h"
#include "lab/lab_app.h"
#include "mptcp/endpoint.h"
#include "support/rig.h"

#define LARGE	   (16 << 20)
#define LAST_NS	   NS_PER_MS /* one way, of the link before the target */
#define ACCESS_NS  NS_PER_MS
#define CONTESTERS 2

struct contest {
	struct lab *lab;
	struct net *net;
	struct endpoint *client;
	int64_t begin_ns;
	unsigned count;
	struct conn *conn[CONTESTERS];
};

static uint8_t text[32768];

static void check(int failed, const struct error *err)
{
	if (!failed)
		return;
	fprintf(stderr, "contest: %s\n", err->text);
	abort();
}

static struct ip_addr client_addr(unsigned i)
{
	char name[IP_ADDR_TEXT];

	snprintf(name, sizeof(name), "192.0.%u.7", 2 + i);
	return rig_addr(name);
}

static struct lab *begin_lab(uint64_t seed)
{
	struct lab_client client = {.addr4 = client_addr(0)};
	struct lab *lab = lab_new(seed);
	struct error err = {0};

	check(lab_add_client(lab, &client, &err), &err);
	return lab;
}

static void begin_path(struct lab *lab, unsigned i)
{
	struct lab_path path = {.client4 = client_addr(i)};
	struct error err = {0};

	check(lab_add_path(lab, &path, &err), &err);
}

static void add_link(struct lab *lab, const struct lab_link *link)
{
	struct error err = {0};

	check(lab_add_link(lab, link, &err), &err);
}

static struct lab_link bottleneck(const struct contest_link *link, int64_t rest_ns)
{
	return (struct lab_link){.rate_bps = link->rate_bps,
				 .queue_packets = link->queue_packets,
				 .delay_ns = link->rtt_ns / 2 - rest_ns};
}

static void add_router(struct lab *lab, unsigned n)
{
	struct lab_router router = rig_router(n);
	struct error err = {0};

	check(lab_add_router(lab, &router, &err), &err);
}

static void end_lab(struct lab *lab, uint32_t receive_buffer)
{
	struct lab_target target = {
	    .name = "example.net", .port = RIG_PORT, .addr4 = rig_addr(RIG_TARGET)};
	struct error err = {0};

	target.serve.endpoint = true;
	while (strcmp(lab_app_name(target.serve.service), "discard") != 0)
		target.serve.service++;
	conn_config_defaults(&target.serve.conn);
	target.serve.conn.receive_buffer = receive_buffer ? receive_buffer : LARGE;
	check(lab_add_target(lab, &target, &err), &err);
}

static void begin(struct contest *c, struct lab *lab, uint64_t seed)
{
	struct endpoint_config config = {.seed = seed};
	struct error err = {0};

	*c = (struct contest){.lab = lab, .net = lab_net(lab)};
	c->client = endpoint_new(&config, &err);
	check(!c->client || !c->net, &err);
	c->begin_ns = net_now_ns(c->net);
}

static void end(struct contest *c)
{
	endpoint_free(c->client);
	net_close(c->net);
	lab_free(c->lab);
}

static void enter(struct contest *c, const char *cc, uint8_t version, unsigned addresses)
{
	struct ip_addr target = rig_addr(RIG_TARGET);
	struct conn_config config;
	struct error err = {0};

	conn_config_defaults(&config);
	config.cc = cc;
	config.version = version;
	config.send_buffer = LARGE;
	config.local_count = addresses;
	for (unsigned i = 0; i < addresses; i++)
		config.local[i] = (struct pm_addr){.addr = client_addr(i), .id = (uint8_t)i};
	c->conn[c->count] =
	    endpoint_connect(c->client, &target, RIG_PORT, &config, net_now_ns(c->net), &err);
	check(!c->conn[c->count++], &err);
}

static void pump(struct contest *c)
{
	int64_t now_ns = net_now_ns(c->net);
	struct endpoint_event event;
	struct span packet;

	for (unsigned i = 0; i < c->count; i++)
		while (conn_state(c->conn[i]) == CONN_ESTABLISHED &&
		       conn_write(c->conn[i], now_ns, span_of(text, sizeof(text))) > 0)
			;
	while (endpoint_send(c->client, now_ns, &packet))
		net_send(c->net, packet, NULL);
	while (endpoint_event(c->client, &event))
		;
}

/* Until a time after the beginning. */
static void run(struct contest *c, int64_t until_ns)
{
	struct net_packet packet;
	struct error err;

	until_ns += c->begin_ns;
	for (;;) {
		int64_t next_ns;

		pump(c);
		if (net_now_ns(c->net) >= until_ns)
			return;
		next_ns = endpoint_expiry_ns(c->client);
		if (net_receive(c->net, next_ns < until_ns ? next_ns : until_ns, &packet, &err) > 0)
			endpoint_receive(c->client, net_now_ns(c->net), packet.octets);
	}
}

static double delivered(const struct contest *c, unsigned i, unsigned subflows)
{
	static struct conn_info info;

	conn_info(c->conn[i], &info);
	if (info.subflow_count != subflows || conn_state(c->conn[i]) != CONN_ESTABLISHED) {
		fprintf(stderr, "contest: a connection is not as it was meant\n");
		abort();
	}
	return (double)info.sent;
}

double contest_share(const char *cc, const struct contest_link *link, int64_t skip_ns,
		     int64_t for_ns, uint64_t seed)
{
	struct lab_link access = {.delay_ns = ACCESS_NS}, last = {.delay_ns = LAST_NS},
			shared = bottleneck(link, ACCESS_NS + LAST_NS);
	struct lab *lab = begin_lab(seed);
	struct error err = {0};
	struct contest c;
	double before[2], gained[2];
	size_t at;

	begin_path(lab, 0);
	add_link(lab, &access);
	add_link(lab, &shared);
	at = lab_last(lab);
	add_router(lab, 1);
	add_link(lab, &last);
	begin_path(lab, 1);
	add_link(lab, &access);
	check(lab_add_shared(lab, at, &err), &err);
	add_router(lab, 2);
	add_link(lab, &last);
	end_lab(lab, 0);
	begin(&c, lab, seed);
	enter(&c, "reno", 255, 1);
	run(&c, (int64_t)(seed * 137 % 1000) * NS_PER_MS);
	enter(&c, cc, 1, 2);
	run(&c, skip_ns);
	for (unsigned i = 0; i < 2; i++)
		before[i] = delivered(&c, i, 1 + i);
	run(&c, skip_ns + for_ns);
	for (unsigned i = 0; i < 2; i++)
		gained[i] = delivered(&c, i, 1 + i) - before[i];
	end(&c);
	return gained[1] / (gained[0] + gained[1]) * 2;
}

double contest_rate(const struct contest_paths *paths, int64_t skip_ns, int64_t for_ns,
		    uint64_t seed)
{
	struct lab_link last = {.delay_ns = LAST_NS};
	struct lab *lab = begin_lab(seed);
	struct contest c;
	double before, gained;

	for (unsigned i = 0; i < paths->count; i++) {
		struct lab_link link = bottleneck(&paths->link[i], LAST_NS);

		begin_path(lab, i);
		add_link(lab, &link);
		add_router(lab, 1 + i);
		add_link(lab, &last);
	}
	end_lab(lab, paths->receive_buffer);
	begin(&c, lab, seed);
	enter(&c, paths->cc, 1, paths->count);
	run(&c, skip_ns);
	before = delivered(&c, 0, paths->count);
	run(&c, skip_ns + for_ns);
	gained = delivered(&c, 0, paths->count) - before;
	end(&c);
	return gained * NS_PER_S / (double)for_ns;
}
