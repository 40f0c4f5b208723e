#include "probe/run.h"

/* Packets taken in a row; more than a path answers at once. */
#define BURST 256

static int64_t run_deadline(struct trace *t, struct net *net, const struct trace_run *run)
{
	int64_t deadline = trace_expiry_ns(t);
	int64_t idle = run->idle ? run->idle(run->context, net_now_ns(net)) : TIME_NEVER;

	return idle < deadline ? idle : deadline;
}

/* Waits for a packet, and takes all that came with it. */
static int run_receive(struct trace *t, struct net *net, int64_t deadline_ns, struct error *err)
{
	struct net_packet packet;
	int rc = net_receive(net, deadline_ns, &packet, err);

	for (int i = 1; rc > 0; i++) {
		trace_receive(t, packet.time_ns, packet.octets);
		if (i == BURST || trace_finished(t))
			return 0;
		rc = net_receive(net, packet.time_ns, &packet, err);
	}
	return rc;
}

/* Injects what is due; a target that cannot be sent to ends the run. One packet at a time, and it
 * is looked in between what has come: who was kept from running for a while hears first what
 * arrived meanwhile, and only then finds that waits have ended. */
static int run_step(struct trace *t, struct net *net, const struct trace_run *run,
		    struct error *err)
{
	int64_t now_ns = net_now_ns(net);
	struct span packet;
	int rc;

	if (trace_send(t, now_ns, &packet)) {
		rc = net_send(net, packet, err);
		return rc < 0 ? rc : run_receive(t, net, now_ns, err);
	}
	return trace_finished(t) ? 0 : run_receive(t, net, run_deadline(t, net, run), err);
}

int trace_run(struct trace *t, struct net *net, const struct trace_run *run, struct error *err)
{
	bool stopped = false;
	int rc = 0;

	while (rc >= 0 && !trace_finished(t)) {
		if (!stopped && run->stop && *run->stop) {
			trace_stop(t, net_now_ns(net));
			stopped = true;
		}
		rc = run_step(t, net, run, err);
	}
	if (rc < 0)
		trace_stop(t, net_now_ns(net));
	return rc < 0 ? rc : 0;
}
