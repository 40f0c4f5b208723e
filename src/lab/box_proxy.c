/* Terminates TCP: answers SYNs in the target's name with options of its own, and lets nothing of
 * the connection pass. A split proxy (PEP) speaks as a whole host; a SYN proxy against floods
 * sends few or no options. ICMP goes through. */
#include <stddef.h>

#include "lab/box_edit.h"
#include "lab/box_flow.h"
#include "lab/box_list.h"
#include "lab/lab_syn_ack.h"

static const char *const versions[] = {"none", "v0", "v1", NULL}; /* enum lab_mptcp */

struct proxy {
	struct box box;
	int mptcp;
	int64_t port, ttl, mss, wscale, window;
	bool sack, timestamp;
	uint64_t salt;
};

#define ROW_INT(member, from, to, text)                                                            \
	{                                                                                          \
		.name = #member, .type = PARAM_INT, .offset = offsetof(struct proxy, member),      \
		.min = (from), .max = (to), .help = (text)                                         \
	}

#define ROW_BOOL(member, text)                                                                     \
	{                                                                                          \
		.name = #member, .type = PARAM_BOOL, .offset = offsetof(struct proxy, member),     \
		.help = (text)                                                                     \
	}

static const struct box_param proxy_params[] = {
    ROW_INT(port, 0, UINT16_MAX, "the target's port; 0: any"),
    ROW_INT(ttl, 1, 255, "answers leave with this TTL"),
    ROW_INT(mss, -1, UINT16_MAX, "MSS it announces; -1: none"),
    ROW_INT(wscale, -1, 14, "window scale it announces; -1: none"),
    ROW_INT(window, 0, UINT16_MAX, "window it announces"),
    ROW_BOOL(sack, "whether it permits SACK"),
    ROW_BOOL(timestamp, "whether it sends timestamps"),
    {.name = "mptcp",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct proxy, mptcp),
     .choices = versions,
     .help = "the MPTCP version it speaks itself"},
    {0},
};

static void proxy_init(struct box *box)
{
	struct proxy *x = (struct proxy *)box;

	x->ttl = 64;
	x->mss = 1460;
	x->wscale = 8;
	x->window = 65535;
	x->sack = true;
	x->timestamp = true;
}

static void proxy_answer(const struct proxy *x, const struct packet *p, uint64_t flow,
			 const struct box_io *io)
{
	struct syn_ack_host host = {
	    .mss = (int)x->mss,
	    .wscale = (int)x->wscale,
	    .sack = x->sack,
	    .timestamp = x->timestamp,
	    .mptcp = (enum lab_mptcp)x->mptcp,
	    .tsval = (uint32_t)(flow >> 16) + (uint32_t)(io->now_ns / 1000000),
	    .key = flow * 0x9e3779b97f4a7c15u,
	};
	uint8_t options[TCP_OPTIONS_MAX];
	struct packet answer;

	box_answer_init(&answer, p, (uint8_t)x->ttl);
	answer.tcp.seq = (uint32_t)(flow >> 32) ^ p->tcp.seq;
	answer.tcp.ack = p->tcp.seq + 1;
	answer.tcp.flags = TCP_SYN | TCP_ACK;
	answer.tcp.window = (uint16_t)x->window;
	box_answer_send(&answer, span_of(options, syn_ack_options(&host, p, options)), BOX_REVERSE,
			io);
}

static enum box_fate proxy_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	static const struct box_filter forward = {.direction = BOX_FORWARD - 1};
	struct proxy *x = (struct proxy *)box;
	struct packet p;

	if (!box_segment(&p, packet, &forward) || (x->port && x->port != p.tcp.dst_port))
		return BOX_PASS;
	if ((p.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		proxy_answer(x, &p, box_flow_hash(&p, BOX_FORWARD, box_salt(&x->salt, io->rng)),
			     io);
	return BOX_DROP;
}

const struct box_ops box_proxy = {
    .name = "proxy",
    .summary = "terminates TCP: answers SYNs in the target's name",
    .size = sizeof(struct proxy),
    .params = proxy_params,
    .init = proxy_init,
    .packet = proxy_packet,
};
