/* A stream of steps against one TCP: segments near its windows or anything at all, time that
 * passes, and what an owner may do. After each step the books balance, whatever is sent is a
 * well-formed packet, nothing spins, and nothing waits without a timer. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mptcp/tcp_state.h"
#include "packet/packet.h"
#include "util/cursor.h"
#include "util/seq.h"

#define SENDS_MAX  2000
#define MEMORY_MAX (8u << 20)
#define BUFFER	   200000
#define STEPS_MAX  400

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

struct subject {
	struct tcp tcp;
	struct cc_group group;
	int64_t now_ns;
	uint32_t window;
	uint64_t received;
	uint8_t option_len;
	bool push_inside, abort_inside;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct subject *subject_of(struct tcp *t)
{
	return (struct subject *)((char *)t - offsetof(struct subject, tcp));
}

static void cc_init(struct cc_flow *f, int64_t now_ns)
{
	(void)now_ns;
	f->cwnd = 10 * f->mss;
	f->ssthresh = UINT32_MAX;
}

static void cc_acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	if (f->cwnd < 1 << 20)
		f->cwnd += octets;
}

static void cc_lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	f->ssthresh = f->cwnd / 2 > 2 * f->mss ? f->cwnd / 2 : 2 * f->mss;
	f->cwnd = f->ssthresh;
}

static const struct cc_ops cc = {
    .name = "fuzz", .init = cc_init, .acked = cc_acked, .lost = cc_lost, .timeout = cc_lost};

static size_t own_options(struct tcp *t, const struct tcp_segment *segment, uint8_t *out,
			  size_t room)
{
	size_t len = subject_of(t)->option_len;

	(void)segment;
	if (len < 2 || len > room)
		return 0;
	memset(out, 0x55, len);
	out[0] = TCP_OPT_MPTCP;
	out[1] = (uint8_t)len;
	return len;
}

static bool own_segment(struct tcp *t, const struct packet *p, uint32_t ssn)
{
	(void)p;
	(void)ssn;
	return subject_of(t)->option_len != 13;
}

static void push(struct subject *s, uint32_t len)
{
	struct tcp_piece piece = {.mapping = {.present = true, .ssn = tcp_next_ssn(&s->tcp)}};
	uint32_t room = tcp_room(&s->tcp), most = tcp_payload_max(&s->tcp, 28);

	len = len < room ? len : room;
	len = len < most ? len : most;
	if (s->tcp.state < TCP_ESTABLISHED || s->tcp.fin_queued || (len == 0 && room == 0))
		return;
	piece.len = len;
	if (len) {
		piece.chunk = chunk_new(len);
		memset(piece.chunk->octets, 7, len);
	}
	require(tcp_push(&s->tcp, &piece) == 0);
}

static void own_data(struct tcp *t, uint32_t ssn, struct span octets)
{
	struct subject *s = subject_of(t);

	require(ssn == (uint32_t)(s->received + 1));
	s->received += octets.len;
	if (s->push_inside)
		push(s, 100);
}

static void own_event(struct tcp *t, enum tcp_event event)
{
	if (subject_of(t)->abort_inside && event != TCP_EVENT_CLOSED)
		tcp_abort(t);
}

static uint32_t own_window(struct tcp *t)
{
	return subject_of(t)->window;
}

static const struct tcp_owner_ops owner = {.options = own_options,
					   .segment = own_segment,
					   .data = own_data,
					   .event = own_event,
					   .window = own_window};

static void check_ring(const struct tcp_ring *r, uint32_t una, uint32_t end)
{
	uint32_t sacked = 0, count = 0, lost = 0, listed = 0, seq = una;

	for (uint32_t i = r->head; i != r->tail; i++) {
		const struct tcp_sent *s = &r->at[i & (r->size - 1)];
		bool out = seq_before(i, r->next);

		require(i == r->head ? seq_diff(s->seq, una) <= 0 : s->seq == seq);
		require(out == s->sent && s->len == s->piece.len + s->fin);
		require(!(s->lost && s->sacked) && !(s->listed && (s->lost || s->sacked)));
		require(s->listed == (out && s->len && !s->lost && !s->sacked));
		sacked += s->sacked ? s->len : 0;
		count += s->sacked;
		lost += s->lost ? s->len : 0;
		listed += s->listed;
		seq = s->seq + s->len;
	}
	require(seq == end || r->head == r->tail);
	require(sacked == r->sacked_octets && lost == r->lost_octets);
	require(listed == r->listed && count == r->sacked_count);
}

static void check_ranges(const struct tcp *t)
{
	const struct tcp_reorder *q = &t->reorder;

	for (uint32_t i = 0; i < q->count; i++) {
		require(seq_before(q->range[i].from, q->range[i].to));
		require(seq_diff(t->rcv_edge, q->range[i].to) >= 0);
		require(seq_before(i ? q->range[i - 1].to : t->rcv_nxt, q->range[i].from));
	}
}

static bool may_idle(const struct tcp *t)
{
	return t->state == TCP_CLOSED ||
	       ((t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT) &&
		t->snd_una == t->snd_end);
}

static void check(struct subject *s)
{
	const struct tcp *t = &s->tcp;

	require(seq_diff(t->snd_nxt, t->snd_una) >= 0 && seq_diff(t->snd_end, t->snd_nxt) >= 0);
	require(seq_diff(t->rcv_edge, t->rcv_nxt) >= 0 || t->state <= TCP_SYN_RECEIVED);
	require(tcp_memory(t) < MEMORY_MAX);
	require(tcp_expiry_ns(t) > s->now_ns);
	require(tcp_expiry_ns(t) != TIME_NEVER || may_idle(t));
	if (t->state >= TCP_ESTABLISHED) {
		check_ring(&t->ring, t->snd_una, t->snd_end);
		check_ranges(t);
	}
}

static void check_packet(const struct subject *s, struct span octets)
{
	struct packet p;

	require(packet_parse(&p, octets) == 0);
	require((p.have & PACKET_HAS_ALL) && (p.have & PACKET_HAS_OPTIONS));
	require(packet_transport_checksum(&p) == p.tcp.checksum);
	require(p.ip.version == 6 || packet_ip_checksum(&p) == p.ip.checksum);
	for (unsigned i = 0; i < p.tcp.options.count; i++)
		require(!p.tcp.options.item[i].malformed);
	require(p.payload.len == 0 || p.tcp.header_len - 20 + p.payload.len <= s->tcp.config.mss);
}

static void send_all(struct subject *s)
{
	uint8_t out[2048];
	unsigned sent = 0;
	size_t len;

	while (tcp_send(&s->tcp, s->now_ns, out, sizeof(out), &len)) {
		check_packet(s, span_of(out, len));
		require(++sent < SENDS_MAX);
	}
	check(s);
}

static void receive(struct subject *s, uint8_t *octets, size_t len)
{
	struct packet p;

	if (packet_parse(&p, span_of(octets, len)) == 0)
		tcp_receive(&s->tcp, s->now_ns, &p);
}

/* Near one of the numbers that matter. */
static uint32_t near(struct cursor *c, const uint32_t *interesting, unsigned count)
{
	uint8_t how = cursor_u8(c);

	if (how & 0x80)
		return cursor_u32(c);
	return interesting[how % count] + (uint32_t)(int8_t)cursor_u8(c) * ((how & 0x40) ? 100 : 1);
}

