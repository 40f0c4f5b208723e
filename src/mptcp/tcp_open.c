#include <string.h>

#include "mptcp/tcp_parts.h"
#include "util/octets.h"

#define WSCALE_MAX     14 /* RFC 7323 §2.3 */
#define RTO_UNKNOWN_NS (3 * NS_PER_S)
#define MSS_LEAST      88 /* options and half as much payload: no peer makes us send dust */

const char *tcp_state_name(enum tcp_state state)
{
	static const char *const name[] = {
	    [TCP_CLOSED] = "closed",
	    [TCP_SYN_SENT] = "syn-sent",
	    [TCP_SYN_RECEIVED] = "syn-received",
	    [TCP_ESTABLISHED] = "established",
	    [TCP_FIN_WAIT_1] = "fin-wait-1",
	    [TCP_FIN_WAIT_2] = "fin-wait-2",
	    [TCP_CLOSE_WAIT] = "close-wait",
	    [TCP_CLOSING] = "closing",
	    [TCP_LAST_ACK] = "last-ack",
	    [TCP_TIME_WAIT] = "time-wait",
	};

	return name[state];
}

void tcp_config_defaults(struct tcp_config *config)
{
	*config = (struct tcp_config){
	    .mss = 1460,
	    .wscale = 8,
	    .sack = true,
	    .timestamps = true,
	    .syn_retries = 6,
	    .retries = 15,
	    .rto_min_ns = 200 * NS_PER_MS,
	    .delayed_ack_ns = 40 * NS_PER_MS,
	    .time_wait_ns = 60 * NS_PER_S,
	    .rto_initial_ns = NS_PER_S,
	    .rto_max_ns = 120 * NS_PER_S,
	    .fin_wait_2_ns = 600 * NS_PER_S,
	    .ttl = 64,
	};
}

void tcp_tell(struct tcp *t, enum tcp_event event)
{
	if (event == TCP_EVENT_CLOSED && t->closed_told)
		return;
	t->closed_told = event == TCP_EVENT_CLOSED;
	t->owner->event(t, event);
}

static void init(struct tcp *t, const struct tcp_config *config, const struct tcp_owner_ops *owner,
		 int64_t now_ns, uint32_t iss)
{
	memset(t, 0, sizeof(*t));
	t->config = *config;
	t->owner = owner;
	t->now_ns = now_ns;
	if (t->config.wscale > WSCALE_MAX)
		t->config.wscale = WSCALE_MAX;
	t->iss = t->snd_una = iss;
	t->snd_nxt = t->snd_end = t->round_end = iss + 1;
	t->rto_ns = config->rto_initial_ns;
	t->min_rtt_ns[0] = t->min_rtt_ns[1] = TIME_NEVER;
	t->min_rtt_since_ns = now_ns;
	t->pace_ns = t->last_sent_ns = TIME_NEVER;
	for (unsigned i = 0; i < TCP_TIMERS; i++)
		t->timer[i] = TIME_NEVER;
	t->burst = TCP_BURST;
	t->rcv_mss = 536;
	t->quick_acks = 8;
	t->last_data_ns = t->opened_ns = now_ns;
	t->ip_id = (uint16_t)(iss >> 8);
	t->dirty = true;
	tcp_header_init(t);
}

void tcp_init_active(struct tcp *t, const struct tcp_config *config,
		     const struct tcp_owner_ops *owner, int64_t now_ns)
{
	init(t, config, owner, now_ns, config->isn);
	t->active = true;
	t->state = TCP_SYN_SENT;
	t->syn_due = true;
}

static void set_mss(struct tcp *t, uint16_t peer_mss)
{
	t->peer_mss = peer_mss > MSS_LEAST ? peer_mss : MSS_LEAST;
	t->mss = t->config.mss < t->peer_mss ? t->config.mss : t->peer_mss;
}

static void begin_receiving(struct tcp *t, uint32_t irs)
{
	t->irs = irs;
	t->rcv_nxt = t->rcv_acked = t->rcv_edge = irs + 1;
	t->snd_wl1 = irs;
	t->snd_wl2 = t->snd_una;
}

static void take_stamps(struct tcp *t, uint32_t stamp)
{
	t->timestamps_on = t->config.timestamps;
	t->ts_recent = stamp;
	t->ts_recent_ns = t->now_ns;
}

/* The peer's options came back as ours went out, say: what the peer sends next may look older than
 * that stamp, and is believed all the same. */
static void check_echo(struct tcp *t, uint32_t echo)
{
	if (tcp_stamp_at(t, t->now_ns) - echo >
	    tcp_stamp_at(t, t->now_ns) - tcp_stamp_at(t, t->opened_ns))
		t->ts_recent_ns = t->now_ns - TCP_STAMP_VALID_NS;
}

