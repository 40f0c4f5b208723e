#include "packet/ip_addr.h"

#include <arpa/inet.h>
#include <string.h>

struct ip_addr ip_addr_v4(const uint8_t octets[4])
{
	struct ip_addr a = {.family = 4};

	memcpy(a.octets, octets, 4);
	return a;
}

struct ip_addr ip_addr_v6(const uint8_t octets[16])
{
	struct ip_addr a = {.family = 6};

	memcpy(a.octets, octets, 16);
	return a;
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

bool ip_addr_parse(struct ip_addr *out, const char *text)
{
	*out = (struct ip_addr){0};
	if (inet_pton(AF_INET, text, out->octets) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->octets) == 1)
		out->family = 6;
	return out->family != 0;
}

const char *ip_addr_print(const struct ip_addr *a, char out[IP_ADDR_TEXT])
{
	int family = a->family == 6 ? AF_INET6 : AF_INET;

	if (a->family == 0 || !inet_ntop(family, a->octets, out, IP_ADDR_TEXT))
		strcpy(out, "-");
	return out;
}
