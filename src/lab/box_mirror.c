/* SYN/ACKs that repeat the SYN's options octet by octet: of its own, as careless SYN responders
 * send them, or written over the target's. */
#include <stddef.h>
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_flow.h"
#include "lab/box_list.h"

#define SYNS_MAX 256 /* remembered, by their flow's hash */

enum mode { MODE_ANSWER, MODE_EDIT };

static const char *const modes[] = {"answer", "edit", NULL};

struct syn_options {
	uint64_t flow;
	uint8_t len;
	uint8_t octets[TCP_OPTIONS_MAX];
};

struct mirror {
	struct box box;
	int mode;
	int64_t port, ttl;
	uint64_t salt;
	struct syn_options syns[SYNS_MAX];
};

static const struct box_param mirror_params[] = {
    {.name = "mode",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct mirror, mode),
     .choices = modes,
     .help = "answer: SYNs, in the target's name; edit: the target's SYN/ACKs"},
    {.name = "port",
     .type = PARAM_INT,
     .offset = offsetof(struct mirror, port),
     .min = 0,
     .max = UINT16_MAX,
     .help = "the target's port; 0: any"},
    {.name = "ttl",
     .type = PARAM_INT,
     .offset = offsetof(struct mirror, ttl),
     .min = 1,
     .max = 255,
     .help = "answers leave with this TTL"},
    {0},
};

static void mirror_init(struct box *box)
{
	((struct mirror *)box)->ttl = 64;
}

static void mirror_answer(struct mirror *m, const struct packet *p, uint64_t flow,
			  const struct box_io *io)
{
	struct packet answer;

	box_answer_init(&answer, p, (uint8_t)m->ttl);
	answer.tcp.seq = (uint32_t)(flow >> 32) ^ p->tcp.seq;
	answer.tcp.ack = p->tcp.seq + 1;
	answer.tcp.flags = TCP_SYN | TCP_ACK;
	answer.tcp.window = p->tcp.window;
	box_answer_send(&answer, p->tcp.option_area, BOX_REVERSE, io);
}

static enum box_fate mirror_syn(struct mirror *m, const struct packet *p, uint64_t flow,
				const struct box_io *io)
{
	struct syn_options *s = &m->syns[flow % SYNS_MAX];

	if (m->mode == MODE_ANSWER) {
		mirror_answer(m, p, flow, io);
		return BOX_DROP;
	}
	s->flow = flow;
	s->len = (uint8_t)p->tcp.option_area.len;
	if (s->len)
		memcpy(s->octets, p->tcp.option_area.at, s->len);
	return BOX_PASS;
}

static enum box_fate mirror_packet(struct box *box, struct box_packet *packet,
				   const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct mirror *m = (struct mirror *)box;
	bool forward = packet->direction == BOX_FORWARD;
	const struct syn_options *s;
	uint64_t flow;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	if (m->port && m->port != (forward ? p.tcp.dst_port : p.tcp.src_port))
		return BOX_PASS;
	flow = box_flow_hash(&p, packet->direction, box_salt(&m->salt, io->rng));
	if (forward && (p.tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return mirror_syn(m, &p, flow, io);
	if (m->mode == MODE_ANSWER)
		return forward ? BOX_DROP : BOX_PASS; /* nobody behind knows the connection */
	s = &m->syns[flow % SYNS_MAX];
	if (!forward && p.tcp.flags & TCP_SYN && s->flow == flow)
		box_options_replace(packet, &p, span_of(s->octets, s->len));
	return BOX_PASS;
}

const struct box_ops box_mirror = {
    .name = "mirror",
    .summary = "SYN/ACKs repeat the options of the SYN",
    .size = sizeof(struct mirror),
    .params = mirror_params,
    .init = mirror_init,
    .packet = mirror_packet,
};
