#include "net/live_link.h"

#include <pcap/dlt.h>

#include "util/octets.h"

enum ether_type {
	ETHER_IPV4 = 0x0800,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
};

/* A row a link type: the header's length, and where its ether type stands if it has one. Without,
 * the version in the packet itself says what it is. */
static const struct link {
	int type;
	uint8_t header_len;
	int8_t ether_type_at; /* -1: none */
} links[] = {
    {DLT_EN10MB, 14, 12}, {DLT_LINUX_SLL, 16, 14}, {DLT_LINUX_SLL2, 20, 0}, {DLT_RAW, 0, -1},
    {DLT_IPV4, 0, -1},	  {DLT_IPV6, 0, -1},	   {DLT_NULL, 4, -1},	    {DLT_LOOP, 4, -1},
};

static const struct link *link_of(int type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}

bool live_link_known(int link_type)
{
	return link_of(link_type) != NULL;
}

static bool is_vlan(uint16_t type)
{
	return type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD;
}

/* Skips the tags at the head of `rest`, each with the ether type of what follows. */
static struct span behind_tags(uint16_t type, struct span rest, uint16_t *inner)
{
	while (is_vlan(type) && rest.len >= 4) {
		type = load_u16(rest.at + 2);
		rest = span_cut(rest, 4, rest.len);
	}
	*inner = type;
	return rest;
}

static struct span if_ip(struct span packet)
{
	uint8_t version = packet.at && packet.len ? packet.at[0] >> 4 : 0;

	return version == 4 || version == 6 ? packet : (struct span){0};
}

struct span live_link_strip(int link_type, struct span frame)
{
	const struct link *link = link_of(link_type);
	struct span rest;
	uint16_t type;

	if (!link || frame.len < link->header_len)
		return (struct span){0};
	rest = span_cut(frame, link->header_len, frame.len);
	if (link->ether_type_at < 0)
		return if_ip(rest);
	rest = behind_tags(load_u16(frame.at + link->ether_type_at), rest, &type);
	return type == ETHER_IPV4 || type == ETHER_IPV6 ? if_ip(rest) : (struct span){0};
}
