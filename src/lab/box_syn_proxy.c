/* A proxy against SYN floods that gets out of the way: answers the SYN itself, opens the connection
 * to the target once the client has answered, and from then on translates the target's sequence
 * numbers into its own. Knows MSS and SACK, and no other option. */
#include <stddef.h>

#include "lab/box_flow.h"
#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/octets.h"

enum stage { STAGE_NONE, STAGE_ANSWERED, STAGE_OPENING, STAGE_RELAYING };

struct proxied {
	struct box_flow flow;
	enum stage stage;
	uint32_t client_isn, cookie, server_isn; /* the cookie stands for the target's */
	uint16_t window;
	struct box_options options; /* MSS and SACK of the client */
};

struct syn_proxy {
	struct box box;
	int64_t mss;
	bool sack;
	uint64_t salt;
	struct box_flows flows;
};

static const struct box_param syn_proxy_params[] = {
    {.name = "mss",
     .type = PARAM_INT,
     .offset = offsetof(struct syn_proxy, mss),
     .min = 64,
     .max = UINT16_MAX,
     .help = "MSS it announces in the target's name"},
    {.name = "sack",
     .type = PARAM_BOOL,
     .offset = offsetof(struct syn_proxy, sack),
     .help = "whether it permits SACK, in the target's name"},
    {0},
};

static void syn_proxy_init(struct box *box)
{
	struct syn_proxy *x = (struct syn_proxy *)box;

	x->mss = 1380;
	x->sack = true;
	x->flows.size = sizeof(struct proxied);
}

static struct box_options offered(const struct syn_proxy *x, const struct packet *syn)
{
	static const uint8_t sack[] = {TCP_OPT_SACK_PERM, 2, TCP_OPT_NOP, TCP_OPT_NOP};
	struct box_options options = {.at = {TCP_OPT_MSS, 4}, .len = 4};

	store_u16(options.at + 2, (uint16_t)x->mss);
	if (x->sack && tcp_option_find(&syn->tcp.options, TCP_OPT_SACK_PERM, -1))
		box_options_put(&options, span_of(sack, sizeof(sack)));
	return options;
}

/* The SYN for the target: the client's MSS, and SACK if both ends permit it. */
static struct box_options forwarded(const struct syn_proxy *x, const struct packet *syn)
{
	const struct tcp_option *mss = tcp_option_find(&syn->tcp.options, TCP_OPT_MSS, -1);
	struct box_options options = offered(x, syn);

	store_u16(options.at + 2, mss && mss->len == 4 ? load_u16(mss->at + 2) : 536);
	return options;
}

static enum box_fate client_syn(struct syn_proxy *x, struct proxied *f, const struct packet *p,
				const struct box_io *io)
{
	uint64_t hash = box_flow_hash(p, BOX_FORWARD, box_salt(&x->salt, io->rng));
	struct box_options options = offered(x, p);
	struct packet answer;

	f->stage = STAGE_ANSWERED;
	f->client_isn = p->tcp.seq;
	f->cookie = (uint32_t)hash + p->tcp.seq;
	f->options = forwarded(x, p);
	box_answer_init(&answer, p, 64);
	answer.tcp.seq = f->cookie;
	answer.tcp.ack = p->tcp.seq + 1;
	answer.tcp.flags = TCP_SYN | TCP_ACK;
	answer.tcp.window = 65535;
	box_answer_send(&answer, span_of(options.at, options.len), BOX_REVERSE, io);
	return BOX_DROP;
}

/* A segment of its own towards the target, in the client's name. */
static void to_target(const struct proxied *f, const struct box_packet *like,
		      const struct packet *p, uint16_t flags, const struct box_io *io)
{
	static const struct box_options none = {.len = 0};
	bool syn = flags & TCP_SYN;
	struct packet out = *p;
	struct box_packet made;

	out.tcp.seq = f->client_isn + !syn;
	out.tcp.ack = syn ? 0 : f->server_isn + 1;
	out.tcp.flags = flags;
	out.tcp.window = f->window;
	out.payload.len = 0;
	if (!box_segment_make(&made, like, &out, syn ? &f->options : &none))
		return;
	made.direction = BOX_FORWARD;
	io->emit(io->context, &made);
}

