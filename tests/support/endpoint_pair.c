#include "support/endpoint_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"
#include "packet/print.h"

#define SENDS_MAX 50000

static uint8_t octet_at(uint64_t seed, uint64_t i)
{
	uint64_t z = (seed + (i >> 3)) * 0x9e3779b97f4a7c15u;

	return (uint8_t)((z ^ z >> 29) >> (i & 7) * 8);
}

static struct ip_addr address(int side, unsigned n)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)side, (uint8_t)n});
}

void duo_addresses(struct duo *p, unsigned client, unsigned server)
{
	unsigned count[2] = {client, server};

	for (int s = 0; s < 2; s++) {
		p->config[s].local_count = count[s];
		for (unsigned i = 0; i < count[s]; i++)
			p->config[s].local[i] = (struct pm_addr){
			    .addr = address(s, i + 1), .id = (uint8_t)i, .prefix_len = 24};
	}
}

void duo_init(struct duo *p, uint64_t seed)
{
	*p = (struct duo){.now_ns = NS_PER_S, .trace = getenv("MBOXTRACE_TRACE") != NULL};
	rng_seed(&p->rng, seed);
	for (int s = 0; s < 2; s++) {
		struct endpoint_config config = {.seed = seed * 2 + (uint64_t)s};

		p->side[s].endpoint = endpoint_new(&config, NULL);
		p->side[s].seed = seed + 17 * (uint64_t)s;
		conn_config_defaults(&p->config[s]);
		p->config[s].keepalive_ns = 300 * NS_PER_S;
	}
	for (unsigned i = 0; i < DUO_PATHS; i++)
		p->path[i].delay_ns = 10 * NS_PER_MS;
	duo_addresses(p, 1, 1);
}

void duo_fini(struct duo *p)
{
	struct duo_packet *packet;

	while ((packet = heap_pop(&p->in_flight)))
		free(packet);
	heap_fini(&p->in_flight);
	endpoint_free(p->side[CLIENT].endpoint);
	endpoint_free(p->side[SERVER].endpoint);
}

void duo_limit(struct duo *p, unsigned path, uint64_t rate)
{
	p->path[path].rate = rate;
	p->path[path].queue = 64000;
}

void duo_start(struct duo *p)
{
	struct listener_config listen = {
	    .port = 80, .always_cookies = p->cookies, .conn = p->config[SERVER]};
	struct ip_addr server = address(SERVER, 1);

	p->side[SERVER].listener = endpoint_listen(p->side[SERVER].endpoint, &listen, NULL);
	p->side[CLIENT].conn = endpoint_connect(p->side[CLIENT].endpoint, &server, 80,
						&p->config[CLIENT], p->now_ns, NULL);
}

static void app_read(struct duo *p, struct duo_side *s)
{
	uint64_t seed = p->side[s == &p->side[CLIENT]].seed;
	struct span in;

	while ((in = conn_peek(s->conn)).len) {
		for (size_t i = 0; i < in.len; i++)
			if (in.at[i] != octet_at(seed, s->received + i))
				s->corrupt = true;
		s->received += in.len;
		conn_consume(s->conn, in.len);
	}
}

static void app_write(struct duo *p, struct duo_side *s)
{
	uint8_t octets[16384];
	long taken = 1;

	while (s->sent < s->to_send && taken > 0) {
		size_t len = sizeof(octets);

		if (s->write_max && len > s->write_max)
			len = (size_t)s->write_max;
		if (len > s->to_send - s->sent)
			len = (size_t)(s->to_send - s->sent);
		for (size_t i = 0; i < len; i++)
			octets[i] = octet_at(s->seed, s->sent + i);
		taken = conn_write(s->conn, p->now_ns, span_of(octets, len));
		s->sent += taken > 0 ? (uint64_t)taken : 0;
		if (s->write_max)
			break;
	}
	if (s->sent == s->to_send && !s->shut && !s->keep_open) {
		s->shut = true;
		conn_shutdown(s->conn, p->now_ns);
	}
}

static void app_run(struct duo *p, struct duo_side *s)
{
	struct endpoint_event event;

	while (endpoint_event(s->endpoint, &event)) {
		s->events[event.kind]++;
		if (event.kind == EVENT_ACCEPTED) {
			s->conn = event.conn;
			s->sent = s->received = 0;
			s->shut = s->closed = s->corrupt = false;
			s->accepted++;
		}
		if (event.kind == EVENT_CLOSED && event.conn == s->conn)
			s->closed = true;
	}
	if (!s->conn)
		return;
	if (!s->deaf)
		app_read(p, s);
	if (conn_state(s->conn) != CONN_OPENING && conn_state(s->conn) != CONN_CLOSED)
		app_write(p, s);
}

