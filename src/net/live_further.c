#include "net/live_further.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net/live_endpoint.h"
#include "packet/packet.h"

#define PAST INT64_MIN /* a deadline that polls */

struct further_net {
	struct net net; /* first */
	struct net *own, *more;
	size_t count;
	struct ip_addr addr[LIVE_ADDRS_MAX];
	struct pollfd own_ready; /* what `more` also waits for */
};

static struct further_net *further_of(struct net *net)
{
	return (struct further_net *)net;
}

static bool is_further(const struct further_net *f, struct span octets)
{
	struct packet p;

	if (packet_parse(&p, octets))
		return false;
	for (size_t i = 0; i < f->count; i++)
		if (ip_addr_equal(&f->addr[i], &p.ip.src))
			return true;
	return false;
}

static int further_send(struct net *net, struct span packet, struct error *err)
{
	struct further_net *f = further_of(net);

	return net_send(is_further(f, packet) ? f->more : f->own, packet, err);
}

/* What waits to be sent from further addresses is so whenever something is received from there. */
static int further_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			   struct error *err)
{
	struct further_net *f = further_of(net);
	int got = net_receive(f->more, PAST, out, err);

	if (!got)
		got = net_receive(f->own, PAST, out, err);
	if (got || deadline_ns <= net_now_ns(net))
		return got;
	got = net_receive(f->more, deadline_ns, out, err);
	return got ? got : net_receive(f->own, PAST, out, err);
}

static int64_t further_now(struct net *net)
{
	return net_now_ns(further_of(net)->own);
}

static int further_route(struct net *net, const struct ip_addr *target, struct net_route *out,
			 struct error *err)
{
	return net_route(further_of(net)->own, target, out, err);
}

static void further_close(struct net *net)
{
	net_close(further_of(net)->more);
	net_close(further_of(net)->own);
	free(net);
}

static const struct net_ops further_ops = {
    .name = "live",
    .send = further_send,
    .receive = further_receive,
    .now_ns = further_now,
    .route = further_route,
    .close = further_close,
};

static struct net *open_more(struct live_further *config, struct error *err)
{
	struct live_endpoint_config endpoint = {.target = config->target,
						.device = config->device,
						.block = LIVE_PORTS_MAX,
						.one_by_one = true,
						.local_count = config->count};
	struct net *more;

	memcpy(endpoint.local, config->addr, sizeof(endpoint.local));
	more = live_endpoint_open(&endpoint, err);
	config->port_first = endpoint.port_first;
	config->mtu = endpoint.mtu;
	return more;
}

struct net *live_further_open(struct net *own, struct live_further *config, struct error *err)
{
	struct further_net *f = calloc(1, sizeof(*f));

	if (!f) {
		error_set(err, ERR_NOMEM, "out of memory");
		return NULL;
	}
	f->net.ops = &further_ops;
	f->own = own;
	f->more = open_more(config, err);
	if (!f->more) {
		free(f);
		return NULL;
	}
	f->count = config->count;
	memcpy(f->addr, config->addr, sizeof(f->addr));
	f->own_ready = (struct pollfd){.fd = live_fd(own), .events = POLLIN};
	net_watch(f->more, &f->own_ready, 1);
	return &f->net;
}

uint64_t live_further_lost(struct net *net, struct error *why)
{
	return live_endpoint_lost(further_of(net)->more, why);
}