/* Any valid segment of the client opens the connection to the target, again if need be. */
static enum box_fate client_early(struct proxied *f, const struct box_packet *packet,
				  const struct packet *p, const struct box_io *io)
{
	if (!(p->tcp.flags & TCP_ACK) || p->tcp.flags & TCP_RST || p->tcp.ack != f->cookie + 1)
		return BOX_DROP;
	f->stage = STAGE_OPENING;
	f->window = p->tcp.window;
	to_target(f, packet, p, TCP_SYN, io);
	return BOX_DROP; /* its data comes again */
}

static void target_syn_ack(struct proxied *f, const struct box_packet *packet,
			   const struct packet *p, const struct box_io *io)
{
	struct packet swapped = *p;

	f->stage = STAGE_RELAYING;
	f->server_isn = p->tcp.seq;
	swapped.ip.src = p->ip.dst;
	swapped.ip.dst = p->ip.src;
	swapped.ip.ttl = 64;
	swapped.tcp.src_port = p->tcp.dst_port;
	swapped.tcp.dst_port = p->tcp.src_port;
	to_target(f, packet, &swapped, TCP_ACK, io);
}

static bool is_syn(const struct packet *p)
{
	return (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static void relay(const struct proxied *f, struct box_packet *packet, const struct packet *p)
{
	uint32_t delta = f->cookie - f->server_isn;
	uint8_t *tcp = packet->octets + p->ip.header_len;
	const struct tcp_option *sack;
	struct box_edit edit;

	box_edit_begin(&edit, packet);
	if (packet->direction == BOX_REVERSE) {
		store_u32(tcp + 4, p->tcp.seq + delta);
	} else if (p->tcp.flags & TCP_ACK) {
		store_u32(tcp + 8, p->tcp.ack - delta);
		sack = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);
		for (size_t i = 2; sack && !sack->malformed && i + 4 <= sack->len; i += 4) {
			uint8_t *at = packet->octets + (sack->at - packet->octets) + i;

			store_u32(at, load_u32(at) - delta);
		}
	}
	box_edit_end(&edit);
}

static enum box_fate from_client(struct syn_proxy *x, struct proxied *f, struct box_packet *packet,
				 const struct packet *p, const struct box_io *io)
{
	bool syn = is_syn(p);

	if (syn && f->stage == STAGE_RELAYING && p->tcp.seq == f->client_isn)
		return BOX_DROP; /* an old one */
	if (syn)
		return client_syn(x, f, p, io);
	if (f->stage != STAGE_RELAYING)
		return client_early(f, packet, p, io);
	relay(f, packet, p);
	return BOX_PASS;
}

static enum box_fate from_target(struct proxied *f, struct box_packet *packet,
				 const struct packet *p, const struct box_io *io)
{
	if (p->tcp.flags & TCP_SYN) { /* and again, if our ACK was lost */
		target_syn_ack(f, packet, p, io);
		return BOX_DROP;
	}
	if (f->stage != STAGE_RELAYING)
		return p->tcp.flags & TCP_RST ? BOX_PASS : BOX_DROP;
	relay(f, packet, p);
	return BOX_PASS;
}

static enum box_fate syn_proxy_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct syn_proxy *x = (struct syn_proxy *)box;
	bool forward = packet->direction == BOX_FORWARD;
	struct proxied *f;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	f = box_flows_find(&x->flows, &p, packet->direction);
	if (!f && forward && is_syn(&p))
		f = box_flows_get(&x->flows, &p, packet, io->now_ns);
	if (!f)
		return BOX_DROP;
	f->flow.used_ns = io->now_ns;
	return forward ? from_client(x, f, packet, &p, io) : from_target(f, packet, &p, io);
}

static void syn_proxy_fini(struct box *box)
{
	box_flows_fini(&((struct syn_proxy *)box)->flows);
}

const struct box_ops box_syn_proxy = {
    .name = "syn_proxy",
    .summary = "answers SYNs itself, then relays with translated sequence numbers",
    .size = sizeof(struct syn_proxy),
    .params = syn_proxy_params,
    .init = syn_proxy_init,
    .packet = syn_proxy_packet,
    .fini = syn_proxy_fini,
};
