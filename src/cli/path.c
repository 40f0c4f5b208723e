#include "cli/path.h"

#include <stdlib.h>

#include "net/live_further.h"
#include "net/tap.h"
#include "script/scenario.h"

int path_tap(struct path *path, const struct options *o, struct error *err)
{
	struct net *tap;

	if (!o->pcap)
		return 0;
	tap = tap_open(path->net, o->pcap, path->wall_ns, path->at_ns, err);
	if (!tap)
		return err->code;
	path->net = tap;
	return 0;
}

void path_warn(const struct path *path)
{
	struct error why = {0};
	uint64_t lost = path->live ? live_further_lost(path->live, &why) : 0;

	if (lost)
		fprintf(stderr,
			"mboxtrace: warning: %llu packets from further addresses could not be "
			"sent: %s\n",
			(unsigned long long)lost, why.text);
}

void path_close(struct path *path)
{
	net_close(path->net);
	if (path->scenario)
		scenario_fini(path->scenario);
	free(path->scenario);
	*path = (struct path){0};
}
