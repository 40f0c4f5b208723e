/* A simple performance-enhancing proxy: acknowledges data in the receiver's name as it passes,
 * keeps it and sends it again until the receiver has it. Told to lose, it breaks that promise now
 * and then: octets that were acknowledged never arrive. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/box_early_ack.h"
#include "lab/box_list.h"
#include "util/octets.h"
#include "util/seq.h"
#include "util/time.h"

static const char *const ways[] = {"forward", "reverse", NULL};

static const struct box_param early_ack_params[] = {
    {.name = "direction",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct early_ack, direction),
     .choices = ways,
     .help = "which data it acknowledges: towards the target, or back"},
    {.name = "lose",
     .type = PARAM_INT,
     .offset = offsetof(struct early_ack, lose),
     .min = 0,
     .max = INT32_MAX,
     .help = "loses every n-th segment that it acknowledged; 0: none"},
    {.name = "rto_ms",
     .type = PARAM_INT,
     .offset = offsetof(struct early_ack, rto_ms),
     .min = 1,
     .max = 60000,
     .help = "milliseconds until it sends again"},
    {0},
};

static void early_ack_init(struct box *box)
{
	struct early_ack *x = (struct early_ack *)box;

	x->rto_ms = 300;
	x->next_ns = TIME_NEVER;
	x->flows.size = sizeof(struct acked);
	x->flows.fini = early_ack_flow_fini;
}

static uint16_t window_of(const struct acked *a)
{
	uint32_t room = seq_before(a->next, a->edge) ? a->edge - a->next : 0;
	uint32_t window = room >> (a->scales[0] && a->scales[1] ? a->shift : 0);

	return window < UINT16_MAX ? (uint16_t)window : UINT16_MAX;
}

/* An ACK in the receiver's name, with its timestamp (RFC 7323 §3.2), without any MPTCP option. */
static void acknowledge(const struct acked *a, const struct packet *p, enum box_direction direction,
			const struct box_io *io)
{
	const struct tcp_option *ts = tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1);
	uint8_t options[12] = {TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_TIMESTAMP, 10};
	struct packet answer;

	box_answer_init(&answer, p, 64);
	answer.tcp.seq = a->ack_seq;
	answer.tcp.ack = a->next;
	answer.tcp.flags = TCP_ACK;
	answer.tcp.window = window_of(a);
	store_u32(options + 4, a->tsval);
	if (ts && ts->len == 10)
		memcpy(options + 8, ts->at + 2, 4);
	box_answer_send(&answer, span_of(options, ts && ts->len == 10 ? sizeof(options) : 0),
			box_opposite(direction), io);
}

static bool loses(const struct early_ack *x, struct acked *a)
{
	return x->lose && ++a->segments % (uint64_t)x->lose == 0;
}

static enum box_fate data_segment(struct early_ack *x, struct acked *a, struct box_packet *packet,
				  const struct packet *p, const struct box_io *io)
{
	uint32_t end = p->tcp.seq + (uint32_t)p->payload.len;

	if (!a->known || !p->payload.len || p->tcp.flags & (TCP_SYN | TCP_RST | TCP_FIN))
		return BOX_PASS;
	if (!seq_before(a->next, end)) { /* the sender did not hear it */
		acknowledge(a, p, packet->direction, io);
		return BOX_DROP;
	}
	if (p->tcp.seq != a->next)
		return BOX_PASS;
	if (loses(x, a)) {
		a->next = end;
		acknowledge(a, p, packet->direction, io);
		return BOX_DROP;
	}
	if (early_ack_keep(x, a, packet, end, io->now_ns)) {
		a->next = end;
		acknowledge(a, p, packet->direction, io);
	}
	return BOX_PASS;
}

/* What the receiver says never takes back what was said in its name. */
static void lift_ack(const struct acked *a, struct box_packet *packet, const struct packet *p)
{
	static const struct box_option sack = {.kind = TCP_OPT_SACK, .subtype = -1};
	struct box_options options = box_options_of(p);
	struct packet out = *p;
	struct box_packet made;

	box_options_without(&options, &sack);
	out.tcp.ack = a->next;
	out.tcp.window = window_of(a);
	if (!box_segment_make(&made, packet, &out, &options))
		return;
	memcpy(packet->octets, made.octets, made.len);
	packet->len = made.len;
}

