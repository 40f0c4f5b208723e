#include <stdlib.h>
#include <string.h>

#include "mptcp/mirror.h"

bool mirror_log_init(struct mirror_log *log, size_t size)
{
	*log = (struct mirror_log){.size = size, .at = calloc(size, sizeof(*log->at))};
	return log->at != NULL;
}

void mirror_log_fini(struct mirror_log *log)
{
	free(log->at);
	*log = (struct mirror_log){0};
}

const struct mirror_segment *mirror_log_note(struct mirror_log *log, enum mirror_kind kind,
					     int64_t time_ns, struct span packet)
{
	struct mirror_segment *s = &log->at[log->count % log->size];
	struct packet p;
	size_t len;

	if (packet_parse(&p, packet) || p.ip.proto != IP_PROTO_TCP ||
	    !(p.have & PACKET_HAS_OPTIONS) || !(p.have & PACKET_HAS_ALL) ||
	    p.payload.len > UINT16_MAX)
		return NULL;
	len = (size_t)p.ip.header_len + p.tcp.header_len;
	if (len > MIRROR_HEADERS_MAX)
		return NULL;
	*s = (struct mirror_segment){.kind = kind,
				     .header_len = (uint8_t)len,
				     .payload_len = (uint16_t)p.payload.len,
				     .time_ns = time_ns,
				     .hash = mirror_hash(p.payload)};
	memcpy(s->header, packet.at, len);
	log->count++;
	return s;
}

const struct mirror_segment *mirror_log_at(const struct mirror_log *log, uint64_t number)
{
	if (number >= log->count || log->count - number > log->size)
		return NULL;
	return &log->at[number % log->size];
}

uint64_t mirror_log_first(const struct mirror_log *log)
{
	return log->count > log->size ? log->count - log->size : 0;
}

static bool is_syn(const struct mirror_segment *s, enum mirror_kind kind,
		   const struct mirror_flow *flow, struct packet *p)
{
	struct mirror_flow its;

	if (s->kind != kind || packet_parse(p, span_of(s->header, s->header_len)) ||
	    !(p->tcp.flags & TCP_SYN))
		return false;
	its = mirror_flow_of(p, kind == MIRROR_SENT);
	return mirror_flow_equal(&its, flow);
}

/* The last SYN/ACK tells which SYNs are the connection's. */
uint64_t mirror_log_start(const struct mirror_log *log, const struct mirror_flow *flow)
{
	uint64_t first = mirror_log_first(log), n = log->count;
	struct packet answer, p;

	while (n > first && !is_syn(mirror_log_at(log, n - 1), MIRROR_SENT, flow, &answer))
		n--;
	for (uint64_t i = first; n > first && i < n; i++)
		if (is_syn(mirror_log_at(log, i), MIRROR_ARRIVED, flow, &p) &&
		    p.tcp.seq == answer.tcp.ack - 1)
			return i;
	return 0;
}
