/* A stateful firewall: lets segments pass of flows whose SYN it saw, forgets flows that were silent
 * too long, and drops or resets what belongs to none. */
#include <stddef.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/time.h"

enum how { HOW_DROP, HOW_RESET };

static const char *const hows[] = {"drop", "reset", NULL};

struct state {
	struct box box;
	int how;
	int64_t idle_ms;
	struct box_flows flows;
};

static const struct box_param state_params[] = {
    {.name = "idle_ms",
     .type = PARAM_INT,
     .offset = offsetof(struct state, idle_ms),
     .min = 0,
     .max = INT32_MAX,
     .help = "milliseconds of silence after which a flow is forgotten; 0: never"},
    {.name = "how",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct state, how),
     .choices = hows,
     .help = "whether what belongs to no flow is dropped, or reset"},
    {0},
};

static void state_init(struct box *box)
{
	struct state *s = (struct state *)box;

	s->flows.size = sizeof(struct box_flow);
}

static enum box_fate refuse(const struct state *s, const struct packet *p,
			    const struct box_packet *packet, const struct box_io *io)
{
	if (s->how == HOW_RESET)
		box_answer_reset(p, packet, 64, (struct span){0}, io);
	return BOX_DROP;
}

static enum box_fate state_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct state *s = (struct state *)box;
	struct box_flow *f;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	f = box_flows_find(&s->flows, &p, packet->direction);
	if (f && s->idle_ms && io->now_ns - f->used_ns > s->idle_ms * NS_PER_MS) {
		box_flows_forget(&s->flows, f);
		f = NULL;
	}
	if (!f && (p.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return refuse(s, &p, packet, io);
	f = box_flows_get(&s->flows, &p, packet, io->now_ns);
	if (f && p.tcp.flags & TCP_RST)
		box_flows_forget(&s->flows, f);
	return BOX_PASS;
}

static void state_fini(struct box *box)
{
	box_flows_fini(&((struct state *)box)->flows);
}

const struct box_ops box_state = {
    .name = "state",
    .summary = "passes flows whose SYN it saw, until they are silent too long",
    .size = sizeof(struct state),
    .params = state_params,
    .init = state_init,
    .packet = state_packet,
    .fini = state_fini,
};
