/* A stream of steps against an endpoint in either role, before and after establishment: its peer is
 * another endpoint, and between them somebody forges, repeats, edits and drops packets, near the
 * sequence numbers in use or anywhere, with any options. After each step nothing spins, memory is
 * bounded, and whatever is sent is a well-formed packet. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/endpoint.h"
#include "packet/mptcp_option.h"
#include "packet/packet.h"
#include "util/cursor.h"

#define SENDS_MAX  4000
#define STEPS_MAX  300
#define BUFFER	   65536
#define MEMORY_MAX (4u << 20)
#define PACKET	   2048

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

struct world {
	struct endpoint *end[2];
	struct conn *conn[2];
	int64_t now_ns;
	uint8_t last[2][PACKET]; /* the latest packet that each sent */
	size_t last_len[2];
	uint8_t lose; /* packets from either to be lost */
	struct cursor in;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct ip_addr address(unsigned net, unsigned host)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)net, (uint8_t)host});
}

/* `more`: the scheduler, the path manager, the congestion control, and whether the stream wraps. */
static void configure(struct conn_config *config, uint8_t bits, uint8_t more, unsigned side)
{
	static const char *const scheduler[] = {"lowest-rtt", "round-robin", "redundant", "blest"};
	static const char *const pm[] = {"fullmesh", "ndiffports", "backup", "single-path"};
	static const char *const cc[] = {"lia", "olia", "wvegas", "cubic"};

	conn_config_defaults(config);
	config->version = bits & 1;
	config->checksum = bits & 2;
	config->dsn_octets = bits & 4 ? 4 : 8;
	config->mss_policy = bits & 8 ? MSS_MIN : MSS_ADAPTIVE;
	config->scheduler = scheduler[more & 3];
	config->pm = pm[more >> 2 & 3];
	config->cc = cc[more >> 4 & 3];
	if (more & 64)
		config->idsn = (more & 128 ? UINT64_MAX : UINT32_MAX) - 4000;
	config->send_buffer = config->receive_buffer = BUFFER;
	config->local_count = 2;
	for (unsigned i = 0; i < 2; i++)
		config->local[i] = (struct pm_addr){
		    .addr = address(side, i + 1), .id = (uint8_t)i, .prefix_len = 24};
}

static void world_init(struct world *w, uint8_t bits, uint8_t more)
{
	struct listener_config listen = {.port = 80, .backlog = 4, .always_cookies = bits & 16};
	struct ip_addr to = address(1, 1);
	struct conn_config config;

	for (int i = 0; i < 2; i++)
		w->end[i] = endpoint_new(
		    &(struct endpoint_config){.seed = (uint64_t)i, .memory_max = MEMORY_MAX}, NULL);
	configure(&listen.conn, bits, more, 1);
	endpoint_listen(w->end[1], &listen, NULL);
	configure(&config, bits & 32 ? bits ^ 1 : bits & 64 ? bits ^ 4 : bits, more, 0);
	w->conn[0] = endpoint_connect(w->end[0], &to, 80, &config, w->now_ns, NULL);
	require(w->conn[0]);
}

static void take_events(struct world *w, int side)
{
	struct endpoint_event event;
	struct span in;

	while (endpoint_event(w->end[side], &event)) {
		if (event.kind == EVENT_ACCEPTED && !w->conn[side])
			w->conn[side] = event.conn;
		if (event.kind == EVENT_ACCEPTED && w->conn[side] != event.conn)
			endpoint_release(w->end[side], event.conn, w->now_ns);
		if (event.kind == EVENT_CLOSED && w->conn[side] == event.conn) {
			endpoint_release(w->end[side], event.conn, w->now_ns);
			w->conn[side] = NULL;
		}
	}
	while (w->conn[side] && (in = conn_peek(w->conn[side])).len)
		conn_consume(w->conn[side], in.len);
}

static void check_packet(struct span packet)
{
	struct packet p;

	require(packet_parse(&p, packet) == 0);
	require(p.ip.proto == IP_PROTO_TCP && (p.have & PACKET_HAS_OPTIONS));
	require(p.tcp.checksum == packet_transport_checksum(&p));
}

static void deliver(struct world *w, int to, const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len);

	memcpy(copy, octets, len);
	endpoint_receive(w->end[to], w->now_ns, span_of(copy, len));
	free(copy);
}

/* Lets both talk until they are silent. */
static void exchange(struct world *w, unsigned rounds)
{
	struct span packet;
	unsigned sends = 0;

	for (bool any = true; any && rounds--;) {
		any = false;
		for (int from = 0; from < 2; from++) {
			while (endpoint_send(w->end[from], w->now_ns, &packet)) {
				require(++sends < SENDS_MAX);
				check_packet(packet);
				any = true;
				if (packet.len > PACKET)
					continue;
				memcpy(w->last[from], packet.at, packet.len);
				w->last_len[from] = packet.len;
				if (w->lose)
					w->lose--;
				else
					deliver(w, !from, packet.at, packet.len);
			}
			take_events(w, from);
		}
	}
}

