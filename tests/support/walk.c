#include "support/walk.h"

#include "lab/lab_app.h"
#include "probe/inside.h"
#include "probe/mirrored_run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/rig.h"
#include "support/watch.h"

#define FURTHER	 "192.0.3.7"
#define FURTHER6 "2001:db8:3::7"

unsigned walk_runs(unsigned otherwise)
{
	const char *text = getenv("MBOXTRACE_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

uint64_t walk_first_seed(void)
{
	const char *text = getenv("MBOXTRACE_SEED");

	return text ? strtoull(text, NULL, 0) : 1;
}

static struct lab_link random_link(struct walk *w, const struct walk_spec *spec)
{
	struct lab_link link = {.delay_ns = (int64_t)rng_below(&w->rng, 20000) * 1000};

	if (spec->harsh) {
		link.jitter_ns = (int64_t)rng_below(&w->rng, 30000) * 1000;
		link.loss = rng_chance(&w->rng, 0.4) ? rng_below(&w->rng, 200) / 1000.0 : 0;
		link.reorder = rng_below(&w->rng, 500) / 1000.0;
		link.duplicate = rng_chance(&w->rng, 0.5) ? rng_below(&w->rng, 500) / 1000.0 : 0;
	} else if (spec->lossy) {
		link.jitter_ns = (int64_t)rng_below(&w->rng, 2000) * 1000;
		link.loss = rng_below(&w->rng, 20) / 1000.0;
		link.reorder = rng_below(&w->rng, 50) / 1000.0;
		link.duplicate = rng_below(&w->rng, 50) / 1000.0;
	}
	return link;
}

static struct lab_router random_router(struct walk *w, const struct walk_spec *spec, unsigned n)
{
	static const enum quote_policy partial[] = {QUOTE_8, QUOTE_28, QUOTE_128, QUOTE_FULL,
						    QUOTE_RFC4884};
	static const enum quote_policy full[] = {QUOTE_128, QUOTE_FULL, QUOTE_RFC4884};
	struct lab_router r = rig_router(n);

	r.quote = spec->partial ? partial[rng_below(&w->rng, 5)] : full[rng_below(&w->rng, 3)];
	r.silent = spec->silent && rng_chance(&w->rng, 0.2);
	r.icmp_ttl = rng_chance(&w->rng, 0.5) ? 64 : 255;
	if (spec->limited && rng_chance(&w->rng, 0.5)) {
		r.icmp_rate = rng_chance(&w->rng, 0.5) ? 1 : 1 + rng_below(&w->rng, 100);
		r.icmp_burst = 1 + rng_below(&w->rng, 20);
	}
	if (n > WALK_ROUTERS_MAX)
		return r; /* of the further path */
	w->quote[n - 1] = r.quote;
	w->silent[n - 1] = r.silent;
	return r;
}

static void set_params(struct box *box, const char *params)
{
	struct error err;
	char text[256];
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", params ? params : "");
	for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		char *value = strchr(p, '=');
		char *end;
		struct box_value v = {.type = BOX_VALUE_TEXT};

		*value++ = '\0';
		v.text = value;
		v.number = strtoll(value, &end, 0);
		if (*value && !*end)
			v.type = BOX_VALUE_INT;
		if (!strcmp(value, "true") || !strcmp(value, "false")) {
			v.type = BOX_VALUE_BOOL;
			v.flag = value[0] == 't';
		}
		if (box_set(box, p, &v, &err) < 0)
			abort();
	}
	if (box_ready(box, &err) < 0)
		abort();
}

static void add_boxes(struct walk *w, const struct walk_spec *spec, unsigned routers,
		      unsigned after)
{
	if (spec->box && routers == after)
		set_params(lab_add_box(w->lab, spec->box, NULL), spec->params);
	for (size_t i = 0; i < WALK_BOXES_MAX && spec->boxes[i].name; i++)
		if (routers == w->after[i])
			set_params(lab_add_box(w->lab, spec->boxes[i].name, NULL),
				   spec->boxes[i].params);
}

/* Routers behind the first `before`, a box behind the `after`-th unless that is beyond them. */
static void build_path(struct walk *w, const struct walk_spec *spec, unsigned before,
		       unsigned routers, unsigned after)
{
	for (unsigned n = 0; n <= routers; n++) {
		struct lab_link link = random_link(w, spec);
		struct lab_router r;

		lab_add_link(w->lab, &link, NULL);
		add_boxes(w, spec, n, after);
		if (n == routers)
			break;
		r = random_router(w, spec, before + n + 1);
		lab_add_router(w->lab, &r, NULL);
	}
}

static void build_paths(struct walk *w, const struct walk_spec *spec)
{
	struct lab_path own = {.client4 = rig_addr(RIG_CLIENT), .client6 = rig_addr(RIG_CLIENT6)};
	struct lab_path further = {.client4 = rig_addr(FURTHER), .client6 = rig_addr(FURTHER6)};

	if (!spec->further) {
		build_path(w, spec, 0, w->routers, w->box_after);
		return;
	}
	w->further_routers = 1 + rng_below(&w->rng, WALK_ROUTERS_MAX - 1);
	w->further_after = rng_below(&w->rng, w->further_routers + 1);
	lab_add_path(w->lab, &own, NULL);
	build_path(w, spec, 0, w->routers, UINT_MAX);
	lab_add_path(w->lab, &further, NULL);
	build_path(w, spec, WALK_ROUTERS_MAX, w->further_routers, w->further_after);
}

static void build(struct walk *w, const struct walk_spec *spec)
{
	struct lab_client client = {rig_addr(RIG_CLIENT), rig_addr(RIG_CLIENT6)};
	const char *service = spec->mirror ? "mirror" : spec->service;
	struct lab_target target = rig_target();

	lab_add_client(w->lab, &client, NULL);
	build_paths(w, spec);
	target.mptcp = w->mptcp;
	target.problems = spec->problems;
	target.serve.endpoint = spec->connect;
	conn_config_defaults(&target.serve.conn);
	target.serve.conn.refuse_checksum = spec->no_checksum;
	target.serve.octets = spec->octets;
	if (w->mptcp == LAB_MPTCP_NONE)
		target.serve.conn.version = 255;
	target.serve.walk_back = spec->mirror;
	while (service && strcmp(lab_app_name(target.serve.service), service) != 0)
		target.serve.service++;
	if (spec->closed)
		target.port = RIG_PORT + 1;
	lab_add_target(w->lab, &target, NULL);
}

static int look_inside(struct walk *w, struct net *net, struct error *err)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n";
	struct inside_config config = {.local_port = WATCH_FIRST_PORT + TRACE_PROBES_MAX - 1,
				       .request = span_of(request, sizeof(request) - 1),
				       .seed = w->seed};
	uint16_t ports[TRACE_PROBES_MAX];

	for (unsigned i = 0; i < TRACE_PROBES_MAX; i++)
		ports[i] = (uint16_t)(WATCH_FIRST_PORT + i); /* the same, of another address */
	config.further_count = w->further_routers > 0;
	config.further[0] = (struct trace_further){
	    .source = rig_addr(w->family == 6 ? FURTHER6 : FURTHER), .ports = ports, .mtu = 1500};
	return inside_run(w->trace, net, &config, &(struct trace_run){0}, err);
}