static size_t take_options(struct cursor *c, uint8_t *out, const struct tcp *t)
{
	struct span given = cursor_take(c, cursor_u8(c) % 41);
	size_t len = given.len & ~(size_t)3;

	if (given.len && given.at)
		memcpy(out, given.at, len);
	for (size_t i = 0; len >= 12 && out[0] == 5 && i < 2; i++) {
		uint32_t edge = t->snd_una + out[4 + 4 * i] * 100u;

		out[1] = 10; /* a SACK block of some use */
		memcpy(out + 2 + 4 * i,
		       (uint8_t[4]){(uint8_t)(edge >> 24), (uint8_t)(edge >> 16),
				    (uint8_t)(edge >> 8), (uint8_t)edge},
		       4);
	}
	return len;
}

static void step_segment(struct subject *s, struct cursor *c)
{
	const struct tcp *t = &s->tcp;
	const uint32_t seqs[] = {t->rcv_nxt, t->rcv_nxt, t->rcv_edge, t->irs, t->fin_seq};
	const uint32_t acks[] = {t->snd_nxt, t->snd_una, t->iss, t->snd_end};
	uint8_t options[40], data[1530], out[2048];
	struct packet p = {.ip = {.version = t->config.local.family,
				  .proto = IP_PROTO_TCP,
				  .ttl = 1,
				  .src = t->config.remote,
				  .dst = t->config.local}};
	int len;

	memset(data, 9, sizeof(data));
	p.tcp.flags = cursor_u8(c);
	p.tcp.flags ^= TCP_ACK; /* mostly set */
	p.ip.ecn = p.tcp.flags & 3;
	p.tcp.seq = near(c, seqs, 5);
	p.tcp.ack = near(c, acks, 4);
	p.tcp.window = cursor_u16(c);
	tcp_options_parse(&p.tcp.options, span_of(options, take_options(c, options, t)));
	p.payload = span_of(data, cursor_u8(c) * 6u);
	len = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	if (len > 0)
		receive(s, out, (size_t)len);
}

