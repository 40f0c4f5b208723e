/* The segments that the box promised to deliver, until the receiver has them. */
#include <stdlib.h>
#include <string.h>

#include "lab/box_early_ack.h"
#include "util/octets.h"
#include "util/seq.h"
#include "util/time.h"

#define TRIES_MAX   15
#define BACKOFF_MAX 8

void early_ack_flow_fini(struct box_flow *flow)
{
	struct acked *a = (struct acked *)flow;

	for (size_t i = 0; i < a->count; i++)
		free(a->kept[i]);
}

static void early_ack_arm(struct early_ack *x, struct acked *a, int64_t now_ns)
{
	unsigned backoff = a->tries < BACKOFF_MAX ? a->tries : BACKOFF_MAX;

	a->resend_ns = now_ns + (x->rto_ms * NS_PER_MS << backoff);
	if (a->resend_ns < x->next_ns)
		x->next_ns = a->resend_ns;
}

bool early_ack_keep(struct early_ack *x, struct acked *a, const struct box_packet *packet,
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
		early_ack_arm(x, a, now_ns);
	a->kept[a->count++] = k;
	return true;
}

void early_ack_forget(struct early_ack *x, struct acked *a, uint32_t ack, int64_t now_ns)
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
	early_ack_arm(x, a, now_ns);
	if (!a->resending)
		return;
	a->resend_ns = now_ns; /* the next one is missing as well */
	x->next_ns = now_ns;
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

void early_ack_resend(struct early_ack *x, struct acked *a, const struct box_io *io)
{
	if (a->tries++ >= TRIES_MAX) {
		early_ack_flow_fini(&a->flow);
		a->count = 0;
		return;
	}
	a->resending = true;
	refresh(a, &a->kept[0]->packet);
	io->emit(io->context, &a->kept[0]->packet);
	early_ack_arm(x, a, io->now_ns);
}
