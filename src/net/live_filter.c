#include "net/live_filter.h"

static void print_ports(struct buf *out, const uint16_t *ports, size_t port_count)
{
	buf_printf(out, "(");
	for (size_t i = 0; i < port_count; i++)
		buf_printf(out, "%sdst port %u", i ? " or " : "", ports[i]);
	buf_printf(out, ")");
}

/* Destination unreachable, time exceeded, parameter problem, echo reply; for IPv6 also packet
 * too big. Redirects quote us too, but say nothing of the path behind the router. */
static const char icmp_v4[] =
    "(icmp and (icmp[0] = 3 or icmp[0] = 11 or icmp[0] = 12 or icmp[0] = 0))";
static const char icmp_v6[] = "(ip6[6] = 58 and (ip6[40] = 1 or ip6[40] = 2 or ip6[40] = 3 or "
			      "ip6[40] = 4 or ip6[40] = 129))";
static const char extended_v6[] = "(ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60)";

void live_filter_print(struct buf *out, const struct ip_addr *target, const struct ip_addr *source,
		       const uint16_t *ports, size_t port_count)
{
	char from[IP_ADDR_TEXT], to[IP_ADDR_TEXT];
	const char *ip = target->family == 4 ? "ip" : "ip6";

	buf_printf(out, "%s dst host %s and (", ip, ip_addr_print(source, to));
	if (port_count) {
		buf_printf(out, "(%s src host %s and tcp and ", ip, ip_addr_print(target, from));
		print_ports(out, ports, port_count);
		buf_printf(out, ") or ");
	}
	if (target->family == 4)
		buf_printf(out, "%s)", icmp_v4);
	else
		buf_printf(out, "%s or %s)", icmp_v6, extended_v6);
}

static void print_hosts(struct buf *out, const struct live_scope *scope, uint8_t family)
{
	char text[IP_ADDR_TEXT];
	const char *before = "(";

	for (size_t i = 0; i < scope->addr_count; i++) {
		if (scope->addr[i].family != family)
			continue;
		buf_printf(out, "%s%s dst host %s", before, family == 4 ? "ip" : "ip6",
			   ip_addr_print(&scope->addr[i], text));
		before = " or ";
	}
	buf_printf(out, ")");
}

void live_filter_print_scope(struct buf *out, const struct live_scope *scope, uint8_t family)
{
	print_hosts(out, scope, family);
	buf_printf(out, " and ((tcp and (");
	for (size_t i = 0; i < scope->range_count; i++)
		buf_printf(out, "%sdst portrange %u-%u", i ? " or " : "", scope->range[i].first,
			   scope->range[i].last);
	buf_printf(out, ")) or %s)", family == 4 ? icmp_v4 : icmp_v6);
}
