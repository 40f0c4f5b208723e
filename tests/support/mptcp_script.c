#include "support/mptcp_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mptcp/key.h"
#include "packet/mptcp_option.h"
#include "packet/notation.h"
#include "packet/packet.h"
#include "packet/print.h"

#define PEER_ISS   5000u
#define PEER_KEY   UINT64_C(0x0102030405060708)
#define PEER_NONCE 0x11223344u
#define PEER_PORT  1000
#define FLOWS	   2

struct flow {
	uint16_t local_port, remote_port;
	struct ip_addr local, remote;
	uint32_t iss;
	bool known;
};

struct player {
	const struct script *script;
	struct endpoint *endpoint;
	struct conn *conn;
	struct flow flow[FLOWS];
	uint32_t nonce;
	uint64_t key; /* the endpoint's, as its SYN/ACK tells */
	int64_t now_ns;
	char text[1024];
};

static struct ip_addr address(unsigned net, unsigned host)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)net, (uint8_t)host});
}

static bool fail(const struct player *p, const struct script_step *s, const char *what)
{
	fprintf(stderr, "script '%s', step %zu at %u ms: %s\n  %s\n", p->script->name,
		(size_t)(s - p->script->step), s->ms, what, s->text ? p->text : "");
	return false;
}

static void put_hex(char *out, const uint8_t *octets, size_t len)
{
	*out++ = 'x';
	for (size_t i = 0; i < len; i++, out += 2)
		sprintf(out, "%02x", octets[i]);
}

static void join_hmac(const struct player *p, bool ours, char *out)
{
	struct conn_info info;
	uint8_t hmac[KEY_HMAC_MAX];

	conn_info(p->conn, &info);
	if (ours)
		key_join_hmac(info.version, info.local_key, PEER_KEY, p->nonce, PEER_NONCE, hmac);
	else
		key_join_hmac(info.version, PEER_KEY, info.local_key, PEER_NONCE, p->nonce, hmac);
	/* The SYN/ACK has 8 octets, the third ACK 20: who opened sends the latter. */
	put_hex(out, hmac, ours != p->script->server ? 20 : 8);
}

static void addr_hmac(const struct player *p, bool ours, char *out)
{
	struct ip_addr addr = ours ? address(0, 2) : address(1, 9);
	struct conn_info info;
	uint8_t hmac[8];

	conn_info(p->conn, &info);
	key_add_addr_hmac(ours ? info.local_key : PEER_KEY, ours ? PEER_KEY : info.local_key,
			  ours ? 1 : 5, &addr, 0, hmac);
	put_hex(out, hmac, sizeof(hmac));
}

static void value_of(const struct player *p, const char *name, uint64_t plus, char *out)
{
	struct conn_info info = {0};
	uint64_t v = 0;

	if (p->conn)
		conn_info(p->conn, &info);
	else
		info.local_key = p->key;
	if (name[1] == 'h') {
		if (name[0] == 'a' || name[0] == 'o')
			addr_hmac(p, name[0] == 'o', out);
		else
			join_hmac(p, name[0] == 'm', out);
		return;
	}
	switch (name[1]) {
	case 'k': v = name[0] == 'm' ? info.local_key : PEER_KEY; break;
	case 'd':
		v = key_idsn(p->script->version, name[0] == 'm' ? info.local_key : PEER_KEY);
		break;
	case 't':
		v = name[0] == 'm' ? info.local_token : key_token(p->script->version, PEER_KEY);
		break;
	case 'n': v = name[0] == 'm' ? p->nonce : PEER_NONCE; break;
	}
	v += plus;
	/* A 4 behind the name cuts to 32 bits. */
	sprintf(out, "0x%" PRIx64, name[2] == '4' ? v & 0xffffffff : v);
}

static void substitute(struct player *p, const char *text)
{
	char *out = p->text;

	for (; *text; text++) {
		char name[4] = {0};
		unsigned plus = 0;
		int used = 0;

		if (*text != '$') {
			*out++ = *text;
			continue;
		}
		memcpy(name, text + 1, 2);
		text += 2;
		if (text[1] == '4')
			name[2] = *++text;
		if (sscanf(text + 1, "+%u%n", &plus, &used) == 1)
			text += used;
		value_of(p, name, plus, out);
		out += strlen(out);
	}
	*out = '\0';
}

