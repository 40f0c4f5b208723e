/* The probes: what each role sends, and the packet of one asking. */
#include <stdio.h>
#include <string.h>

#include "packet/checksum.h"
#include "probe/engine.h"
#include "util/octets.h"

#define TS_OPTION_LEN	10
#define TCP_CHECKSUM_AT 16
#define ISN_STEP	(1u << 17) /* out of the window that any other of them may have opened */

/* The default probes differ in one option only. They carry marks (AF11, ECT(0)) so that a remark
 * or a bleach shows. */
#define MARKS "{dscp=10,ecn=2}"

static const struct {
	const char *name, *marks, *option;
	bool walks;
} roles[] = {
    [ROLE_TEST] = {"syn-mp-capable", MARKS, "/MPCAPABLE{v=1}", true},
    [ROLE_CONTROL] = {"syn-plain", MARKS, "", true},
    [ROLE_SHAM] = {"syn-unknown-option", MARKS, "/OPT(254,xbeef)", true},
    [ROLE_USER] = {"user", "", "", true},
    [ROLE_JOIN] = {"syn-mp-join", MARKS, "/MPJOIN{id=1}", false},
    [ROLE_V0] = {"syn-mp-capable-v0", MARKS, "/MPCAPABLE{v=0}", false},
    [ROLE_UNMARKED] = {"syn-unmarked", "", "", false},
    [ROLE_WITNESS] = {"syn-mp-capable-witness", MARKS, "/MPCAPABLE{v=1}", false},
    [ROLE_ECHO] = {"icmp-echo", MARKS, "", false},
    [ROLE_DATA_CAPABLE] = {"data-mp-capable", "", "", false},
    [ROLE_DATA_DSS] = {"data-dss", "", "", false},
    [ROLE_DATA_ACK] = {"data-ack", "", "", false},
    [ROLE_ADD_ADDR] = {"ack-add-addr", "", "", false},
    [ROLE_SIGNALS] = {"ack-remove-addr-mp-prio", "", "", false},
    [ROLE_DATA_PLAIN] = {"data-plain", "", "", false},
    [ROLE_JOIN_VALID] = {"syn-mp-join-valid", MARKS, NULL, false},
    [ROLE_JOIN_BOGUS] = {"syn-mp-join-bogus", MARKS, NULL, false},
};

int series_find(const struct trace *t, enum probe_role role)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->result.probes[i].role == role)
			return (int)i;
	return -1;
}

/* The MSS a host behind an interface of this MTU offers (RFC 9293 §3.7.1). */
static unsigned default_mss(const struct trace_config *c)
{
	unsigned headers = c->target.family == 6 ? 60 : 40;

	return c->mtu > headers + 64 && c->mtu <= 65535 ? c->mtu - headers : 1500 - headers;
}

static int role_notation(const struct trace *t, enum probe_role role, struct notation *n,
			 struct error *err)
{
	const struct trace_config *c = &t->result.config;
	char text[sizeof(n->text)], join[32];

	if (role == ROLE_USER) {
		*n = *c->user_probe;
		return 0;
	}
	snprintf(join, sizeof(join), "/MPJOIN{id=%u}", c->further + 1u);
	if (role == ROLE_ECHO)
		snprintf(text, sizeof(text), "IP%s/ICMP{type=%u}", roles[role].marks,
			 c->target.family == 6 ? 128u : 8u);
	else
		snprintf(text, sizeof(text), "IP%s/TCP{dst=%u}/MSS(%u)/SACKP/TS/NOP/WS(7)%s",
			 roles[role].marks, c->port, default_mss(c),
			 roles[role].option ? roles[role].option : join);
	return notation_parse(n, text, err);
}

/* Random where the user gave nothing: a nonce and key per run, never all zero. */
static void fill_mptcp(struct trace *t, const struct packet *p, uint8_t *octets)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, -1);
	size_t at = o ? (size_t)(o->at - octets) + 4 : 0;

	for (size_t i = 0; o && i + 4 < o->len; i++)
		octets[at + i] = (uint8_t)(rng_u32(&t->rng) | 1);
}

