#include <stdlib.h>
#include <string.h>

#include "lab/lab_element.h"
#include "lab/lab_ip_options.h"
#include "packet/checksum.h"
#include "util/octets.h"

/* So that the bucket cannot overflow. */
#define RATE_MIN  0.001
#define BURST_MAX 1000000

struct router {
	struct lab_element element;
	struct lab_router spec;
	int64_t cost_ns, most_ns; /* the token bucket: of one answer, of a burst; 0: no limit */
	int64_t credit_ns, credited_ns; /* time saved up, and until when */
};

/* ICMPv6 codes that say what a scenario's ICMPv4 code says (RFC 4443 §3.1). */
static uint8_t prohibit_code6(int code4)
{
	switch (code4) {
	case 0: return 0;  /* network: no route */
	case 1: return 3;  /* host: address unreachable */
	case 3: return 4;  /* port */
	default: return 1; /* administratively prohibited */
	}
}

static bool may_answer(struct router *r, int64_t now_ns)
{
	if (!r->cost_ns)
		return true;
	r->credit_ns += now_ns - r->credited_ns;
	r->credited_ns = now_ns;
	if (r->credit_ns > r->most_ns)
		r->credit_ns = r->most_ns;
	if (r->credit_ns < r->cost_ns)
		return false;
	r->credit_ns -= r->cost_ns;
	return true;
}

/* RFC 1122 §3.2.2, RFC 4443 §2.4: no error about an error, nor about a later fragment. */
static bool deserves_error(const struct packet *p)
{
	struct icmp_error error;

	if (p->ip.frag_offset)
		return false;
	if (p->ip.proto != IP_PROTO_ICMP && p->ip.proto != IP_PROTO_ICMPV6)
		return true;
	return icmp_error_parse(&error, p) != 0;
}

static void router_error(struct lab *lab, struct router *r, const struct lab_packet *offender,
			 const struct packet *packet, enum icmp_kind kind, uint8_t code)
{
	const struct lab_router *spec = &r->spec;
	struct icmp_error_spec error = {
	    .kind = kind,
	    .code = code,
	    .from = packet->ip.version == 6 ? spec->addr6 : spec->addr4,
	    .to = packet->ip.src,
	    .ttl = spec->icmp_ttl ? spec->icmp_ttl : LAB_TTL,
	    .quote = spec->quote,
	    .labels = spec->labels,
	    .label_count = spec->label_count,
	};

	if (!spec->silent && error.from.family && deserves_error(packet) &&
	    may_answer(r, lab->now_ns))
		lab_answer_error(lab, &r->element, offender, &error);
}

static void decrement_ttl(uint8_t *octets, uint8_t version)
{
	uint16_t before;

	if (version == 6) {
		octets[7]--;
		return;
	}
	before = load_u16(octets + 8);
	octets[8]--;
	store_u16(octets + 10,
		  checksum_update(load_u16(octets + 10), before, load_u16(octets + 8)));
}

static bool refuses(const struct router *r, const struct lab_packet *p, const struct packet *packet)
{
	return r->spec.prohibit >= 0 && p->box.direction == BOX_FORWARD &&
	       packet->ip.proto == IP_PROTO_TCP;
}

/* As Linux does: the TTL is looked at first, and a time exceeded quotes the packet as it
 * arrived; what the filter refuses has already been counted down. */
static bool router_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p)
{
	struct router *r = (struct router *)e;
	struct packet packet;
	uint8_t code;

	lab->walked++;
	if (packet_parse(&packet, span_of(p->box.octets, p->box.len)))
		goto gone;
	if (lab_ip_options_bad(p->box.octets, &packet, false)) {
		router_error(lab, r, p, &packet, ICMP_KIND_PARAM_PROBLEM, 0);
		goto gone;
	}
	if (packet.ip.ttl <= 1) {
		router_error(lab, r, p, &packet, ICMP_KIND_TIME_EXCEEDED, 0);
		goto gone;
	}
	decrement_ttl(p->box.octets, packet.ip.version);
	if (!refuses(r, p, &packet))
		return true;
	code =
	    packet.ip.version == 6 ? prohibit_code6(r->spec.prohibit) : (uint8_t)r->spec.prohibit;
	router_error(lab, r, p, &packet, ICMP_KIND_UNREACHABLE, code);
gone:
	lab_packet_free(lab, p);
	return false;
}

static const struct lab_element_ops router_ops = {.arrive = router_arrive};

bool lab_element_is_router(const struct lab_element *e)
{
	return e->ops == &router_ops;
}

/* The bucket starts full. */
static void router_limit(struct router *r)
{
	double rate = r->spec.icmp_rate;
	int64_t burst = r->spec.icmp_burst ? r->spec.icmp_burst : 1;

	if (rate <= 0)
		return;
	r->cost_ns = rate < RATE_MIN ? (int64_t)((double)NS_PER_S / RATE_MIN)
				     : (int64_t)((double)NS_PER_S / rate);
	if (!r->cost_ns)
		return;
	r->most_ns = r->cost_ns * (burst < BURST_MAX ? burst : BURST_MAX);
	r->credit_ns = r->most_ns;
}

struct lab_element *lab_router_new(const struct lab_router *spec)
{
	struct router *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->element.ops = &router_ops;
	r->spec = *spec;
	router_limit(r);
	return &r->element;
}
