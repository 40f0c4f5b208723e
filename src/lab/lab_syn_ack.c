#include "lab/lab_syn_ack.h"

#include <string.h>

#include "util/octets.h"

struct layout {
	uint8_t *at;
	uint8_t len;
};

static uint8_t *layout_add(struct layout *l, uint8_t kind, uint8_t len)
{
	uint8_t *at = l->at + l->len;

	at[0] = kind;
	at[1] = len;
	l->len = (uint8_t)(l->len + len);
	return at + 2;
}

static void layout_nop(struct layout *l, size_t count)
{
	while (count--)
		l->at[l->len++] = TCP_OPT_NOP;
}

static const struct tcp_option *offered(const struct packet *syn, uint8_t kind, uint8_t len)
{
	const struct tcp_option *o = tcp_option_find(&syn->tcp.options, kind, -1);

	return o && !o->malformed && o->len == len ? o : NULL;
}

static void add_mss(struct layout *l, const struct syn_ack_host *host)
{
	if (host->mss >= 0)
		store_u16(layout_add(l, TCP_OPT_MSS, 4), (uint16_t)host->mss);
}

/* Linux puts SACK-permitted into the two octets that align the timestamps. */
static void add_sack_timestamp(struct layout *l, const struct syn_ack_host *host,
			       const struct packet *syn)
{
	const struct tcp_option *ts = host->timestamp ? offered(syn, TCP_OPT_TIMESTAMP, 10) : NULL;
	bool sack = host->sack && offered(syn, TCP_OPT_SACK_PERM, 2);
	uint8_t *body;

	if (!ts && !sack)
		return;
	if (sack && ts)
		layout_add(l, TCP_OPT_SACK_PERM, 2);
	else
		layout_nop(l, 2);
	if (!ts) {
		layout_add(l, TCP_OPT_SACK_PERM, 2);
		return;
	}
	body = layout_add(l, TCP_OPT_TIMESTAMP, 10);
	store_u32(body, host->tsval);
	memcpy(body + 4, ts->at + 2, 4);
}

static void add_wscale(struct layout *l, const struct syn_ack_host *host, const struct packet *syn)
{
	if (host->wscale < 0 || !offered(syn, TCP_OPT_WSCALE, 3))
		return;
	layout_nop(l, 1);
	layout_add(l, TCP_OPT_WSCALE, 3)[0] = (uint8_t)host->wscale;
}

/* Does a host that speaks `mptcp` accept what the SYN offers? *out is its MP_CAPABLE. */
static bool accepted(enum lab_mptcp mptcp, const struct packet *syn, struct mptcp_capable *out)
{
	const struct tcp_option_list *list = &syn->tcp.options;
	const struct tcp_option *o = tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_CAPABLE);
	struct mptcp_option m;

	if (mptcp == LAB_MPTCP_NONE || !o || mptcp_option_parse(&m, o) ||
	    tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_JOIN))
		return false;
	*out = m.capable;
	if (!(out->flags & MPTCP_CAPABLE_H) || out->flags & MPTCP_CAPABLE_B)
		return false;
	if (mptcp == LAB_MPTCP_V1)
		return out->version == 1 && o->len == 4;
	return out->version == 0 && o->len == 12;
}

static void add_mptcp(struct layout *l, const struct syn_ack_host *host, const struct packet *syn)
{
	struct mptcp_option m = {.subtype = MPTCP_CAPABLE};
	struct mptcp_capable syns;
	int len;

	if (!accepted(host->mptcp, syn, &syns))
		return;
	m.capable.version = syns.version;
	m.capable.flags = MPTCP_CAPABLE_H | (syns.flags & MPTCP_CAPABLE_A);
	m.capable.has_sender_key = true;
	m.capable.sender_key = host->key;
	len = mptcp_option_build(&m, l->at + l->len, (size_t)(TCP_OPTIONS_MAX - l->len));
	if (len > 0)
		l->len = (uint8_t)(l->len + len);
}

uint8_t syn_ack_options(const struct syn_ack_host *host, const struct packet *syn,
			uint8_t out[TCP_OPTIONS_MAX])
{
	struct layout l = {.at = out};

	add_mss(&l, host);
	add_sack_timestamp(&l, host, syn);
	add_wscale(&l, host, syn);
	add_mptcp(&l, host, syn);
	return l.len;
}
