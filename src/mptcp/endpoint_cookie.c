/* SYN cookies (RFC 4987): a SYN/ACK that leaves nothing behind. Its ISN carries a time, the peer's
 * segment size as one of eight, and the peer's ISN behind a MAC of the flow; its timestamp, if both
 * sides use them, the window scale and SACK in its lowest bits. The keys come back in the third ACK
 * or in the first data (RFC 8684 §3.1, RFC 8041 §3.11).
 *
 * So every segment that acknowledges no more than the cookie tells how far behind the SYN it is. At
 * once behind it: the third ACK, or the first data. Within the window that the cookie offered: data
 * that overtook the third ACK, or whose third ACK was lost. That is dropped, for its sender to
 * repeat: a RST would end a connection that has barely begun.
 *
 *   ISN:       (MAC of addresses, ports and what follows) + the peer's ISN 24 | time 5 | size 3
 *   timestamp: … | sack 1 | scale 4                (without timestamps there is neither) */
#include "mptcp/endpoint_state.h"
#include "mptcp/key.h"
#include "util/octets.h"

#define STEP_NS	     (INT64_C(64) * NS_PER_S)
#define AGE_MAX	     2 /* steps */
#define SCALE_ABSENT 15

static const uint16_t sizes[8] = {216, 536, 1200, 1300, 1400, 1440, 1460, 8940};

static uint32_t mac(const struct endpoint *e, const struct tuple *t, uint32_t low)
{
	return (uint32_t)secret_hash(e, PURPOSE_COOKIE, t, low) << 8;
}

static uint32_t time_step(int64_t now_ns)
{
	return (uint32_t)(now_ns / STEP_NS);
}

static uint32_t size_index(uint16_t mss)
{
	uint32_t i = 7;

	while (i && sizes[i] > mss)
		i--;
	return i;
}

struct syn_features {
	uint16_t mss;
	uint8_t scale;
	bool sack, timestamps;
	uint32_t tsval;
};

static struct syn_features read_syn(const struct packet *syn)
{
	struct syn_features f = {.mss = 536, .scale = SCALE_ABSENT};

	for (size_t i = 0; i < syn->tcp.options.count; i++) {
		const struct tcp_option *o = &syn->tcp.options.item[i];

		if (o->malformed)
			continue;
		if (o->kind == TCP_OPT_MSS && o->len == 4)
			f.mss = load_u16(o->at + 2);
		if (o->kind == TCP_OPT_WSCALE && o->len == 3)
			f.scale = o->at[2] < 14 ? o->at[2] : 14;
		f.sack = f.sack || (o->kind == TCP_OPT_SACK_PERM && o->len == 2);
		if (o->kind == TCP_OPT_TIMESTAMP && o->len == 10) {
			f.timestamps = true;
			f.tsval = load_u32(o->at + 2);
		}
	}
	return f;
}

uint64_t endpoint_cookie_key(const struct endpoint *e, const struct tuple *t, uint32_t peer_isn)
{
	return secret_hash(e, PURPOSE_KEY, t, peer_isn) | 1;
}

/* The listener's answer to MP_CAPABLE: a key that need not be remembered. */
static size_t put_capable(struct endpoint *e, const struct listener *l, const struct packet *syn,
			  const struct tuple *t, uint8_t *out, size_t room)
{
	struct mptcp_option o = {.subtype = MPTCP_CAPABLE};
	const struct conn_config *config = &l->config.conn;
	struct arrived a;
	bool checksum;
	int len;

	arrived_parse(&a, syn, 0);
	if (!a.has_capable || a.has_join || a.capable.version != config->version ||
	    !(a.capable.flags & MPTCP_CAPABLE_H) || (a.capable.flags & MPTCP_CAPABLE_B) ||
	    a.capable.has_sender_key != (config->version == 0))
		return 0;
	checksum = config->checksum || (a.capable.flags & MPTCP_CAPABLE_A);
	if ((a.capable.flags & MPTCP_CAPABLE_A) && config->refuse_checksum)
		return 0;
	o.capable.version = config->version;
	o.capable.flags = MPTCP_CAPABLE_H | (checksum ? MPTCP_CAPABLE_A : 0) |
			  (config->no_join_here && config->version == 1 ? MPTCP_CAPABLE_C : 0);
	o.capable.has_sender_key = true;
	o.capable.sender_key = endpoint_cookie_key(e, t, syn->tcp.seq);
	len = mptcp_option_build(&o, out, room);
	return len > 0 ? (size_t)len : 0;
}

static uint8_t scale_of(const struct listener *l)
{
	uint8_t scale = 0;

	while (scale < 14 && ((size_t)65535 << scale) < l->config.conn.receive_buffer)
		scale++;
	return scale;
}

/* Not ahead of the clock that the connection will use. */
static uint32_t cookie_ts(struct endpoint *e, const struct tuple *t, const struct syn_features *f,
			  int64_t now_ns)
{
	uint32_t now = (uint32_t)(now_ns / NS_PER_MS) + endpoint_ts_offset(e, t);
	uint32_t bits = (f->sack ? 16u : 0u) | f->scale;
	uint32_t ts = (now & ~31u) | bits;

	return (int32_t)(ts - now) > 0 ? ts - 32 : ts;
}