/* The latest packet of a side, with other flags, numbers near its own, other options, payload. */
static void forge(struct world *w, int from, uint8_t how)
{
	uint8_t options[TCP_OPTIONS_MAX], out[PACKET];
	struct packet p;
	struct span area;
	int len;

	if (!w->last_len[from] || packet_parse(&p, span_of(w->last[from], w->last_len[from])))
		return;
	if (how & 1)
		p.tcp.flags = cursor_u8(&w->in) & 0x3f;
	if (how & 2)
		p.tcp.seq += (uint32_t)(int32_t)(int16_t)cursor_u16(&w->in);
	if (how & 4)
		p.tcp.ack += (uint32_t)(int32_t)(int16_t)cursor_u16(&w->in);
	if (how & 8) {
		area = cursor_take(&w->in, cursor_u8(&w->in) % (TCP_OPTIONS_MAX + 1));
		memset(options, TCP_OPT_NOP, sizeof(options));
		if (area.len)
			memcpy(options, area.at, area.len);
		tcp_options_parse(&p.tcp.options, span_of(options, (area.len + 3) & ~(size_t)3));
	}
	if (how & 16)
		p.payload = cursor_take(&w->in, cursor_u8(&w->in));
	if (how & 32)
		p.tcp.src_port = (uint16_t)(p.tcp.src_port + cursor_u8(&w->in));
	len = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	if (len > 0)
		deliver(w, !from, out, (size_t)len);
}

/* Some octets of its option area or payload changed. */
static void flip(struct world *w, int from, uint8_t where, uint8_t value)
{
	uint8_t out[PACKET];
	size_t len = w->last_len[from];

	if (len < 44)
		return;
	memcpy(out, w->last[from], len);
	out[40 + where % (len - 40)] ^= value;
	packet_fix_checksums(out, len);
	deliver(w, !from, out, len);
}

/* The mapping or DATA_ACK of the latest packet, a little beside what it was. */
static void shift_dss(struct world *w, int from)
{
	uint8_t options[TCP_OPTIONS_MAX], out[PACKET];
	const struct tcp_option *item;
	struct mptcp_option o;
	struct packet p;
	int len;

	if (!w->last_len[from] || packet_parse(&p, span_of(w->last[from], w->last_len[from])))
		return;
	item = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	if (!item || mptcp_option_parse(&o, item))
		return;
	o.dss.flags ^= cursor_u8(&w->in) & 0x1f;
	o.dss.dsn += (uint64_t)(int64_t)(int16_t)cursor_u16(&w->in);
	o.dss.ack += (uint64_t)(int64_t)(int8_t)cursor_u8(&w->in);
	o.dss.ssn += (uint32_t)(int32_t)(int8_t)cursor_u8(&w->in);
	o.dss.data_len = (uint16_t)(o.dss.data_len + (int8_t)cursor_u8(&w->in));
	len = mptcp_option_build(&o, options, sizeof(options));
	if (len < 0)
		return;
	while (len & 3)
		options[len++] = TCP_OPT_NOP;
	tcp_options_parse(&p.tcp.options, span_of(options, (size_t)len));
	p.tcp.seq += (uint32_t)(int32_t)(int8_t)cursor_u8(&w->in);
	len = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	if (len > 0)
		deliver(w, !from, out, (size_t)len);
}

static void use(struct world *w, int side, uint8_t what)
{
	static const uint8_t octets[3000];
	struct conn *c = w->conn[side];

	if (!c)
		return;
	switch (what % 8) {
	case 0: conn_shutdown(c, w->now_ns); break;
	case 1: conn_fastclose(c, w->now_ns); break;
	case 2: conn_remove_local(c, what >> 4 & 1, w->now_ns); break;
	case 3: conn_set_backup(c, what >> 4 & 3, what & 8, w->now_ns); break;
	case 4: {
		struct pm_addr addr = {.addr = address((unsigned)side, 3), .prefix_len = 24};

		conn_add_local(c, &addr, w->now_ns);
		break;
	}
	default: conn_write(c, w->now_ns, span_of(octets, (size_t)what * 11)); break;
	}
}

static void step(struct world *w)
{
	uint8_t what = cursor_u8(&w->in), how = cursor_u8(&w->in);
	int side = what >> 7;

	switch (what & 7) {
	case 0: exchange(w, how & 7); break;
	case 1:
	case 2: forge(w, side, how); break;
	case 3: flip(w, side, how, cursor_u8(&w->in)); break;
	case 4: use(w, side, how); break;
	case 5: w->now_ns += (int64_t)how * how * 10 * NS_PER_MS; break;
	case 6: w->lose = how & 15; break;
	case 7:
		if (what & 8)
			shift_dss(w, side);
		else
			deliver(w, !side, w->last[side], w->last_len[side]);
		break;
	}
}

static void check_memory(const struct world *w)
{
	struct conn_info info;

	for (int i = 0; i < 2; i++) {
		if (!w->conn[i])
			continue;
		conn_info(w->conn[i], &info);
		require(info.memory < MEMORY_MAX);
		require(info.subflow_count <= CONN_SUBFLOWS_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t bits;

	w->in = cursor_over(span_of(octets, len));
	w->now_ns = NS_PER_S;
	bits = cursor_u8(&w->in);
	world_init(w, bits, cursor_u8(&w->in));
	for (unsigned i = 0; i < STEPS_MAX && cursor_left(&w->in); i++) {
		step(w);
		check_memory(w);
	}
	/* What is left comes to an end. */
	for (unsigned i = 0; i < 50; i++) {
		exchange(w, 20);
		w->now_ns += (int64_t)i * NS_PER_S;
	}
	endpoint_free(w->end[0]);
	endpoint_free(w->end[1]);
	free(w);
	return 0;
}