static bool read_text(struct player *p, const struct script_step *s, uint8_t *octets, size_t *len)
{
	struct notation n;
	struct error err;

	if (notation_parse(&n, p->text, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return fail(p, s, "not understood");
	}
	*len = n.len4;
	memcpy(octets, n.octets4, n.len4);
	return true;
}

static bool play_in(struct player *p, const struct script_step *s)
{
	const struct flow *f = &p->flow[s->flow];
	uint8_t octets[PROBE_OCTETS_MAX], out[PROBE_OCTETS_MAX];
	struct packet packet;
	size_t len;
	int built;

	if (!read_text(p, s, octets, &len))
		return false;
	packet_parse(&packet, span_of(octets, len));
	packet.ip.src = f->remote;
	packet.ip.dst = f->local;
	packet.tcp.src_port = f->remote_port;
	packet.tcp.dst_port = f->local_port;
	packet.tcp.seq += PEER_ISS;
	if (packet.tcp.flags & TCP_ACK)
		packet.tcp.ack += f->iss;
	built = packet_build(&packet, PACKET_FIX_ALL, out, sizeof(out));
	endpoint_receive(p->endpoint, p->now_ns, span_of(out, (size_t)built));
	return true;
}

/* The nonce and the ISN of what opens a flow. */
static void learn(struct player *p, const struct packet *packet)
{
	const struct tcp_option *o =
	    tcp_option_find(&packet->tcp.options, TCP_OPT_MPTCP, MPTCP_JOIN);
	const struct tcp_option *key =
	    tcp_option_find(&packet->tcp.options, TCP_OPT_MPTCP, MPTCP_CAPABLE);
	struct mptcp_option join, capable;
	struct flow *f = &p->flow[0];

	if (!(packet->tcp.flags & TCP_SYN))
		return;
	if (key && !mptcp_option_parse(&capable, key))
		p->key = capable.capable.sender_key;
	if (o && !mptcp_option_parse(&join, o)) {
		p->nonce = join.join.nonce;
		f = &p->flow[1];
	}
	f->iss = packet->tcp.seq;
	f->known = true;
	f->local = packet->ip.src;
	f->remote = packet->ip.dst;
	f->local_port = packet->tcp.src_port;
	f->remote_port = packet->tcp.dst_port;
}

static bool same_options(const struct packet *a, const struct packet *b)
{
	const struct tcp_option_list *x = &a->tcp.options, *y = &b->tcp.options;
	size_t i = 0, j = 0;

	for (;;) {
		while (i < x->count && x->item[i].kind != TCP_OPT_MPTCP)
			i++;
		while (j < y->count && y->item[j].kind != TCP_OPT_MPTCP)
			j++;
		if (i == x->count || j == y->count)
			return i == x->count && j == y->count;
		if (x->item[i].len != y->item[j].len ||
		    memcmp(x->item[i].at, y->item[j].at, x->item[i].len))
			return false;
		i++;
		j++;
	}
}

static bool same(const struct player *p, const struct script_step *s, const struct packet *got,
		 const struct packet *want)
{
	const struct flow *f = &p->flow[s->flow];
	unsigned mask = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;

	if ((got->tcp.flags & mask) != (want->tcp.flags & mask) ||
	    got->payload.len != want->payload.len ||
	    (got->payload.len && memcmp(got->payload.at, want->payload.at, got->payload.len)))
		return false;
	if (got->tcp.src_port != f->local_port)
		return false;
	if (got->tcp.seq - f->iss != want->tcp.seq ||
	    ((got->tcp.flags & TCP_ACK) && got->tcp.ack - PEER_ISS != want->tcp.ack))
		return false;
	return same_options(got, want);
}

static bool next_packet(struct player *p, int64_t until_ns, struct span *out)
{
	for (;;) {
		int64_t next;

		if (endpoint_send(p->endpoint, p->now_ns, out))
			return true;
		next = endpoint_expiry_ns(p->endpoint);
		if (next > until_ns)
			return false;
		p->now_ns = next > p->now_ns ? next : p->now_ns;
	}
}

static void complain(const struct packet *got)
{
	struct buf text = {0};

	notation_print(&text, got);
	fprintf(stderr, "  got:  %s\n", buf_text(&text));
	buf_fini(&text);
}

static bool play_out(struct player *p, const struct script_step *s)
{
	int64_t due = NS_PER_S + (int64_t)s->ms * NS_PER_MS;
	uint8_t octets[PROBE_OCTETS_MAX];
	struct packet got, want;
	struct span out;
	size_t len;

	if (!next_packet(p, due, &out)) {
		substitute(p, s->text);
		return fail(p, s, "nothing was sent");
	}
	packet_parse(&got, out);
	learn(p, &got);
	substitute(p, s->text);
	if (!read_text(p, s, octets, &len))
		return false;
	packet_parse(&want, span_of(octets, len));
	if (p->now_ns < due - NS_PER_MS)
		return fail(p, s, "it was sent too early");
	if (same(p, s, &got, &want))
		return true;
	fail(p, s, "something else was sent");
	complain(&got);
	return false;
}

static bool play_silent(struct player *p, const struct script_step *s)
{
	struct packet got;
	struct span out;

	if (!next_packet(p, NS_PER_S + (int64_t)s->ms * NS_PER_MS, &out))
		return true;
	fail(p, s, "it was not silent");
	packet_parse(&got, out);
	complain(&got);
	return false;
}

static bool play_skip(struct player *p, const struct script_step *s)
{
	struct packet got;
	struct span out;

	while (next_packet(p, NS_PER_S + (int64_t)s->ms * NS_PER_MS, &out)) {
		packet_parse(&got, out);
		learn(p, &got);
	}
	return true;
}

static bool play_read(struct player *p, const struct script_step *s)
{
	struct span in = conn_peek(p->conn);
	size_t len = strlen(s->text);

	if (in.len != len || (len && memcmp(in.at, s->text, len)))
		return fail(p, s, "something else was read");
	conn_consume(p->conn, len);
	return true;
}

static bool play_facts(struct player *p, const struct script_step *s)
{
	struct conn_info info;

	conn_info(p->conn, &info);
	snprintf(p->text, sizeof(p->text), "%s, %s: %s", conn_outcome_name(info.outcome),
		 fallback_stage_name(info.fallback_stage),
		 fallback_reason_text(info.fallback_reason));
	if (s->kind == READ_END)
		return conn_read_ended(p->conn) || fail(p, s, "the stream has not ended");
	if (s->kind == OUTCOME)
		return !strcmp(conn_outcome_name(info.outcome), s->text) || fail(p, s, "outcome");
	return !strcmp(fallback_stage_name(info.fallback_stage), s->text) || fail(p, s, "fallback");
}

static void take_events(struct player *p)
{
	struct endpoint_event event;

	while (endpoint_event(p->endpoint, &event))
		if (event.kind == EVENT_ACCEPTED)
			p->conn = event.conn;
}

static bool play(struct player *p, const struct script_step *s)
{
	int64_t now = NS_PER_S + (int64_t)s->ms * NS_PER_MS;

	if (s->kind != OUT && s->kind != SILENT && s->kind != SKIP)
		p->now_ns = now > p->now_ns ? now : p->now_ns;
	take_events(p);
	if (s->text && s->kind == IN)
		substitute(p, s->text);
	switch (s->kind) {
	case IN: return play_in(p, s);
	case OUT: return play_out(p, s);
	case SILENT: return play_silent(p, s);
	case SKIP: return play_skip(p, s);
	case WRITE: conn_write(p->conn, p->now_ns, span_of(s->text, strlen(s->text))); return true;
	case READ: return play_read(p, s);
	case SHUT: conn_shutdown(p->conn, p->now_ns); return true;
	case FASTCLOSE: conn_fastclose(p->conn, p->now_ns); return true;
	case BACKUP: conn_set_backup(p->conn, 0, true, p->now_ns); return true;
	case REMOVE: conn_remove_local(p->conn, 1, p->now_ns); return true;
	default: return play_facts(p, s);
	}
}

static void configure(const struct script *s, struct conn_config *config)
{
	conn_config_defaults(config);
	config->version = s->version;
	config->checksum = s->checksum;
	config->pm = s->two_addresses || s->announce ? "fullmesh" : "none";
	config->tcp.timestamps = config->tcp.sack = false;
	config->local_count = s->two_addresses || s->announce ? 2 : 1;
	for (unsigned i = 0; i < config->local_count; i++)
		config->local[i] =
		    (struct pm_addr){.addr = address(0, i + 1), .id = (uint8_t)i, .prefix_len = 24};
}

static void set_flows(struct player *p)
{
	for (unsigned i = 0; i < FLOWS; i++)
		p->flow[i] = (struct flow){.local = address(0, 1),
					   .remote = address(1, 1 + i),
					   .local_port = 80,
					   .remote_port = (uint16_t)(PEER_PORT + i)};
}

bool script_run(const struct script *s)
{
	struct player p = {.script = s, .now_ns = NS_PER_S};
	struct listener_config listen = {.port = 80, .always_cookies = s->cookies};
	struct ip_addr to = address(1, 1);
	struct conn_config config;
	bool good = true;

	configure(s, &config);
	set_flows(&p);
	p.endpoint = endpoint_new(&(struct endpoint_config){.seed = 7}, NULL);
	listen.conn = config;
	if (s->server)
		endpoint_listen(p.endpoint, &listen, NULL);
	else
		p.conn = endpoint_connect(p.endpoint, &to, PEER_PORT, &config, p.now_ns, NULL);
	for (const struct script_step *one = s->step; good && one->text; one++)
		good = play(&p, one);
	endpoint_free(p.endpoint);
	return good;
}
