#include "probe/inside_segment.h"

#include <string.h>

#include "mptcp/key.h"
#include "packet/checksum.h"
#include "packet/field.h"
#include "packet/mptcp_option.h"
#include "util/octets.h"

#define ADDRESS_ID 1

struct area {
	uint8_t at[TCP_OPTIONS_MAX];
	size_t len;
};

static bool put(struct area *area, const struct mptcp_option *o)
{
	int len = mptcp_option_build(o, area->at + area->len, sizeof(area->at) - area->len);

	if (len > 0)
		area->len += (size_t)len;
	return len > 0;
}

static void put_timestamps(struct area *area, const struct packet *data, uint32_t later_ms)
{
	const struct tcp_option *ts = tcp_option_timestamp(&data->tcp.options);

	if (!ts)
		return;
	area->at[area->len++] = TCP_OPT_NOP;
	area->at[area->len++] = TCP_OPT_NOP;
	memcpy(area->at + area->len, ts->at, ts->len);
	store_u32(area->at + area->len + 2, load_u32(ts->at + 2) + later_ms);
	area->len += ts->len;
}

/* The DATA_ACK alone of a DSS that carries one. */
static bool put_data_ack(struct area *area, const struct packet *data)
{
	const struct tcp_option *o = tcp_option_find(&data->tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	struct mptcp_option dss, ack = {.subtype = MPTCP_DSS};

	if (!o || mptcp_option_parse(&dss, o) || !(dss.dss.flags & MPTCP_DSS_ACK))
		return false;
	ack.dss.flags = dss.dss.flags & (MPTCP_DSS_ACK | MPTCP_DSS_ACK8);
	ack.dss.ack = dss.dss.ack;
	return put(area, &ack);
}

static bool put_add_addr(struct area *area, const struct packet *data, const struct conn_info *info)
{
	struct mptcp_option o = {.subtype = MPTCP_ADD_ADDR};
	uint8_t hmac[8];

	o.add_addr.address_id = ADDRESS_ID;
	o.add_addr.addr = data->ip.src;
	o.add_addr.v0 = !info->version;
	if (o.add_addr.v0)
		return put(area, &o);
	key_add_addr_hmac(info->local_key, info->remote_key, ADDRESS_ID, &data->ip.src, 0, hmac);
	o.add_addr.hmac = span_of(hmac, sizeof(hmac));
	return put(area, &o);
}

static bool put_signals(struct area *area, const struct packet *data)
{
	static const uint8_t id = ADDRESS_ID;
	struct mptcp_option gone = {.subtype = MPTCP_REMOVE_ADDR};
	struct mptcp_option prio = {.subtype = MPTCP_PRIO};

	gone.remove_addr_ids = span_of(&id, 1);
	return put_data_ack(area, data) && put(area, &gone) && put(area, &prio);
}

static bool put_options(struct area *area, enum probe_role role, const struct packet *data,
			const struct conn_info *info)
{
	switch (role) {
	case ROLE_DATA_ACK: return put_data_ack(area, data);
	case ROLE_ADD_ADDR: return put_add_addr(area, data, info);
	default: return put_signals(area, data);
	}
}

/* `p` with these options instead of its own. */
static bool build(struct inside_segment *out, enum probe_role role, struct packet *p,
		  struct area *area)
{
	int len;

	while (area->len % 4)
		area->at[area->len++] = TCP_OPT_NOP;
	p->trailer = (struct span){0};
	p->tcp.option_area = span_of(area->at, area->len);
	tcp_options_parse(&p->tcp.options, p->tcp.option_area);
	len = packet_build(p, PACKET_FIX_ALL, out->octets, sizeof(out->octets));
	out->role = role;
	out->len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

bool inside_segment_ack(struct inside_segment *out, enum probe_role role, struct span data,
			const struct conn_info *info, uint32_t later_ms)
{
	struct area area = {.len = 0};
	struct packet p;

	if (packet_parse(&p, data) || !(p.have & PACKET_HAS_ALL))
		return false;
	put_timestamps(&area, &p, later_ms);
	if (!put_options(&area, role, &p, info))
		return false;
	p.tcp.seq += (uint32_t)p.payload.len;
	p.tcp.flags &= (uint16_t) ~(TCP_PSH | TCP_FIN);
	p.payload = (struct span){0};
	return build(out, role, &p, &area);
}

bool inside_segment_again(struct inside_segment *out, const struct inside_segment *held,
			  struct span last, uint32_t later_ms)
{
	const struct tcp_option *ours, *stamp;
	struct packet p, recent;

	if (packet_parse(&recent, last) || !(recent.have & PACKET_HAS_TCP))
		return false;
	*out = *held;
	field_write(out->octets, out->len, FIELD_TCP_ACK, recent.tcp.ack);
	packet_parse(&p, span_of(out->octets, out->len));
	ours = tcp_option_timestamp(&p.tcp.options);
	stamp = tcp_option_timestamp(&recent.tcp.options);
	if (ours && stamp) {
		uint8_t *at = out->octets + (ours->at - out->octets);

		store_u32(at + 2, load_u32(stamp->at + 2) + later_ms);
		store_u32(at + 6, load_u32(stamp->at + 6));
	}
	packet_fix_checksums(out->octets, out->len);
	return true;
}

bool inside_segment_plain(struct inside_segment *out, struct span data, uint32_t later_ms)
{
	struct area area = {.len = 0};
	struct packet p;

	if (packet_parse(&p, data) || !(p.have & PACKET_HAS_ALL))
		return false;
	put_timestamps(&area, &p, later_ms);
	return build(out, ROLE_DATA_PLAIN, &p, &area);
}
