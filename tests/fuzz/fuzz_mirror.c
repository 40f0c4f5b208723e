/* A mirror's records, and comparing what they say. Each record of the input is an octet that picks
 * headers, one of kind and payload, and edits of these headers: how many, then place and value of
 * each; the check is made to fit. The same octets are read as records, and as what comes of a walk
 * back. */
#include <stdlib.h>
#include <string.h>

#include "packet/notation.h"
#include "probe/mirrored.h"
#include "util/octets.h"

#define OURS	"IP{id=7,src=192.0.2.7,dst=203.0.113.80}/TCP{src=40001,dst=443,"
#define THEIRS	"IP{id=9,src=203.0.113.80,dst=192.0.2.7}/TCP{src=443,dst=40001,"
#define JOINING "IP{src=192.0.3.7,dst=203.0.113.80}/TCP{src=40002,dst=443,"

static const char *const templates[] = {
    OURS "seq=999,flags=S}/MSS(1460)/SACKP/TS(1,0)/WS(7)/MPCAPABLE{v=1}",
    THEIRS "seq=1999,ack=1000,flags=SA}/MSS(1460)/TS(1,1)/WS(7)/MPCAPABLE{v=1,skey=0x77}",
    OURS "seq=1000,ack=2000,flags=PA}/TS(2,2)/DSS{ack=1,dsn=5,ssn=1,len=10}",
    OURS "seq=1010,ack=2000,flags=PA}/TS(3,2)/DSS{ack=1,dsn=15,ssn=11,len=10}",
    THEIRS "seq=2000,ack=1020,flags=A}/TS(4,2)/DSS{ack=25}",
    THEIRS "seq=2000,ack=1010,flags=PA}/TS(5,2)/DSS{ack=25,dsn=9,ssn=1,len=30}",
    THEIRS "seq=2000,ack=1010,flags=A}/TS(6,2)/SACK(1020,1030)",
    JOINING "seq=5,flags=S}/MPJOIN{token=0x1234,nonce=0x55}",
    OURS "seq=1020,ack=2030,flags=FA}/TS(7,5)",
};
#define TEMPLATES (sizeof(templates) / sizeof(*templates))

static struct mirror_segment made[TEMPLATES];

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void make_templates(void)
{
	struct notation *n = malloc(sizeof(*n));

	for (size_t i = 0; i < TEMPLATES; i++) {
		struct error err;

		if (!n || notation_parse(n, templates[i], &err) || n->len4 > MIRROR_HEADERS_MAX)
			abort();
		notation_finish(n, n->octets4, n->len4);
		made[i].header_len = (uint8_t)n->len4;
		memcpy(made[i].header, n->octets4, n->len4);
	}
	free(n);
}

/* Anything at all is read or refused. */
static void read_raw(struct span rest)
{
	struct mirror_record r;

	mirror_match_head(MIRROR_SERVER, rest);
	while (mirror_read_record(&r, &rest) > 0)
		if (r.kind != MIRROR_FINISHED && r.segment.header_len > MIRROR_HEADERS_MAX)
			abort();
}

/* Whatever routers answer to a walk. */
static void read_errors(struct span answer)
{
	struct mirror_back *b = calloc(1, sizeof(*b));
	uint8_t copy[MIRROR_SEGMENT_MAX];

	if (!b)
		abort();
	b->wanted = true;
	mirror_back_sent(b, 1, MIRROR_WALKED_DATA, span_of(made[5].header, made[5].header_len));
	mirror_back_sent(b, 1, MIRROR_WALKED_SYN_ACK, span_of(made[1].header, made[1].header_len));
	mirror_back_arrived(b, answer.len ? answer.at[0] : 60);
	for (int64_t now_ns = 1; now_ns < 4 * NS_PER_S && !b->done; now_ns += 100 * NS_PER_MS) {
		mirror_back_next(b, now_ns, MIRROR_SEGMENT_MAX, copy);
		mirror_back_error(b, now_ns, answer);
		b->last_words = true;
	}
	free(b);
}

static void note_flow(struct mirror_client *m, const struct mirror_segment *s)
{
	struct packet p;

	if (s->kind == MIRROR_SENT && m->subflow_count < MIRROR_FLOWS_MAX &&
	    !packet_parse(&p, span_of(s->header, s->header_len)) && p.tcp.flags & TCP_SYN)
		m->subflow[m->subflow_count++].flow = mirror_flow_of(&p, true);
}

static void put(struct mirror_client *m, bool told, const struct mirror_segment *s)
{
	uint8_t out[MIRROR_RECORD + MIRROR_HEADERS_MAX];
	struct span rest = span_of(out, mirror_put_segment(s, 0, out));
	struct mirror_record r;

	if (mirror_read_record(&r, &rest) <= 0)
		return;
	if (told && m->told_count < MIRROR_TOLD_MAX) {
		m->told[m->told_count++] = r.segment;
		return;
	}
	m->log.at[m->log.count++ % m->log.size] = r.segment;
	note_flow(m, &r.segment);
}

static struct span put_next(struct mirror_client *m, struct span rest)
{
	struct mirror_segment s = made[rest.at[0] % TEMPLATES];
	uint8_t what = rest.at[1], edits = rest.at[2] % 8;

	s.kind = what & 1 ? MIRROR_SENT : MIRROR_ARRIVED;
	s.payload_len = (uint16_t)(10 * (what >> 4));
	s.time_ns = (int64_t)m->told_count * NS_PER_MS;
	s.hash = mirror_hash(span_of(m->subflow[0].sent.at, s.payload_len));
	rest = span_cut(rest, 3, rest.len);
	for (; edits && rest.len >= 2; edits--, rest = span_cut(rest, 2, rest.len))
		s.header[rest.at[0] % s.header_len] ^= rest.at[1];
	put(m, what & 2, &s);
	return rest;
}

static void put_hops(struct mirror_client *m)
{
	for (uint8_t i = 0; i < 6; i++) {
		struct mirror_hop *hop = &m->hop[m->hop_count++];

		*hop = (struct mirror_hop){.answered = true,
					   .of = i > 2 ? MIRROR_WALKED_SYN_ACK : MIRROR_WALKED_DATA,
					   .ttl = (uint8_t)(i % 3 + 1)};
		hop->from.family = 4;
		hop->quote_len = made[i > 2 ? 1 : 5].header_len;
		memcpy(hop->quote, made[i > 2 ? 1 : 5].header, hop->quote_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct mirror_client *m = malloc(sizeof(*m));
	struct mirrored *found = malloc(sizeof(*found));
	struct conn_info *info = calloc(1, sizeof(*info));
	struct span rest = span_of(octets, len);

	if (!made[0].header_len)
		make_templates();
	read_raw(rest);
	read_errors(rest);
	if (!m || !found || !info || !mirror_client_init(m))
		abort();
	for (size_t i = 0; i < MIRROR_FLOWS_MAX; i++) {
		memset(m->subflow[i].sent.have, 0xff, sizeof(m->subflow[i].sent.have));
		memset(m->subflow[i].received.have, 0xff, sizeof(m->subflow[i].received.have));
	}
	m->mirrors = m->finished = true;
	while (rest.len > 2)
		rest = put_next(m, rest);
	put_hops(m);
	mirrored_compare(found, m, info);
	mirror_client_fini(m);
	free(info);
	free(found);
	free(m);
	return 0;
}