static void step_raw(struct subject *s, struct cursor *c)
{
	struct span given = cursor_take(c, cursor_u8(c));
	uint8_t copy[256];

	if (given.len)
		memcpy(copy, given.at, given.len);
	receive(s, copy, given.len);
}

static void step_time(struct subject *s, struct cursor *c)
{
	uint8_t how = cursor_u8(c);
	int64_t expiry = tcp_expiry_ns(&s->tcp);

	if (how & 1 && expiry != TIME_NEVER)
		s->now_ns = expiry > s->now_ns ? expiry : s->now_ns;
	else
		s->now_ns += how * NS_PER_MS;
}

static void step_push(struct subject *s, struct cursor *c)
{
	for (unsigned n = 1 + cursor_u8(c) % 32, len = cursor_u8(c) * 8u; n; n--)
		push(s, len);
}

static void step_close(struct subject *s, struct cursor *c)
{
	uint8_t how = cursor_u8(c);

	if (how < 128)
		tcp_shutdown(&s->tcp);
	else if (how > 250)
		tcp_abort(&s->tcp);
}

static void step_owner(struct subject *s, struct cursor *c)
{
	uint8_t how = cursor_u8(c), value = cursor_u8(c);

	if (how & 1)
		s->window = value * (BUFFER / 255u);
	if (how & 2)
		tcp_window_opened(&s->tcp);
	if (how & 4)
		tcp_ack_bare(&s->tcp);
	if (how & 8)
		s->option_len = value % 31;
	if (how & 16)
		tcp_window_heard(&s->tcp, value * 1000u);
	if (how & 32)
		tcp_receive_too_big(&s->tcp, s->tcp.snd_una, value * 8u);
	if (how & 64)
		s->push_inside = !s->push_inside;
	if (how & 128)
		s->abort_inside = value > 250;
}

static void open_any(struct subject *s, struct cursor *c)
{
	static const char *const addr[][2] = {{"192.0.2.7", "203.0.113.80"},
					      {"2001:db8::7", "2001:db8::80"}};
	struct tcp_config config;
	struct packet syn = {.tcp = {.seq = 4000000000u, .window = 60000}};
	uint8_t how = cursor_u8(c), options[40];

	tcp_config_defaults(&config);
	ip_addr_parse(&config.local, addr[how & 1][0]);
	ip_addr_parse(&config.remote, addr[how & 1][1]);
	config.cc = &cc;
	config.group = &s->group;
	config.isn = (how & 2) ? 0xffffff00 : 1;
	config.sack = how & 4;
	config.timestamps = how & 8;
	config.ecn = how & 16;
	config.ignore_checksums = how & 32;
	s->window = BUFFER;
	if (how < 128) {
		tcp_init_active(&s->tcp, &config, &owner, s->now_ns);
		return;
	}
	syn.tcp.ack = 77;
	tcp_options_parse(&syn.tcp.options, span_of(options, take_options(c, options, &s->tcp)));
	if (how & 64)
		tcp_init_cookie(&s->tcp, &config, &owner, &syn, 1400, 7, true, s->now_ns);
	else
		tcp_init_passive(&s->tcp, &config, &owner, &syn, s->now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static void (*const steps[])(struct subject *, struct cursor *) = {
	    step_segment, step_segment, step_segment, step_segment, step_segment,
	    step_segment, step_push,	step_push,    step_time,    step_time,
	    step_owner,	  step_raw,	step_close};
	struct subject *s = calloc(1, sizeof(*s));
	struct cursor c = cursor_over(span_of(octets, len));

	if (!s)
		return 0;
	s->now_ns = NS_PER_S;
	open_any(s, &c);
	send_all(s);
	for (unsigned n = 0; n < STEPS_MAX && cursor_left(&c) && !c.failed; n++) {
		steps[cursor_u8(&c) % (sizeof(steps) / sizeof(steps[0]))](s, &c);
		send_all(s);
	}
	tcp_fini(&s->tcp);
	free(s);
	return 0;
}
