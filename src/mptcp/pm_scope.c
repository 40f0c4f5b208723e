#include "mptcp/pm_scope.h"

#include <stddef.h>

#include "util/octets.h"

/* The first that fits; `prefix` is the top of the address. */
static const struct row {
	uint8_t family, len;
	uint32_t prefix;
	enum pm_scope scope;
} rows[] = {
    {4, 8, 0x00000000, SCOPE_NOBODY},	/* 0.0.0.0/8 */
    {4, 8, 0x0a000000, SCOPE_PRIVATE},	/* 10.0.0.0/8 */
    {4, 10, 0x64400000, SCOPE_PRIVATE}, /* 100.64.0.0/10 */
    {4, 8, 0x7f000000, SCOPE_HOST},	/* 127.0.0.0/8 */
    {4, 16, 0xa9fe0000, SCOPE_LINK},	/* 169.254.0.0/16 */
    {4, 12, 0xac100000, SCOPE_PRIVATE}, /* 172.16.0.0/12 */
    {4, 16, 0xc0a80000, SCOPE_PRIVATE}, /* 192.168.0.0/16 */
    {4, 3, 0xe0000000, SCOPE_NOBODY},	/* 224.0.0.0/4, 240.0.0.0/4 */
    {6, 10, 0xfe800000, SCOPE_LINK},	/* fe80::/10 */
    {6, 7, 0xfc000000, SCOPE_PRIVATE},	/* fc00::/7 */
    {6, 8, 0xff000000, SCOPE_NOBODY},	/* ff00::/8 */
};

/* ::, ::1, and IPv4 in IPv6's clothes (::/96, ::ffff:0:0/96), which no packet carries. */
static enum pm_scope scope_of_zeros(const struct ip_addr *addr)
{
	return load_u64(addr->octets) == 0 && load_u64(addr->octets + 8) == 1 ? SCOPE_HOST
									      : SCOPE_NOBODY;
}

enum pm_scope pm_scope(const struct ip_addr *addr)
{
	uint32_t top = load_u32(addr->octets);

	if (addr->family != 4 && addr->family != 6)
		return SCOPE_NOBODY;
	if (addr->family == 6 && load_u64(addr->octets) == 0)
		return scope_of_zeros(addr);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].family == addr->family &&
		    top >> (32 - rows[i].len) == rows[i].prefix >> (32 - rows[i].len))
			return rows[i].scope;
	return SCOPE_GLOBAL;
}

bool pm_same_subnet(const struct ip_addr *a, const struct ip_addr *b, unsigned prefix_len)
{
	unsigned bits = a->family == 4 ? 32 : 128;

	if (a->family != b->family)
		return false;
	for (unsigned i = 0; i < prefix_len && i < bits; i++)
		if (load_bits(a->octets, i, 1) != load_bits(b->octets, i, 1))
			return false;
	return true;
}
