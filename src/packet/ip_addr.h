/* An IPv4 or IPv6 address. (libdnet owns the name `struct addr`.) */
#ifndef MBOXTRACE_PACKET_IP_ADDR_H
#define MBOXTRACE_PACKET_IP_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define IP_ADDR_TEXT 46 /* room for the longest address as text, with its NUL */

struct ip_addr {
	uint8_t family;	    /* 4, 6, or 0: no address */
	uint8_t octets[16]; /* network order; IPv4 in the first four, the rest zero */
};

struct ip_addr ip_addr_v4(const uint8_t octets[4]);
struct ip_addr ip_addr_v6(const uint8_t octets[16]);
bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);
bool ip_addr_parse(struct ip_addr *out, const char *text); /* numeric only; false if it is none */
/* Writes the address as text (RFC 5952 for IPv6; "-" if there is none) and returns `out`. */
const char *ip_addr_print(const struct ip_addr *a, char out[IP_ADDR_TEXT]);

#endif
