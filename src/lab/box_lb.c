/* A load balancer that does not know tokens: hashes each flow to one of several backends, so that
 * an MP_JOIN may reach one that does not have the connection, and is reset there (RFC 8041 §3.12).
 * The target is the backend that a connection's first flow reaches. */
#include <stddef.h>

#include "lab/box_flow.h"
#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "packet/mptcp_option.h"

struct lb {
	struct box box;
	int64_t backends;
	bool tcprst;
	uint64_t salt;
	struct box_flows elsewhere;
};

static const struct box_param lb_params[] = {
    {.name = "backends",
     .type = PARAM_INT,
     .offset = offsetof(struct lb, backends),
     .min = 0,
     .max = 1024,
     .help = "how many there are; 0: so many that no MP_JOIN ever reaches the right one"},
    {.name = "tcprst",
     .type = PARAM_BOOL,
     .offset = offsetof(struct lb, tcprst),
     .help = "whether the other backends say why, with MP_TCPRST"},
    {0},
};

static void lb_init(struct box *box)
{
	struct lb *l = (struct lb *)box;

	l->backends = 2;
	l->tcprst = true;
	l->elsewhere.size = sizeof(struct box_flow);
}

static bool goes_elsewhere(struct lb *l, const struct packet *p, const struct box_io *io)
{
	uint64_t hash = box_flow_hash(p, BOX_FORWARD, box_salt(&l->salt, io->rng));

	return !l->backends || hash % (uint64_t)l->backends;
}

static enum box_fate lb_packet(struct box *box, struct box_packet *packet, const struct box_io *io)
{
	static const struct box_filter forward = {.direction = BOX_FORWARD - 1};
	static const uint8_t reason[] = {TCP_OPT_MPTCP, 4, MPTCP_TCPRST << 4, 1}; /* MPTCP error */
	struct lb *l = (struct lb *)box;
	struct packet p;

	if (!box_segment(&p, packet, &forward))
		return BOX_PASS;
	if ((p.tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_JOIN) && goes_elsewhere(l, &p, io))
		box_flows_get(&l->elsewhere, &p, packet, io->now_ns);
	if (!box_flows_find(&l->elsewhere, &p, BOX_FORWARD))
		return BOX_PASS;
	box_answer_reset(&p, packet, 64, span_of(reason, l->tcprst ? sizeof(reason) : 0), io);
	return BOX_DROP;
}

static void lb_fini(struct box *box)
{
	box_flows_fini(&((struct lb *)box)->elsewhere);
}

const struct box_ops box_lb = {
    .name = "lb",
    .summary = "spreads flows over backends, MP_JOINs away from their connection",
    .size = sizeof(struct lb),
    .params = lb_params,
    .init = lb_init,
    .packet = lb_packet,
    .fini = lb_fini,
};
