#include "cli/path.h"

#include "net/tap.h"

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