static void fill_tcp(struct trace *t, struct series *s, enum probe_role role, uint16_t port,
		     uint64_t given)
{
	struct packet p;
	const struct tcp_option *ts;

	packet_parse(&p, span_of(s->octets, s->len));
	s->tcp = true;
	s->syn = (p.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	s->keeps_seq = given & FIELD_BIT(FIELD_TCP_SEQ);
	s->seq = s->keeps_seq ? p.tcp.seq : rng_u32(&t->rng);
	field_write(s->octets, s->len, FIELD_TCP_SEQ, s->seq);
	if (!(given & FIELD_BIT(FIELD_TCP_SRC_PORT)))
		field_write(s->octets, s->len, FIELD_TCP_SRC_PORT, port);
	if (!(given & FIELD_BIT(FIELD_TCP_DST_PORT)))
		field_write(s->octets, s->len, FIELD_TCP_DST_PORT, t->result.config.port);
	s->port_at = p.ip.header_len;
	s->payload_len = (uint16_t)p.payload.len;
	s->keeps_checksum = given & FIELD_BIT(FIELD_TCP_CHECKSUM);
	ts = tcp_option_find(&p.tcp.options, TCP_OPT_TIMESTAMP, -1);
	if (ts && ts->len == TS_OPTION_LEN && !load_u32(ts->at + 2))
		s->ts_at = (uint16_t)(ts->at + 2 - s->octets);
	if (role == ROLE_JOIN || role == ROLE_V0 || role == ROLE_JOIN_VALID ||
	    role == ROLE_JOIN_BOGUS)
		fill_mptcp(t, &p, s->octets);
}

static void fill(struct trace *t, struct series *s, enum probe_role role, uint16_t port,
		 uint64_t given)
{
	const struct trace_config *c = &t->result.config;
	bool v6 = c->target.family == 6;

	field_write_addr(s->octets, s->len, v6 ? FIELD_IP6_SRC : FIELD_IP4_SRC, &c->source);
	field_write_addr(s->octets, s->len, v6 ? FIELD_IP6_DST : FIELD_IP4_DST, &c->target);
	s->has_id = !v6 && !(given & FIELD_BIT(FIELD_IP4_ID));
	if (v6 && !(given & FIELD_BIT(FIELD_IP6_FLOW)))
		field_write(s->octets, s->len, FIELD_IP6_FLOW, rng_below(&t->rng, 1 << 20));
	if (role == ROLE_ECHO)
		field_write(s->octets, s->len, FIELD_ICMP_REST, (uint32_t)port << 16);
	s->echo = role == ROLE_ECHO;
	s->brief = s->echo || role == ROLE_WITNESS;
	s->expected = role == ROLE_V0;
}

static void describe(struct trace *t, struct trace_probe *probe, enum probe_role role,
		     const char *text)
{
	probe->role = role;
	probe->name = roles[role].name;
	probe->spec = (const char *)arena_copy(&t->octets, span_of(text, strlen(text) + 1)).at;
	if (!probe->spec)
		probe->spec = "";
	t->result.probe_count++;
}

static int take_octets(const struct trace *t, struct series *s, enum probe_role role,
		       const struct notation *n, struct error *err)
{
	bool v6 = t->result.config.target.family == 6;

	s->len = v6 ? n->len6 : n->len4;
	if (!s->len)
		return error_set(err, ERR_USAGE, "probe '%s': is not for IPv%d", n->text,
				 v6 ? 6 : 4);
	memcpy(s->octets, v6 ? n->octets6 : n->octets4, s->len);
	if (role == ROLE_WITNESS)
		s->len =
		    (uint16_t)witness_insert(s->octets, s->len, sizeof(s->octets), t->target_ttl);
	return s->len ? 0 : ERR_NOSPACE;
}

int series_add(struct trace *t, enum probe_role role, struct error *err)
{
	size_t i = t->result.probe_count;
	struct series *s = &t->series[i];
	struct notation n;
	int rc;

	if (i == TRACE_PROBES_MAX)
		return error_set(err, ERR_NOSPACE, "trace: too many probes");
	rc = role_notation(t, role, &n, err);
	if (rc < 0)
		return rc;
	rc = take_octets(t, s, role, &n, err);
	if (rc < 0)
		return rc;
	s->walks = roles[role].walks;
	s->limit = t->result.config.max_ttl;
	t->result.probes[i].local_port = t->result.config.local_ports[i];
	fill(t, s, role, t->result.config.local_ports[i], n.fields_set);
	if (n.has_tcp)
		fill_tcp(t, s, role, t->result.config.local_ports[i], n.fields_set);
	describe(t, &t->result.probes[i], role, n.text);
	return (int)i;
}

int series_hold(struct trace *t, enum probe_role role, struct span segment)
{
	size_t i = t->result.probe_count;
	struct series *s = &t->series[i];
	struct buf text = {0};
	struct packet p;

	if (i == TRACE_PROBES_MAX || segment.len > sizeof(s->octets) || packet_parse(&p, segment) ||
	    !(p.have & PACKET_HAS_ALL) || p.ip.proto != IP_PROTO_TCP)
		return -1;
	memcpy(s->octets, segment.at, segment.len);
	s->len = (uint16_t)segment.len;
	s->tcp = s->inside = s->held = true;
	s->has_id = p.ip.version == 4;
	s->seq = p.tcp.seq;
	s->port_at = p.ip.header_len;
	s->payload_len = (uint16_t)p.payload.len;
	s->limit = t->result.config.max_ttl;
	t->result.probes[i].local_port = p.tcp.src_port;
	notation_print(&text, &p);
	describe(t, &t->result.probes[i], role, buf_text(&text));
	buf_fini(&text);
	return (int)i;
}

static uint32_t isn_of(const struct trace *t, int probe, size_t n)
{
	return t->series[probe].seq + (t->sent[n].own_isn ? (uint32_t)n * ISN_STEP : 0);
}

bool series_owns_seq(const struct trace *t, int probe, uint32_t seq, uint32_t slack, int *number)
{
	uint32_t offset = seq - t->series[probe].seq, n = offset / ISN_STEP;

	*number = -1;
	if (offset <= slack)
		return true;
	if (offset % ISN_STEP > slack || n >= t->sent_count || t->sent[n].probe != probe ||
	    !t->sent[n].own_isn)
		return false;
	*number = (int)n;
	return true;
}

size_t series_packet(const struct trace *t, int probe, uint8_t ttl, size_t n, uint8_t *out)
{
	const struct series *s = &t->series[probe];
	bool v6 = t->result.config.target.family == 6;

	memcpy(out, s->octets, s->len);
	field_write(out, s->len, v6 ? FIELD_IP6_HLIM : FIELD_IP4_TTL, ttl);
	if (s->has_id)
		field_write(out, s->len, FIELD_IP4_ID, (uint16_t)(t->id_base + n));
	if (s->ts_at)
		store_u32(out + s->ts_at, t->ts_base + (uint32_t)n);
	if (s->echo)
		store_u16(out + s->len - 2, (uint16_t)n);
	if (t->sent[n].own_isn)
		field_write(out, s->len, FIELD_TCP_SEQ, isn_of(t, probe, n));
	packet_fix_checksums(out, s->len);
	if (s->keeps_checksum)
		memcpy(out + s->port_at + TCP_CHECKSUM_AT, s->octets + s->port_at + TCP_CHECKSUM_AT,
		       2);
	return s->len;
}

size_t series_reset_packet(const struct trace *t, int probe, uint8_t *out)
{
	const struct series *s = &t->series[probe];
	struct packet p;
	int len;

	packet_parse(&p, span_of(s->octets, s->len));
	p.ip.ttl = 64;
	p.ip.ecn = 0;
	p.ip.id = (uint16_t)(t->id_base - 1 - probe);
	p.tcp.flags = TCP_RST;
	p.tcp.seq = s->seq + 1;
	p.tcp.window = 0;
	p.tcp.options = (struct tcp_option_list){0};
	p.payload = (struct span){0};
	len = packet_build(&p, PACKET_FIX_ALL, out, PROBE_OCTETS_MAX);
	return len > 0 ? (size_t)len : 0;
}