static void take_wscale(struct tcp *t, uint8_t scale)
{
	t->wscale_on = true;
	t->snd_wscale = scale < WSCALE_MAX ? scale : WSCALE_MAX;
}

static void take_syn_option(struct tcp *t, const struct tcp_option *o, bool ack)
{
	if (o->malformed)
		return;
	if (o->kind == TCP_OPT_MSS && o->len == 4)
		set_mss(t, load_u16(o->at + 2));
	else if (o->kind == TCP_OPT_WSCALE && o->len == 3)
		take_wscale(t, o->at[2]);
	else if (o->kind == TCP_OPT_SACK_PERM && o->len == 2)
		t->sack_on = t->config.sack;
	else if (o->kind == TCP_OPT_TIMESTAMP && o->len == 10) {
		take_stamps(t, load_u32(o->at + 2));
		if (ack)
			check_echo(t, load_u32(o->at + 6));
	}
}

/* A SYN asks for ECN with ECE and CWR, a SYN/ACK agrees with ECE alone (RFC 3168 §6.1.1). */
void tcp_take_syn_options(struct tcp *t, const struct packet *p)
{
	unsigned ecn = p->tcp.flags & (TCP_ECE | TCP_CWR);

	begin_receiving(t, p->tcp.seq);
	set_mss(t, t->config.local.family == 4 ? 536 : 1220);
	for (unsigned i = 0; i < p->tcp.options.count; i++)
		take_syn_option(t, &p->tcp.options.item[i], p->tcp.flags & TCP_ACK);
	t->ecn_on = t->config.ecn &&
		    ecn == ((p->tcp.flags & TCP_ACK) ? TCP_ECE : (unsigned)(TCP_ECE | TCP_CWR));
	t->snd_wnd = t->snd_wnd_max = p->tcp.window;
}

void tcp_init_passive(struct tcp *t, const struct tcp_config *config,
		      const struct tcp_owner_ops *owner, const struct packet *syn, int64_t now_ns)
{
	init(t, config, owner, now_ns, config->isn);
	t->state = TCP_SYN_RECEIVED;
	t->syn_due = true;
	tcp_take_syn_options(t, syn);
}

void tcp_init_cookie(struct tcp *t, const struct tcp_config *config,
		     const struct tcp_owner_ops *owner, const struct packet *ack, uint16_t peer_mss,
		     uint8_t peer_wscale, bool peer_sack, int64_t now_ns)
{
	const struct tcp_option *stamp = tcp_option_timestamp(&ack->tcp.options);
	uint32_t edge;

	init(t, config, owner, now_ns, ack->tcp.ack - 1);
	t->state = TCP_SYN_RECEIVED;
	begin_receiving(t, ack->tcp.seq - 1);
	set_mss(t, peer_mss);
	t->sack_on = peer_sack && config->sack;
	if (peer_wscale != TCP_NO_WSCALE)
		take_wscale(t, peer_wscale);
	if (stamp)
		take_stamps(t, load_u32(stamp->at + 2));
	edge = owner->window(t);
	t->rcv_edge += edge < UINT16_MAX ? edge : UINT16_MAX; /* as the cookie offered */
	t->last_sent_ns = now_ns;
	t->timer[TCP_TIMER_RTX] = now_ns + tcp_rto_ns(t);
}

static void enter_group(struct tcp *t)
{
	struct cc_group *g = t->config.group;

	if (g && g->count < CC_FLOWS_MAX)
		g->flow[g->count++] = &t->flow;
}

/* Our SYN is acknowledged. */
void tcp_established(struct tcp *t)
{
	if (t->timeouts == 0 && t->last_sent_ns != TIME_NEVER && t->now_ns > t->last_sent_ns)
		tcp_rtt_sample(t, t->now_ns - t->last_sent_ns);
	else if (t->timeouts && t->rto_ns < RTO_UNKNOWN_NS) /* RFC 6298 §5.7 */
		t->rto_ns = RTO_UNKNOWN_NS;
	t->snd_una = t->iss + 1;
	t->snd_edge = t->snd_una + t->snd_wnd;
	t->state = t->fin_queued ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
	t->timer[TCP_TIMER_RTX] = TIME_NEVER;
	t->backoff = 0;
	t->timeouts = 0;
	t->syn_due = false;
	t->flow.mss = tcp_payload_max(t, 0);
	t->flow.established = true;
	enter_group(t);
	t->config.cc->init(&t->flow, t->now_ns);
	t->cwnd_initial = t->flow.cwnd;
	tcp_tell(t, TCP_EVENT_CONNECTED);
}

size_t tcp_memory(const struct tcp *t)
{
	return t->ring.size * sizeof(*t->ring.at) + t->reorder.size +
	       t->reorder.capacity * sizeof(*t->reorder.range);
}
