/* How much was compared at both ends of a connection (mptcp/mirror.h). */
#include "report/json.h"

static json_t *json_of_direction(const struct mirrored_direction *d)
{
	json_t *out = json_object();

	json_put(out, "compared", json_boolean(d->compared));
	json_put(out, "segments", json_integer(d->segments));
	json_put(out, "hops", d->hops ? json_integer(d->hops) : json_null());
	return out;
}

json_t *json_of_mirrored(const struct mirrored *m, const char *note)
{
	json_t *out = json_object();

	json_put(out, "answered", json_boolean(m->answered));
	json_put(out, "whole", json_boolean(m->whole));
	json_put(out, "subflows", json_integer(m->subflows));
	json_put(out, "forward", json_of_direction(&m->forward));
	json_put(out, "reverse", json_of_direction(&m->reverse));
	json_put(out, "quotes_back", json_integer(m->hops_back));
	if (note)
		json_put(out, "note", json_string(note));
	return out;
}
