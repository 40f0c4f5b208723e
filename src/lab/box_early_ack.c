/* A simple performance-enhancing proxy: acknowledges data in the receiver's name as it passes,
 * keeps it and sends it again until the receiver has it. Told to lose, it breaks that promise now
 * and then: octets that were acknowledged never arrive. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/octets.h"
#include "util/seq.h"
#include "util/time.h"

#define KEPT_MAX    64 /* segments a flow; beyond them it is no proxy any more */
#define TRIES_MAX   15
#define BACKOFF_MAX 8

struct kept {
	uint32_t end;
	struct box_packet packet;
};

struct acked {
	struct box_flow flow;
	bool known;
	uint32_t next;	  /* acknowledged to the sender */
	uint32_t tsval;	  /* the receiver's last */
	uint32_t edge;	  /* of the window it offered: the box offers no more in its name */
	uint32_t ack_seq; /* what the receiver would send next */
	uint8_t shift;	  /* of its window */
	bool scales[2];	  /* sender, receiver */
	bool sender_known, stamp_known;
	uint32_t sender_ack, sender_tsval, sender_tsecr; /* the sender's last */
	uint64_t segments;
	unsigned tries;
	bool resending; /* until all that is kept has arrived */
	int64_t resend_ns;
	size_t count;
	struct kept *kept[KEPT_MAX]; /* owned, oldest first */
};

struct early_ack {
	struct box box;
	int direction;
	int64_t lose, rto_ms;
	int64_t next_ns;
	struct box_flows flows;
};

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

static void flow_fini(struct box_flow *flow)
{
	struct acked *a = (struct acked *)flow;

	for (size_t i = 0; i < a->count; i++)
		free(a->kept[i]);
}

static void early_ack_init(struct box *box)
{
	struct early_ack *x = (struct early_ack *)box;

	x->rto_ms = 300;
	x->next_ns = TIME_NEVER;
	x->flows.size = sizeof(struct acked);
	x->flows.fini = flow_fini;
}

static void arm(struct early_ack *x, struct acked *a, int64_t now_ns)
{
	unsigned backoff = a->tries < BACKOFF_MAX ? a->tries : BACKOFF_MAX;

	a->resend_ns = now_ns + (x->rto_ms * NS_PER_MS << backoff);
	if (a->resend_ns < x->next_ns)
		x->next_ns = a->resend_ns;
}

static bool keep(struct early_ack *x, struct acked *a, const struct box_packet *packet,
		 uint32_t end, int64_t now_ns)
{
	struct kept *k;

	if (a->count == KEPT_MAX)
		return false;
	k = malloc(sizeof(*k));
	if (!k)
		return false;
	k->end = end;
	memcpy(k->packet.octets, packet->octets, packet->len);
	k->packet.len = packet->len;
	k->packet.direction = packet->direction;
	k->packet.path = packet->path;
	if (!a->count)
		arm(x, a, now_ns);
	a->kept[a->count++] = k;
	return true;
}

static void forget_until(struct early_ack *x, struct acked *a, uint32_t ack, int64_t now_ns)
{
	size_t gone = 0;

	while (gone < a->count && !seq_before(ack, a->kept[gone]->end))
		free(a->kept[gone++]);
	if (!gone)
		return;
	a->count -= gone;
	a->tries = 0;
	memmove(a->kept, a->kept + gone, a->count * sizeof(struct kept *));
	a->resending = a->resending && a->count;
	arm(x, a, now_ns);
	if (!a->resending)
		return;
	a->resend_ns = now_ns; /* the next one is missing as well */
	x->next_ns = now_ns;
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
	if (keep(x, a, packet, end, io->now_ns)) {
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
	forget_until(x, a, p->tcp.ack, now_ns);
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

/* As the sender would send it now: with its newest ACK and timestamp. */
static void refresh(const struct acked *a, struct box_packet *packet)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	const struct tcp_option *ts;
	struct box_edit edit;
	struct packet p;
	uint8_t *at;

	if (!box_segment(&p, packet, &all))
		return;
	ts = tcp_option_find(&p.tcp.options, TCP_OPT_TIMESTAMP, -1);
	box_edit_begin(&edit, packet);
	store_u32(packet->octets + p.ip.header_len + 8, a->sender_ack);
	if (ts && ts->len == 10) {
		at = packet->octets + (ts->at - packet->octets);
		store_u32(at + 2, a->sender_tsval);
		store_u32(at + 6, a->sender_tsecr);
	}
	box_edit_end(&edit);
}

static void resend(struct early_ack *x, struct acked *a, const struct box_io *io)
{
	if (a->tries++ >= TRIES_MAX) {
		flow_fini(&a->flow);
		a->count = 0;
		return;
	}
	a->resending = true;
	refresh(a, &a->kept[0]->packet);
	io->emit(io->context, &a->kept[0]->packet);
	arm(x, a, io->now_ns);
}

static void early_ack_expire(struct box *box, const struct box_io *io)
{
	struct early_ack *x = (struct early_ack *)box;

	x->next_ns = TIME_NEVER;
	for (unsigned i = 0; i < x->flows.count; i++) {
		struct acked *a = (struct acked *)x->flows.flow[i];

		if (a->count && a->resend_ns <= io->now_ns)
			resend(x, a, io);
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
