#include "cli/reach_addr.h"

#include "net/live_scope.h"

void reach_addr_add(struct reach *reach, const struct pm_addr *addr)
{
	struct pm_addr *at;

	if (reach->local_count == PM_ADDRS_MAX)
		return;
	at = &reach->local[reach->local_count];
	*at = *addr;
	at->id = (uint8_t)reach->local_count++;
}

static struct pm_addr *find_local(struct reach *reach, const struct ip_addr *addr)
{
	for (size_t i = 0; i < reach->local_count; i++)
		if (ip_addr_equal(&reach->local[i].addr, addr))
			return &reach->local[i];
	return NULL;
}

void reach_addr_serve(struct reach *reach, const struct endpoint_options *o)
{
	for (size_t i = 0; i < o->announced.count; i++) {
		struct pm_addr one = o->announced.at[i];

		one.use = PM_OPENED_FROM | PM_ANNOUNCED;
		reach_addr_add(reach, &one);
	}
}

/* A client also opens subflows from an address if another option, or the scenario, has it. The
 * peer knows where the connection comes from anyway. */
static int announce(struct reach *reach, struct pm_addr one, struct error *err)
{
	struct pm_addr *known = find_local(reach, &one.addr);
	char text[IP_ADDR_TEXT];

	if (known == &reach->local[0] && !one.port)
		return error_set(err, ERR_USAGE,
				 "--add-addr '%s': the connection comes from there: expected "
				 "another address, or a port",
				 ip_addr_print(&one.addr, text));
	if (known && reach->scenario && !one.port)
		known->use = PM_ANNOUNCED;
	else if (known && !one.port)
		known->use = PM_OPENED_FROM | PM_ANNOUNCED;
	else if (!known && reach->scenario)
		return error_set(err, ERR_USAGE,
				 "--add-addr '%s': expected an address of the scenario's client",
				 ip_addr_print(&one.addr, text));
	else {
		one.use = PM_ANNOUNCED;
		reach_addr_add(reach, &one);
	}
	return 0;
}

int reach_addr_announce(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->announced.count && !rc; i++)
		rc = announce(reach, o->announced.at[i], err);
	return rc;
}

void reach_addr_prefixes(struct reach *reach)
{
	for (size_t i = 0; i < reach->local_count; i++)
		reach->local[i].prefix_len = live_scope_prefix(&reach->local[i].addr);
}
