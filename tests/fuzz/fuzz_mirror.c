/* A mirror's records, and comparing what they say: each record is the length of its headers in one
 * octet, an octet of kind and payload, and headers as they come; the check is made to fit. */
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"
#include "probe/mirrored.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* Anything at all is read or refused. */
static void read_raw(struct span rest)
{
	struct mirror_record r;

	while (mirror_read_record(&r, &rest) > 0)
		if (r.kind != MIRROR_FINISHED && r.segment.header_len > MIRROR_HEADERS_MAX)
			abort();
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

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct mirror_client *m = malloc(sizeof(*m));
	struct mirrored *found = malloc(sizeof(*found));
	struct conn_info *info = calloc(1, sizeof(*info));

	read_raw(span_of(octets, len));
	if (!m || !found || !info || !mirror_client_init(m))
		abort();
	for (size_t i = 0; i < MIRROR_FLOWS_MAX; i++) {
		memset(m->subflow[i].sent.have, 0xff, sizeof(m->subflow[i].sent.have));
		memset(m->subflow[i].received.have, 0xff, sizeof(m->subflow[i].received.have));
	}
	m->mirrors = m->finished = true;
	while (len > 2) {
		struct mirror_segment s = {.header_len = octets[0] % MIRROR_HEADERS_MAX,
					   .kind = octets[1] & 1 ? MIRROR_SENT : MIRROR_ARRIVED,
					   .payload_len = (uint16_t)(octets[1] >> 2)};
		bool told = octets[1] & 2;

		octets += 2;
		len -= 2;
		if (s.header_len > len)
			break;
		memcpy(s.header, octets, s.header_len);
		octets += s.header_len;
		len -= s.header_len;
		put(m, told, &s);
	}
	mirrored_compare(found, m, info);
	mirror_client_fini(m);
	free(info);
	free(found);
	free(m);
	return 0;
}