static size_t put_tcp_options(struct endpoint *e, const struct listener *l, const struct tuple *t,
			      const struct syn_features *f, int64_t now_ns, uint8_t *out)
{
	const struct tcp_config *config = &l->config.conn.tcp;
	size_t len = 4;

	out[0] = TCP_OPT_MSS;
	out[1] = 4;
	store_u16(out + 2, conn_mss(config, t->local.family));
	if (!f->timestamps || !config->timestamps)
		return len;
	out[len] = TCP_OPT_TIMESTAMP;
	out[len + 1] = 10;
	store_u32(out + len + 2, cookie_ts(e, t, f, now_ns));
	store_u32(out + len + 6, f->tsval);
	len += 10;
	if (f->sack && config->sack) {
		out[len++] = TCP_OPT_SACK_PERM;
		out[len++] = 2;
	}
	if (f->scale != SCALE_ABSENT) {
		out[len++] = TCP_OPT_NOP;
		out[len++] = TCP_OPT_WSCALE;
		out[len++] = 3;
		out[len++] = scale_of(l);
	}
	return len;
}

void cookie_syn_ack(struct endpoint *e, struct listener *l, const struct packet *syn,
		    int64_t now_ns)
{
	struct tuple t = packet_tuple(syn);
	struct syn_features f = read_syn(syn);
	uint32_t low = (time_step(now_ns) & 31) << 3 | size_index(f.mss);
	uint8_t options[TCP_OPTIONS_MAX];
	struct packet r = reply_to(syn);
	size_t len = put_tcp_options(e, l, &t, &f, now_ns, options);

	len += put_capable(e, l, syn, &t, options + len, sizeof(options) - len);
	while (len % 4)
		options[len++] = TCP_OPT_NOP;
	tcp_options_parse(&r.tcp.options, span_of(options, len));
	r.tcp.seq = (mac(e, &t, low) + (syn->tcp.seq << 8)) | low;
	r.tcp.ack = syn->tcp.seq + 1;
	r.tcp.flags = TCP_SYN | TCP_ACK;
	r.tcp.window =
	    l->config.conn.receive_buffer > 65535 ? 65535 : (uint16_t)l->config.conn.receive_buffer;
	if (reply_packet(e, &r))
		l->cookies_until_ns = now_ns + (AGE_MAX + 1) * STEP_NS;
}

/* How far behind its SYN is a segment, if it acknowledges a cookie of ours? Anything, if not. */
static uint32_t distance(const struct endpoint *e, const struct tuple *t, const struct packet *ack,
			 int64_t now_ns)
{
	uint32_t cookie = ack->tcp.ack - 1, low = cookie & 0xff;
	uint32_t age = (time_step(now_ns) - (low >> 3)) & 31;

	if (age > AGE_MAX)
		return UINT32_MAX;
	return ((ack->tcp.seq - 1) - ((cookie - low - mac(e, t, low)) >> 8)) & 0xffffff;
}

/* What the SYN said, as the echoed timestamp tells. */
static struct syn_features recall(const struct packet *ack)
{
	struct syn_features f = {.mss = sizes[(ack->tcp.ack - 1) & 7]};
	const struct tcp_option *o = tcp_option_find(&ack->tcp.options, TCP_OPT_TIMESTAMP, -1);
	uint32_t echoed;

	if (!o || o->malformed || o->len != 10)
		return f;
	echoed = load_u32(o->at + 6);
	f.timestamps = true;
	f.scale = echoed & 15;
	f.sack = echoed & 16;
	return f;
}

static void cookie_config(struct endpoint *e, const struct conn *c, const struct tuple *t,
			  const struct syn_features *f, const struct packet *ack,
			  struct tcp_config *out)
{
	conn_tcp_config(c, out);
	out->mss = conn_mss(out, t->local.family);
	out->local = t->local;
	out->remote = t->remote;
	out->local_port = t->local_port;
	out->remote_port = t->remote_port;
	out->isn = ack->tcp.ack - 1;
	out->ts_offset = endpoint_ts_offset(e, t);
	if (!f->timestamps)
		out->wscale = 0;
}

static void open_conn(struct endpoint *e, struct listener *l, const struct tuple *t,
		      const struct packet *ack, int64_t now_ns)
{
	struct conn *c = conn_new(e, &l->config.conn, false);
	struct syn_features f = recall(ack);
	struct tcp_config config;

	if (!c)
		return;
	cookie_config(e, c, t, &f, ack, &config);
	if (conn_accept_cookie(c, ack, &config, f.mss, f.scale == SCALE_ABSENT ? 0 : f.scale,
			       f.sack && config.sack, now_ns)) {
		conn_free(c);
		return;
	}
	c->listener = l;
	endpoint_adopt(e, c);
	conn_input(c->subflow[0], now_ns, ack);
}

/* The key that the cookie gave out is still that of a connection with this peer, whose first
 * subflow is gone: what comes is a repetition of its beginning. */
static bool is_past(const struct endpoint *e, const struct listener *l, const struct tuple *t,
		    const struct packet *ack)
{
	uint64_t key = endpoint_cookie_key(e, t, ack->tcp.seq - 1);
	const struct conn *c = token_find(e, key_token(l->config.conn.version, key));

	return c && c->local_key == key && c->remote_port == t->remote_port &&
	       ip_addr_equal(&c->remote, &t->remote);
}

/* The first data may come before, or instead of, the third ACK. Where there is no memory the peer
 * may try again. */
bool cookie_ack(struct endpoint *e, struct listener *l, const struct packet *ack, int64_t now_ns)
{
	struct tuple t = packet_tuple(ack);
	uint32_t behind = now_ns > l->cookies_until_ns ? UINT32_MAX : distance(e, &t, ack, now_ns);

	if (behind == 0 && is_past(e, l, &t, ack))
		return false;
	if (behind == 0 && endpoint_memory_left(e) >= 64 * 1024)
		open_conn(e, l, &t, ack, now_ns);
	return behind <= UINT16_MAX;
}
