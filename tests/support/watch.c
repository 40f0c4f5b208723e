#include "support/watch.h"

#include "packet/packet.h"

static bool *at_port(bool at[2][TRACE_PROBES_MAX], const struct watch *watch,
		     const struct ip_addr *local, uint16_t port)
{
	bool probe = port >= WATCH_FIRST_PORT && port < WATCH_FIRST_PORT + TRACE_PROBES_MAX - 1;

	return probe ? &at[!ip_addr_equal(local, &watch->own)][port - WATCH_FIRST_PORT] : NULL;
}

static void note(struct watch *watch, struct span octets, bool sent)
{
	struct packet p;
	bool *asked, *answered;

	if (packet_parse(&p, octets) || p.ip.proto != IP_PROTO_TCP || !(p.have & PACKET_HAS_TCP))
		return;
	asked = at_port(watch->asked, watch, sent ? &p.ip.src : &p.ip.dst,
			sent ? p.tcp.src_port : p.tcp.dst_port);
	answered = at_port(watch->answered, watch, sent ? &p.ip.src : &p.ip.dst,
			   sent ? p.tcp.src_port : p.tcp.dst_port);
	if (!asked)
		return;
	if (sent)
		*asked = !(p.tcp.flags & TCP_RST);
	else
		*answered |= (p.tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

static int watch_send(struct net *net, struct span packet, struct error *err)
{
	note((struct watch *)net, packet, true);
	return net_send(((struct watch *)net)->beneath, packet, err);
}

static int watch_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			 struct error *err)
{
	int got = net_receive(((struct watch *)net)->beneath, deadline_ns, out, err);

	if (got > 0)
		note((struct watch *)net, out->octets, false);
	return got;
}

static int64_t watch_now_ns(struct net *net)
{
	return net_now_ns(((struct watch *)net)->beneath);
}

static int watch_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		       struct error *err)
{
	return net_route(((struct watch *)net)->beneath, target, out, err);
}

static void watch_close(struct net *net)
{
	net_close(((struct watch *)net)->beneath);
}

static const struct net_ops watch_ops = {
    .name = "watch",
    .send = watch_send,
    .receive = watch_receive,
    .now_ns = watch_now_ns,
    .route = watch_route,
    .close = watch_close,
};

struct net *watch_open(struct watch *watch, struct net *beneath)
{
	*watch = (struct watch){.net = {&watch_ops}, .beneath = beneath};
	return &watch->net;
}

unsigned watch_left_open(const struct watch *watch)
{
	unsigned open = 0;

	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		for (size_t k = 0; k < 2; k++)
			open += watch->asked[k][i] && watch->answered[k][i];
	return open;
}