static struct duo_path *path_of(struct duo *p, const struct duo_packet *packet)
{
	/* IPv4: source at 12, destination at 16. */
	unsigned n = packet->octets[(packet->from == CLIENT ? 12 : 16) + 3];

	return &p->path[n >= 1 && n <= DUO_PATHS ? n - 1 : 0];
}

void duo_fly(struct duo *p, const struct duo_packet *packet)
{
	struct duo_path *path = path_of(p, packet);
	int64_t start = p->now_ns, *busy = &path->busy_ns[packet->from], delay = path->delay_ns;
	struct duo_packet *copy;

	if (p->now_ns >= path->cut_from_ns && p->now_ns < path->cut_to_ns)
		return;
	if (path->cut || rng_chance(&p->rng, path->loss))
		return;
	if (path->rate) {
		start = *busy > start ? *busy : start;
		if (path->queue &&
		    (uint64_t)(start - p->now_ns) * path->rate / NS_PER_S > path->queue)
			return;
		start += (int64_t)(packet->len * NS_PER_S / path->rate);
		*busy = start;
	}
	if (path->jitter_ns)
		delay += (int64_t)(rng_u64(&p->rng) % (uint64_t)path->jitter_ns);
	copy = malloc(sizeof(*copy));
	*copy = *packet;
	heap_push(&p->in_flight, start + delay, copy);
}

/* MBOXTRACE_TRACE=1: what every packet says, as tcpdump would. */
static void trace(const struct duo *p, const struct duo_packet *packet, const char *fate)
{
	struct packet parsed;
	struct buf text = {0};

	if (!p->trace || packet_parse(&parsed, span_of(packet->octets, packet->len)))
		return;
	packet_print(&text, &parsed);
	fprintf(stderr, "%.6f %s%s\n", (double)p->now_ns / NS_PER_S, fate, buf_text(&text));
	buf_fini(&text);
}

static void collect(struct duo *p, int from)
{
	struct duo_packet packet;
	struct span out;

	for (unsigned sends = 0; endpoint_send(p->side[from].endpoint, p->now_ns, &out); sends++) {
		p->spins = p->spins || sends > SENDS_MAX;
		if (p->spins)
			return;
		if (out.len > sizeof(packet.octets))
			continue;
		memcpy(packet.octets, out.at, out.len);
		packet.len = out.len;
		packet.from = from;
		packet.sent_ns = p->now_ns;
		p->packets++;
		if (p->hook && !p->hook(p, &packet)) {
			trace(p, &packet, "lost: ");
			continue;
		}
		trace(p, &packet, "");
		duo_fly(p, &packet);
		if (rng_chance(&p->rng, path_of(p, &packet)->duplicate))
			duo_fly(p, &packet);
	}
}

void duo_inject(struct duo *p, int to, struct span octets)
{
	endpoint_receive(p->side[to].endpoint, p->now_ns, octets);
}

static int64_t next_time(const struct duo *p)
{
	const struct heap_entry *first = heap_peek(&p->in_flight);
	int64_t next = first ? first->time_ns : TIME_NEVER;

	for (int s = 0; s < 2; s++) {
		int64_t one = endpoint_expiry_ns(p->side[s].endpoint);

		next = one < next ? one : next;
	}
	return next;
}

bool duo_step(struct duo *p, int64_t until_ns)
{
	const struct heap_entry *first;
	int64_t next;

	for (int s = 0; s < 2; s++) {
		app_run(p, &p->side[s]);
		collect(p, s);
	}
	next = next_time(p);
	if (next > until_ns || p->spins)
		return false;
	if (next > p->now_ns)
		p->now_ns = next;
	while ((first = heap_peek(&p->in_flight)) && first->time_ns <= p->now_ns) {
		struct duo_packet *packet = heap_pop(&p->in_flight);

		endpoint_receive(p->side[!packet->from].endpoint, p->now_ns,
				 span_of(packet->octets, packet->len));
		free(packet);
	}
	return true;
}

bool duo_run(struct duo *p, int64_t for_ns)
{
	int64_t until = p->now_ns + for_ns;

	while (duo_step(p, until))
		if (p->side[CLIENT].closed && p->side[SERVER].closed)
			return true;
	app_run(p, &p->side[CLIENT]);
	app_run(p, &p->side[SERVER]);
	if (p->side[CLIENT].closed && p->side[SERVER].closed)
		return true;
	if (p->now_ns < until)
		p->now_ns = until;
	return false;
}

struct conn_info duo_info(const struct duo *p, int side)
{
	struct conn_info info;

	conn_info(p->side[side].conn, &info);
	return info;
}

bool duo_complete(const struct duo *p)
{
	for (int s = 0; s < 2; s++) {
		const struct duo_side *one = &p->side[s];

		if (one->corrupt || !one->closed || one->received != p->side[!s].to_send)
			return false;
	}
	return true;
}
