#include "support/random_packet.h"

#include <string.h>

#include "util/octets.h"

static size_t fill(struct rng *r, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rng_u32(r);
	return len;
}

size_t random_options(struct rng *r, uint8_t *out)
{
	static const uint8_t kinds[] = {1, 1, 2, 3, 4, 5, 8, 30, 30, 30, 34, 253, 254, 0, 77};
	size_t room = 4 * (size_t)rng_below(r, 11), len = 0;

	while (len < room) {
		uint8_t kind = kinds[rng_below(r, sizeof(kinds))];
		size_t own = kind < 2 ? 1 : 2 + rng_below(r, 20);

		if (own > room - len) {
			kind = rng_below(r, 4) ? 1 : 0;
			own = 1;
		}
		fill(r, out + len, own);
		out[len] = kind;
		if (own > 1)
			out[len + 1] = (uint8_t)own;
		len += own;
	}
	return len;
}

static size_t put_tcp(struct rng *r, uint8_t *out)
{
	size_t options;

	fill(r, out, 20);
	options = random_options(r, out + 20);
	out[12] = (uint8_t)((20 + options) / 4 << 4 | (out[12] & 15));
	return 20 + options + fill(r, out + 20 + options, rng_below(r, 60));
}

static size_t put_extensions(struct rng *r, uint8_t *out, uint8_t *next)
{
	static const uint8_t kinds[] = {0, 43, 60, 44, 51};
	size_t len = 0;
	uint8_t *link = next;
	uint8_t proto = *next;

	for (uint32_t n = rng_below(r, 4); n > 0; n--) {
		uint8_t kind = kinds[rng_below(r, sizeof(kinds))];
		uint8_t units = (uint8_t)rng_below(r, 3);
		size_t own = kind == 44 ? 8 : kind == 51 ? (units + 2u) * 4 : (units + 1u) * 8;

		*link = kind;
		fill(r, out + len, own);
		link = out + len;
		out[len + 1] = units;
		if (kind == 44 && rng_below(r, 4))
			store_u16(out + len + 2, (uint16_t)rng_below(r, 2));
		len += own;
	}
	*link = proto;
	return len;
}

static size_t put_ip4(struct rng *r, uint8_t *out, uint8_t proto)
{
	size_t options = rng_below(r, 3) ? 0 : 4 * (size_t)rng_below(r, 11);

	fill(r, out, 20 + options);
	out[0] = (uint8_t)(0x45 + options / 4);
	out[9] = proto;
	if (rng_below(r, 5))
		store_u16(out + 6, 0x4000);
	return 20 + options;
}

static size_t put_ip6(struct rng *r, uint8_t *out, uint8_t proto)
{
	fill(r, out, 40);
	out[0] = (uint8_t)(0x60 | (out[0] & 15));
	out[6] = proto;
	return 40 + put_extensions(r, out + 40, out + 6);
}

size_t random_packet(struct rng *r, uint8_t out[RANDOM_PACKET_MAX])
{
	static const uint8_t protos[] = {6, 6, 6, 6, 1, 58, 17, 99};
	bool v4 = rng_below(r, 2);
	uint8_t proto = protos[rng_below(r, sizeof(protos))];
	size_t header = v4 ? put_ip4(r, out, proto) : put_ip6(r, out, proto);
	size_t len = header;

	len += proto == 6 ? put_tcp(r, out + len) : fill(r, out + len, rng_below(r, 80));
	store_u16(out + (v4 ? 2 : 4), (uint16_t)(v4 ? len : len - 40));
	return len;
}

size_t random_mutate(struct rng *r, uint8_t out[RANDOM_PACKET_MAX], size_t len)
{
	if (rng_below(r, 3) == 0)
		len = rng_below(r, (uint32_t)len + 1);
	else if (rng_below(r, 3) == 0 && len + 40 < RANDOM_PACKET_MAX)
		len += fill(r, out + len, 1 + rng_below(r, 40));
	for (uint32_t n = rng_below(r, 4); n > 0 && len > 0; n--) {
		uint32_t reach = rng_below(r, 4) && len > 80 ? 80 : (uint32_t)len;

		out[rng_below(r, reach)] = (uint8_t)rng_u32(r);
	}
	return len;
}
