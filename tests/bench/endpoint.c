/* Two endpoints in one process and on one core: segments a second from a sender to a receiver over
 * two subflows, octets of memory an idle connection, connections a second.
 *
 *   endpoint  1234567 segments/s  12.3 Gbit/s
 *   endpoint  4321 octets per idle connection
 *   endpoint  54321 connections/s */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mptcp/endpoint.h"

#define TOTAL	    (UINT64_C(3) << 30)
#define CONNECTIONS 2000
#define DELAY_NS    (50 * NS_PER_US)

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct ip_addr address(unsigned net, unsigned host)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)net, (uint8_t)host});
}

struct world {
	struct endpoint *end[2];
	struct conn *client, *server;
	int64_t now_ns;
	uint64_t packets;
};

static void world_init(struct world *w, struct conn_config *config, unsigned addresses)
{
	struct listener_config listen = {.port = 80};

	*w = (struct world){.now_ns = NS_PER_S};
	for (int i = 0; i < 2; i++)
		w->end[i] = endpoint_new(&(struct endpoint_config){.seed = (uint64_t)i + 1}, NULL);
	conn_config_defaults(config);
	listen.conn = *config;
	listen.backlog = 4096;
	endpoint_listen(w->end[1], &listen, NULL);
	config->local_count = addresses;
	for (unsigned i = 0; i < addresses; i++)
		config->local[i] =
		    (struct pm_addr){.addr = address(0, i + 1), .id = (uint8_t)i, .prefix_len = 24};
}

static void drain_events(struct world *w)
{
	struct endpoint_event event;

	for (int i = 0; i < 2; i++)
		while (endpoint_event(w->end[i], &event))
			if (event.kind == EVENT_ACCEPTED)
				w->server = event.conn;
}

/* All that one side has to say now reaches the other a moment later. */
static bool carry(struct world *w, int from)
{
	struct span packet;
	bool any = false;

	while (endpoint_send(w->end[from], w->now_ns, &packet)) {
		endpoint_receive(w->end[!from], w->now_ns, packet);
		w->packets++;
		any = true;
	}
	return any;
}

static bool carry_both(struct world *w)
{
	bool there = carry(w, 0);

	return carry(w, 1) || there;
}

static void advance(struct world *w)
{
	int64_t a = endpoint_expiry_ns(w->end[0]), b = endpoint_expiry_ns(w->end[1]);
	int64_t next = a < b ? a : b;

	w->now_ns += DELAY_NS;
	if (next != TIME_NEVER && next > w->now_ns)
		w->now_ns = next;
}

static void read_all(struct world *w, uint64_t *received)
{
	struct span in;

	while (w->server && (in = conn_peek(w->server)).len) {
		*received += in.len;
		conn_consume(w->server, in.len);
	}
}

static void bench_bulk(void)
{
	static uint8_t octets[1 << 16];
	struct conn_config config;
	uint64_t sent = 0, received = 0, segments = 0;
	struct ip_addr to = address(1, 1);
	struct conn_info info;
	struct world w;
	double start;

	world_init(&w, &config, 2);
	w.client = endpoint_connect(w.end[0], &to, 80, &config, w.now_ns, NULL);
	start = cpu();
	while (received < TOTAL) {
		while (sent < TOTAL) {
			long taken =
			    conn_write(w.client, w.now_ns, span_of(octets, sizeof(octets)));

			if (taken <= 0)
				break;
			sent += (uint64_t)taken;
		}
		if (!carry_both(&w))
			advance(&w);
		else
			w.now_ns += DELAY_NS;
		drain_events(&w);
		read_all(&w, &received);
	}
	start = cpu() - start;
	conn_info(w.client, &info);
	for (size_t i = 0; i < info.subflow_count; i++)
		segments += info.subflow[i].stats.sent_segments;
	printf("endpoint  %.0f segments/s  %.1f Gbit/s  (%zu subflows, %.0f packets/s)\n",
	       (double)segments / start, (double)received * 8e-9 / start, info.subflow_count,
	       (double)w.packets / start);
	endpoint_free(w.end[0]);
	endpoint_free(w.end[1]);
}

static void settle(struct world *w, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		if (!carry_both(w))
			advance(w);
		drain_events(w);
	}
}

static void bench_idle(void)
{
	struct conn_config config;
	struct ip_addr to = address(1, 1);
	struct conn_info info;
	uint64_t received = 0;
	struct world w;

	world_init(&w, &config, 1);
	w.client = endpoint_connect(w.end[0], &to, 80, &config, w.now_ns, NULL);
	settle(&w, 10);
	for (unsigned i = 0; i < 100; i++) {
		conn_write(w.client, w.now_ns, span_of("0123456789", 10));
		settle(&w, 4);
		read_all(&w, &received);
	}
	settle(&w, 8);
	conn_info(w.server, &info);
	printf("endpoint  %zu octets per idle connection (accepted)\n", info.memory);
	conn_info(w.client, &info);
	printf("endpoint  %zu octets per idle connection (connected)\n", info.memory);
	endpoint_free(w.end[0]);
	endpoint_free(w.end[1]);
}

static void bench_connections(void)
{
	struct conn_config config;
	struct ip_addr to = address(1, 1);
	struct world w;
	double start = cpu();

	world_init(&w, &config, 1);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		w.client = endpoint_connect(w.end[0], &to, 80, &config, w.now_ns, NULL);
		conn_write(w.client, w.now_ns, span_of("GET /\n", 6));
		for (unsigned n = 0; n < 4; n++)
			if (!carry_both(&w))
				w.now_ns += DELAY_NS;
		drain_events(&w);
	}
	printf("endpoint  %.0f connections/s\n", CONNECTIONS / (cpu() - start));
	endpoint_free(w.end[0]);
	endpoint_free(w.end[1]);
}

int main(void)
{
	bench_bulk();
	bench_idle();
	bench_connections();
	return 0;
}
