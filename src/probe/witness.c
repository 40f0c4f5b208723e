/* The target as a witness of what arrives. No router behind the last one quotes, so what a box
 * there removes looks like a target that does not know it. But a host answers an error in a header
 * that is meant for it alone with an ICMP parameter problem, and quotes the packet as it arrived:
 *
 * - IPv6: a destination options header with an option of an unknown type that asks for such an
 * error (RFC 8200 §4.2, type bits 10; 0x9e is for experiments, RFC 4727).
 * - IPv4: a timestamp option without room whose overflow counter, which each router increments, has
 *   no room left either just where it reaches the target (RFC 791 §3.1).
 *
 * Many networks drop packets with IP options and extensions: silence says nothing. */
#include <string.h>

#include "packet/packet.h"
#include "probe/engine.h"
#include "util/octets.h"

#define INSERTED     8
#define OVERFLOW_MAX 15

/* TS option: type, length, pointer behind its end, overflow counter and flag; no slot is free. */
static bool timestamp_option(uint8_t out[INSERTED], uint8_t hops)
{
	if (!hops || hops > OVERFLOW_MAX + 1)
		return false;
	memset(out, 0, INSERTED);
	out[0] = 68;
	out[1] = INSERTED;
	out[2] = INSERTED + 1;
	out[3] = (uint8_t)((OVERFLOW_MAX + 1 - hops) << 4);
	return true;
}

static void destination_option(uint8_t out[INSERTED], uint8_t next_header)
{
	static const uint8_t option[INSERTED] = {0, 0, 0x9e, 4};

	memcpy(out, option, INSERTED);
	out[0] = next_header;
}

static void grow_lengths(uint8_t *octets, bool v6)
{
	if (v6) {
		octets[6] = IP_PROTO_DSTOPTS;
		store_u16(octets + 4, (uint16_t)(load_u16(octets + 4) + INSERTED));
	} else {
		octets[0] = (uint8_t)(octets[0] + INSERTED / 4);
		store_u16(octets + 2, (uint16_t)(load_u16(octets + 2) + INSERTED));
	}
}

size_t witness_insert(uint8_t *octets, size_t len, size_t cap, uint8_t hops)
{
	bool v6 = octets[0] >> 4 == 6;
	size_t at = v6 ? 40 : 20;
	uint8_t inserted[INSERTED];

	if (len + INSERTED > cap)
		return 0;
	if (v6)
		destination_option(inserted, octets[6]);
	else if (!timestamp_option(inserted, hops))
		return 0;
	memmove(octets + at + INSERTED, octets + at, len - at);
	memcpy(octets + at, inserted, INSERTED);
	grow_lengths(octets, v6);
	packet_fix_checksums(octets, len + INSERTED);
	return len + INSERTED;
}
