#include "net/live_sources.h"

#include <net/if.h>
#include <string.h>

#include "net/route_kernel.h"

/* Is there a route over this device? Told a source as well, the kernel's IPv6 answers with another
 * device all the same, which a socket bound to this one never uses. */
static bool leads_over(unsigned device, const struct ip_addr *target, const struct ip_addr *addr)
{
	static const struct ip_addr any;

	return route_kernel_device(target, addr->family == 6 ? &any : addr, device) == device;
}

/* The device to bind to; NULL: none, the routes are right. */
static const char *device_for(const struct ip_addr *addr, const struct ip_addr *target,
			      char name[IF_NAMESIZE])
{
	unsigned owner, routed;

	if (target->family != addr->family)
		return NULL;
	owner = live_scope_owner(addr);
	routed = route_kernel_device(target, addr, 0);
	if (!owner || routed == owner || (routed && routed == if_nametoindex("lo")) ||
	    !leads_over(owner, target, addr))
		return NULL;
	return if_indextoname(owner, name);
}

int live_sources_open(struct live_sources *sources, const struct live_scope *scope,
		      const struct ip_addr *target, const char *device, struct error *err)
{
	*sources = (struct live_sources){0};
	if (live_queue_open(&sources->queue, err))
		return err->code;
	for (size_t i = 0; i < scope->addr_count; i++) {
		const struct ip_addr *addr = &scope->addr[i];
		char name[IF_NAMESIZE];
		const char *via = device ? device : device_for(addr, target, name);
		int failed = live_inject_open(&sources->inject[i], addr, via, err);

		if (failed) {
			live_sources_close(sources);
			return failed;
		}
		sources->addr[i] = *addr;
		sources->count = i + 1;
	}
	return 0;
}

static bool is_from(const struct ip_addr *addr, struct span packet)
{
	uint8_t version = packet.at[0] >> 4;

	if (version != addr->family)
		return false;
	return version == 4 ? !memcmp(packet.at + 12, addr->octets, 4)
			    : !memcmp(packet.at + 8, addr->octets, 16);
}

static struct live_inject *source_of(struct live_sources *sources, struct span packet)
{
	if (packet.len < 20 || (packet.at[0] >> 4 == 6 && packet.len < 40))
		return NULL;
	if (is_from(&sources->addr[sources->last], packet))
		return &sources->inject[sources->last];
	for (size_t i = 0; i < sources->count; i++) {
		if (is_from(&sources->addr[i], packet)) {
			sources->last = i;
			return &sources->inject[i];
		}
	}
	return NULL;
}

void live_sources_send(struct live_sources *sources, struct span packet)
{
	struct live_inject *inject = source_of(sources, packet);

	if (inject && packet.len <= UINT16_MAX) {
		live_queue_add(&sources->queue, inject, packet);
		return;
	}
	sources->queue.lost++;
	error_set(&sources->queue.reason, ERR_DEVICE,
		  "live: cannot send: not from an address of this endpoint");
}

void live_sources_flush(struct live_sources *sources)
{
	live_queue_flush(&sources->queue);
}

void live_sources_close(struct live_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		live_inject_close(&sources->inject[i]);
	live_queue_close(&sources->queue);
	*sources = (struct live_sources){0};
}