static void note_syn(struct acked *a, const struct packet *p, bool receiver)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_WSCALE, -1);

	a->scales[receiver] = o && o->len == 3;
	if (receiver && a->scales[1])
		a->shift = o->at[2] < 14 ? o->at[2] : 14;
}

static void note_sender(struct acked *a, const struct packet *p)
{
	const struct tcp_option *ts = tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1);

	if (p->tcp.flags & TCP_SYN)
		note_syn(a, p, false);
	if (p->tcp.flags & TCP_ACK && (!a->sender_known || !seq_before(p->tcp.ack, a->sender_ack)))
		a->sender_ack = p->tcp.ack;
	a->sender_known = a->sender_known || p->tcp.flags & TCP_ACK;
	if (!ts || ts->len != 10 ||
	    (a->stamp_known && seq_before(load_u32(ts->at + 2), a->sender_tsval)))
		return;
	a->stamp_known = true;
	a->sender_tsval = load_u32(ts->at + 2);
	a->sender_tsecr = load_u32(ts->at + 6);
}

static void receiver_segment(struct early_ack *x, struct acked *a, struct box_packet *packet,
			     const struct packet *p, int64_t now_ns)
{
	const struct tcp_option *ts = tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1);

	if (ts && ts->len == 10)
		a->tsval = load_u32(ts->at + 2);
	if (!(p->tcp.flags & TCP_ACK) || p->tcp.flags & TCP_RST)
		return;
	if (p->tcp.flags & TCP_SYN)
		note_syn(a, p, true);
	a->edge = p->tcp.ack +
		  ((uint32_t)p->tcp.window
		   << (a->scales[0] && a->scales[1] && !(p->tcp.flags & TCP_SYN) ? a->shift : 0));
	a->ack_seq = p->tcp.seq + box_segment_len(p);
	if (!a->known || p->tcp.flags & TCP_SYN)
		a->next = p->tcp.ack;
	a->known = true;
	early_ack_forget(x, a, p->tcp.ack, now_ns);
	if (seq_before(a->next, p->tcp.ack))
		a->next = p->tcp.ack;
	else if (a->next != p->tcp.ack)
		lift_ack(a, packet, p);
}

static enum box_fate early_ack_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct early_ack *x = (struct early_ack *)box;
	struct acked *a;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	a = box_flows_get(&x->flows, &p, packet, io->now_ns);
	if (!a)
		return BOX_PASS;
	if (p.tcp.flags & TCP_RST) {
		box_flows_forget(&x->flows, &a->flow);
		return BOX_PASS;
	}
	if (box_side(packet->direction) == (unsigned)x->direction) {
		note_sender(a, &p);
		return data_segment(x, a, packet, &p, io);
	}
	receiver_segment(x, a, packet, &p, io->now_ns);
	return BOX_PASS;
}

static int64_t early_ack_expiry_ns(const struct box *box)
{
	return ((const struct early_ack *)box)->next_ns;
}

static void early_ack_expire(struct box *box, const struct box_io *io)
{
	struct early_ack *x = (struct early_ack *)box;

	x->next_ns = TIME_NEVER;
	for (unsigned i = 0; i < x->flows.count; i++) {
		struct acked *a = (struct acked *)x->flows.flow[i];

		if (a->count && a->resend_ns <= io->now_ns)
			early_ack_resend(x, a, io);
		if (a->count && a->resend_ns < x->next_ns)
			x->next_ns = a->resend_ns;
	}
}

static void early_ack_fini(struct box *box)
{
	box_flows_fini(&((struct early_ack *)box)->flows);
}

const struct box_ops box_early_ack = {
    .name = "early_ack",
    .summary = "acknowledges data in the receiver's name",
    .size = sizeof(struct early_ack),
    .params = early_ack_params,
    .init = early_ack_init,
    .packet = early_ack_packet,
    .expiry_ns = early_ack_expiry_ns,
    .expire = early_ack_expire,
    .fini = early_ack_fini,
};