static int look_at_mirror(struct walk *w, struct net *net, struct error *err)
{
	struct mirrored_config config = {.local_port = WATCH_FIRST_PORT + ROLE_USER,
					 .seed = w->seed};

	return mirrored_run(w->trace, net, &config, &(struct trace_run){0}, err);
}

static struct net *with_gaps(struct walk *w, const struct walk_spec *spec, struct net *net)
{
	w->gaps.naps = spec->naps;
	w->gaps.stalls = spec->stalls;
	w->gaps.longest_ns = NS_PER_S / 2;
	return spec->naps > 0 || spec->stalls > 0 ? gaps_open(&w->gaps, net, w->seed) : net;
}

static void trace_it(struct walk *w, const struct walk_spec *spec)
{
	struct watch watch;
	struct net *net = with_gaps(w, spec, watch_open(&watch, lab_net(w->lab)));
	struct trace_config config;
	struct net_route route;
	struct error err = {0};

	trace_config_defaults(&config);
	lab_resolve(w->lab, w->family == 6 ? RIG_TARGET6 : RIG_TARGET, w->family, &config.target,
		    NULL);
	net_route(net, &config.target, &route, NULL);
	config.source = watch.own = route.source;
	config.port = RIG_PORT;
	config.seed = w->seed;
	for (unsigned i = 0; i < TRACE_PROBES_MAX; i++)
		config.local_ports[i] = (uint16_t)(WATCH_FIRST_PORT + i);
	w->trace = trace_new(&config, NULL, &err);
	if (!w->trace || trace_run(w->trace, net, &(struct trace_run){0}, &err) < 0 ||
	    (spec->connect && look_inside(w, net, &err) < 0) ||
	    (spec->mirror && look_at_mirror(w, net, &err) < 0)) {
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)w->seed, err.text);
		abort();
	}
	w->result = trace_result(w->trace);
	/* Let what is still under way arrive, so that the target has seen our resets. */
	for (struct net_packet p; net_receive(net, net_now_ns(net) + 5 * NS_PER_S, &p, NULL) > 0;)
		;
	w->left_open = spec->mirror ? 0 : watch_left_open(&watch);
	net_close(net);
}

void walk_run(struct walk *w, uint64_t seed, const struct walk_spec *spec)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->row = spec->row;
	rng_seed(&w->rng, seed);
	w->lab = lab_new(seed);
	w->family = rng_chance(&w->rng, 0.3) ? 6 : 4;
	w->routers = 1 + rng_below(&w->rng, WALK_ROUTERS_MAX - 1);
	w->box_after = rng_below(&w->rng, w->routers + 1);
	for (size_t i = 0; i < WALK_BOXES_MAX && spec->boxes[i].name; i++)
		w->after[i] = rng_below(&w->rng, w->routers + 1);
	w->lossy = spec->lossy;
	w->mptcp = spec->target_mptcp < 0 ? (enum lab_mptcp)rng_below(&w->rng, 3)
					  : (enum lab_mptcp)spec->target_mptcp;
	build(w, spec);
	trace_it(w, spec);
}

void walk_fini(struct walk *w)
{
	trace_free(w->trace);
	lab_free(w->lab);
}
