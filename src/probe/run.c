#include "probe/run.h"

/* Injects everything that is due; a target that cannot be sent to ends the run. */
static int run_send(struct trace *t, struct net *net, struct error *err)
{
	struct span packet;
	int rc;

	while (trace_send(t, net_now_ns(net), &packet)) {
		rc = net_send(net, packet, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int64_t run_deadline(struct trace *t, struct net *net, const struct trace_run *run)
{
	int64_t deadline = trace_expiry_ns(t);
	int64_t idle = run->idle ? run->idle(run->context, net_now_ns(net)) : TIME_NEVER;

	return idle < deadline ? idle : deadline;
}

static int run_step(struct trace *t, struct net *net, const struct trace_run *run,
		    struct error *err)
{
	struct net_packet packet;
	int rc = run_send(t, net, err);

	if (rc < 0 || trace_finished(t))
		return rc;
	rc = net_receive(net, run_deadline(t, net, run), &packet, err);
	if (rc > 0)
		trace_receive(t, packet.time_ns, packet.octets);
	return rc;
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
