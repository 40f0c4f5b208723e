#include "lab/lab_ip_options.h"

#include "packet/checksum.h"
#include "util/octets.h"

#define OPTION_TIMESTAMP 68
#define TIMESTAMP_MIN	 4
#define ACTION_SHIFT	 6 /* RFC 8200 §4.2: the two highest bits of the type */
#define ACTION_ERROR	 2

/* RFC 791 §3.1: no slot is free, so the overflow counter goes up. True if it cannot. */
static bool count_overflow(uint8_t *octets, const uint8_t *option)
{
	size_t at = (size_t)(option - octets), even = at + 2;
	uint16_t before = load_u16(octets + even);

	if (option[1] < TIMESTAMP_MIN || option[2] <= option[1])
		return false;
	if (option[3] >> 4 == 15)
		return true;
	octets[at + 3] = (uint8_t)(octets[at + 3] + 0x10);
	if (even % 2 == 0)
		store_u16(octets + 10,
			  checksum_update(load_u16(octets + 10), before, load_u16(octets + even)));
	return false;
}

static bool bad_destination_option(const struct packet *p)
{
	struct span o = p->ip.options;

	return p->ip.next_header == IP_PROTO_DSTOPTS && o.len >= 4 &&
	       o.at[2] >> ACTION_SHIFT >= ACTION_ERROR;
}

bool lab_ip_options_bad(uint8_t *octets, const struct packet *p, bool host)
{
	struct span o = p->ip.options;

	if (p->ip.version == 6)
		return host && bad_destination_option(p);
	return o.len >= TIMESTAMP_MIN && o.at[0] == OPTION_TIMESTAMP &&
	       count_overflow(octets, o.at);
}
