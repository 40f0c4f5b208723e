#include "support/hex.h"

#include <ctype.h>
#include <stdio.h>

size_t hex_octets(const char *hex, uint8_t *out, size_t cap)
{
	size_t len = 0;
	unsigned octet;

	while (len < cap) {
		while (isspace((unsigned char)*hex))
			hex++;
		if (*hex == '\0' || sscanf(hex, "%2x", &octet) != 1)
			break;
		out[len++] = (uint8_t)octet;
		hex += 2;
	}
	return len;
}
