#include "lab/lab_routes.h"

static struct lab_route *route_of(const struct lab_routes *routes, const struct ip_addr *local,
				  const struct ip_addr *remote)
{
	for (size_t i = 0; i < routes->count; i++)
		if (ip_addr_equal(&routes->route[i].remote, remote) &&
		    ip_addr_equal(&routes->route[i].local, local))
			return (struct lab_route *)&routes->route[i];
	return NULL;
}

void lab_routes_learn(struct lab_routes *routes, const struct ip_addr *local,
		      const struct ip_addr *remote, uint8_t path)
{
	struct lab_route *r = route_of(routes, local, remote);

	if (!r && routes->count < LAB_ROUTES_MAX)
		r = &routes->route[routes->count++];
	else if (!r)
		r = &routes->route[routes->oldest++ % LAB_ROUTES_MAX];
	*r = (struct lab_route){.local = *local, .remote = *remote, .path = path};
}

uint8_t lab_routes_find(const struct lab_routes *routes, const struct ip_addr *local,
			const struct ip_addr *remote)
{
	const struct lab_route *r = route_of(routes, local, remote);

	return r ? r->path : 0;
}
