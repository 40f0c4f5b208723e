/* ICMP errors with random quotes and extensions: everything found lies inside the octets. The
 * first octet chooses the family and whether the rest is the whole packet or the message only. */
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_inside(struct span outer, struct span inner)
{
	if (inner.len == 0)
		return;
	require(inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len);
}

static void check(struct span octets)
{
	struct packet p, quoted;
	struct icmp_error e;

	memset(&e, 0xa5, sizeof(e));
	if (packet_parse(&p, octets) || icmp_error_parse(&e, &p))
		return;
	require(e.kind != ICMP_KIND_NONE && icmp_kind_name(e.kind));
	require_inside(octets, e.quote);
	require(e.extension_count <= ICMP_EXTENSIONS_MAX);
	for (size_t i = 0; i < e.extension_count; i++) {
		require_inside(octets, e.extension[i].payload);
		for (size_t l = 0; l < mpls_label_count(&e.extension[i]); l++)
			require(mpls_label_at(&e.extension[i], l).label < 1u << 20);
	}
	packet_parse(&quoted, e.quote);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	uint8_t out[2048];
	struct packet p = {0};
	int n;

	if (len < 10)
		return 0;
	if (octets[0] & 2) {
		check(span_of(octets + 1, len - 1));
		return 0;
	}
	p.ip.version = p.ip.src.family = p.ip.dst.family = octets[0] & 1 ? 4 : 6;
	p.ip.proto = octets[0] & 1 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;
	p.icmp.type = octets[1] & 15;
	p.icmp.code = octets[2];
	p.icmp.rest = (uint32_t)octets[3] << 24 | (uint32_t)octets[4] << 16 | octets[5];
	p.payload = span_of(octets + 6, len - 6);
	n = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	if (n > 0)
		check(span_of(out, (size_t)n));
	return 0;
}
