/* Whatever has an IP header is parsed and built back to the same octets; with its checksums
 * fixed in place it carries the checksums that it should. */
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_fixed(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len), *again = malloc(len);
	struct packet p;

	memcpy(copy, octets, len);
	packet_fix_checksums(copy, len);
	memcpy(again, copy, len);
	packet_fix_checksums(again, len);
	require(memcmp(copy, again, len) == 0);
	require(packet_parse(&p, span_of(copy, len)) == 0);
	if (p.ip.version == 4 && (p.have & PACKET_HAS_IP))
		require(p.ip.checksum == packet_ip_checksum(&p));
	if ((p.have & PACKET_HAS_ALL) && (p.have & PACKET_HAS_TCP) && !(p.ip.flags & 1))
		require(p.tcp.checksum == packet_transport_checksum(&p));
	free(copy);
	free(again);
}

/* With lengths and checksums fixed, it is a packet whose fixed lengths hold. */
static void check_rebuilt(const struct packet *p, size_t len)
{
	uint8_t *out = malloc(len);
	int n = packet_build(p, PACKET_FIX_ALL, out, len);
	struct packet q;

	require(n == (int)len || n == ERR_MALFORMED);
	if (n > 0 && (p->have & PACKET_HAS_IP)) {
		require(packet_parse(&q, span_of(out, len)) == 0);
		require(q.ip.length == 0 || (q.have & PACKET_HAS_ALL));
		require(q.trailer.len == p->trailer.len || q.ip.length == 0);
		if ((p->have & PACKET_HAS_OPTIONS) && !(q.ip.flags & 1))
			require(q.tcp.checksum == packet_transport_checksum(&q));
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct packet p;
	uint8_t *out;

	memset(&p, 0xa5, sizeof(p));
	if (packet_parse(&p, span_of(octets, len)))
		return 0;
	out = malloc(len);
	require(packet_build(&p, PACKET_VERBATIM, out, len) == (int)len);
	require(memcmp(out, octets, len) == 0);
	require(packet_build(&p, PACKET_VERBATIM, out, len - 1) == ERR_NOSPACE);
	free(out);
	check_fixed(octets, len);
	check_rebuilt(&p, len);
	return 0;
}
