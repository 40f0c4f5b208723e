#include "probe/drive.h"

/* Packets taken in a row before the endpoint may answer: acknowledgements are not held back for
 * longer than a burst lasts. */
#define BURST 32
/* ... but if this process was kept from running for longer than this, what arrived meanwhile comes
 * first: what waits unread must not be found overdue. */
#define LAG_NS	  (10 * NS_PER_MS)
#define BURST_MAX 4096

static void drive_events(const struct drive *d)
{
	struct endpoint_event event;

	while (endpoint_event(d->endpoint, &event))
		d->event(d->context, &event);
}

static bool passes(const struct drive *d, bool sent, int64_t time_ns, struct span packet)
{
	return !d->packet || d->packet(d->context, sent, time_ns, packet);
}

/* 1: what arrived since `heard_ns` has to be taken first. */
static int drive_send(const struct drive *d, int64_t heard_ns, struct error *err)
{
	int64_t now_ns = net_now_ns(d->net);
	struct span packet;
	int rc = 0;

	for (; !rc && now_ns - heard_ns <= LAG_NS; now_ns = net_now_ns(d->net)) {
		if (!endpoint_send(d->endpoint, now_ns, &packet))
			break;
		if (passes(d, true, now_ns, packet))
			rc = net_send(d->net, packet, err);
	}
	drive_events(d);
	return rc ? rc : now_ns - heard_ns > LAG_NS;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Waits for a packet, and takes what follows on its heels. */
static int drive_receive(const struct drive *d, int64_t deadline_ns, int64_t *heard_ns,
			 struct error *err)
{
	struct net_packet packet;
	int rc = net_receive(d->net, deadline_ns, &packet, err);

	for (int i = 1; rc > 0; i++) {
		if (passes(d, false, packet.time_ns, packet.octets))
			endpoint_receive(d->endpoint, packet.time_ns, packet.octets);
		*heard_ns = packet.time_ns;
		if (i == BURST_MAX || (i >= BURST && net_now_ns(d->net) - *heard_ns <= LAG_NS))
			return 0;
		rc = net_receive(d->net, packet.time_ns, &packet, err);
	}
	*heard_ns = net_now_ns(d->net);
	return rc;
}

/* The pump may make something due, which goes out before the wait. */
static int drive_step(const struct drive *d, int64_t *heard_ns, struct error *err)
{
	int64_t wanted_ns = d->pump(d->context, net_now_ns(d->net));
	int rc = drive_send(d, *heard_ns, err);

	if (rc < 0 || d->finished(d->context))
		return rc;
	wanted_ns = earlier(wanted_ns, endpoint_expiry_ns(d->endpoint));
	return drive_receive(d, rc ? *heard_ns : wanted_ns, heard_ns, err);
}

int drive_run(const struct drive *d, struct error *err)
{
	int64_t heard_ns = net_now_ns(d->net);
	bool stopped = false;
	int rc = drive_send(d, heard_ns, err);

	while (rc >= 0 && !d->finished(d->context)) {
		if (!stopped && d->stop && *d->stop) {
			stopped = true;
			d->stopped(d->context, net_now_ns(d->net));
		}
		rc = drive_step(d, &heard_ns, err);
		drive_events(d);
	}
	return rc < 0 ? rc : 0;
}
