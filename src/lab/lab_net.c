/* The client: the end of the path this process stands at, and the seam over it. */
#include <stdlib.h>
#include <string.h>

#include "lab/lab_element.h"

struct lab_net {
	struct net net;
	struct lab *lab;
	struct lab_packet *delivered; /* what the caller may still be looking at */
};

static bool is_for_client(const struct lab *lab, const struct lab_packet *p)
{
	struct packet packet;

	return !packet_parse(&packet, span_of(p->box.octets, p->box.len)) &&
	       lab_is_client(lab, &packet.ip.dst);
}

static bool client_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p)
{
	(void)e;
	lab->walked++;
	if (!is_for_client(lab, p)) {
		lab_packet_free(lab, p);
		return false;
	}
	p->time_ns = lab->now_ns;
	p->next = NULL;
	*lab->inbox_end = p;
	lab->inbox_end = &p->next;
	return false;
}

static const struct lab_element_ops client_ops = {.arrive = client_arrive};

struct lab_element *lab_client_new(const struct lab_client *addr)
{
	struct lab_element *e = calloc(1, sizeof(*e));

	(void)addr;
	if (e)
		e->ops = &client_ops;
	return e;
}

static void lab_net_release(struct lab_net *ln)
{
	if (ln->delivered)
		lab_packet_free(ln->lab, ln->delivered);
	ln->delivered = NULL;
}

static int lab_net_send(struct net *net, struct span packet, struct error *err)
{
	struct lab_net *ln = (struct lab_net *)net;
	struct packet parsed;
	struct lab_packet *p;
	int path;

	lab_net_release(ln);
	if (packet_parse(&parsed, packet))
		return error_set(err, ERR_DEVICE, "lab: sending %zu octets: not an IP packet",
				 packet.len);
	if (packet.len > LAB_MTU)
		return error_set(err, ERR_DEVICE, "lab: packet of %zu octets: expected at most %d",
				 packet.len, LAB_MTU);
	path = lab_path_between(ln->lab, &parsed.ip.src, &parsed.ip.dst);
	p = path < 0 ? NULL : lab_packet_new(ln->lab);
	if (!p)
		return 0; /* nothing leads there; a full queue drops */
	memcpy(p->box.octets, packet.at, packet.len);
	p->box.len = packet.len;
	p->box.direction = BOX_FORWARD;
	p->box.path = (uint8_t)path;
	p->at = 1;
	ln->lab->walked++;
	lab_schedule(ln->lab, p, ln->lab->now_ns);
	return 0;
}

static struct lab_packet *inbox_take(struct lab *lab)
{
	struct lab_packet *p = lab->inbox;

	if (!p)
		return NULL;
	lab->inbox = p->next;
	if (!lab->inbox)
		lab->inbox_end = &lab->inbox;
	return p;
}

static int lab_net_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			   struct error *err)
{
	struct lab_net *ln = (struct lab_net *)net;
	struct lab *lab = ln->lab;

	(void)err;
	lab_net_release(ln);
	while (!lab->inbox && lab_step(lab, deadline_ns))
		;
	ln->delivered = inbox_take(lab);
	if (!ln->delivered) {
		/* Nothing is left to happen: for ever would be the end of time itself. */
		if (deadline_ns > lab->now_ns && deadline_ns != TIME_NEVER)
			lab->now_ns = deadline_ns;
		return 0;
	}
	out->octets = span_of(ln->delivered->box.octets, ln->delivered->box.len);
	out->time_ns = ln->delivered->time_ns;
	return 1;
}

static int64_t lab_net_now_ns(struct net *net)
{
	return ((struct lab_net *)net)->lab->now_ns;
}

static int lab_net_route(struct net *net, const struct ip_addr *target, struct net_route *out,
			 struct error *err)
{
	const struct lab_client *client = &((struct lab_net *)net)->lab->client;
	char text[IP_ADDR_TEXT];

	*out = (struct net_route){.device = "lab", .mtu = LAB_MTU};
	out->source = target->family == 6 ? client->addr6 : client->addr4;
	if (!out->source.family)
		return error_set(err, ERR_ROUTE,
				 "%s: no route: the lab's client has no IPv%d address",
				 ip_addr_print(target, text), target->family);
	return 0;
}

static void lab_net_close(struct net *net)
{
	struct lab_net *ln = (struct lab_net *)net;

	lab_net_release(ln);
	lab_settle(ln->lab);
	while ((ln->delivered = inbox_take(ln->lab)))
		lab_net_release(ln);
	free(ln);
}

static const struct net_ops lab_net_ops = {
    .name = "lab",
    .send = lab_net_send,
    .receive = lab_net_receive,
    .now_ns = lab_net_now_ns,
    .route = lab_net_route,
    .close = lab_net_close,
};

struct net *lab_net(struct lab *lab)
{
	struct lab_net *ln = lab_complete(lab) ? calloc(1, sizeof(*ln)) : NULL;

	if (!ln)
		return NULL;
	ln->net.ops = &lab_net_ops;
	ln->lab = lab;
	return &ln->net;
}
