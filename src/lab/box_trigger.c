#include "lab/box_trigger.h"

const char *const box_ons[] = {"option", "ecn", "all", NULL};

int box_trigger_ready(const struct box *box, const struct box_trigger *t,
		      const struct box_option *option, struct error *err)
{
	return t->on == ON_OPTION ? box_option_ready(box, option, err) : 0;
}

bool box_triggered(const struct box_trigger *t, const struct box_option *option,
		   const struct box_filter *filter, const struct box_packet *packet,
		   struct packet *p)
{
	uint16_t port;

	if (!box_segment(p, packet, filter))
		return false;
	port = packet->direction == BOX_FORWARD ? p->tcp.dst_port : p->tcp.src_port;
	if (t->port && t->port != port)
		return false;
	if (t->on == ON_OPTION)
		return box_option_find(option, p) != NULL;
	return t->on == ON_ALL || p->ip.ecn;
}
