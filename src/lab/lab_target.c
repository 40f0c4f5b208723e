/* The host at the end of the path, as far as it is not TCP: which packets are for it, echo, and
 * unreachable ports. lab_target_tcp.c answers segments. */
#include "lab/lab_target.h"
#include "lab/lab_ip_options.h"

#include <stdlib.h>
#include <string.h>

#define UDP_HEADER 8

/* As a kernel: what is cut, fragmented or does not fit its checksum is dropped without a word. */
static bool is_sound(const struct packet *p)
{
	if (!(p->have & PACKET_HAS_ALL) || p->ip.frag_offset || p->ip.flags & 1)
		return false;
	if (p->ip.version == 4 && packet_ip_checksum(p) != p->ip.checksum)
		return false;
	switch (p->ip.proto) {
	case IP_PROTO_TCP:
		return p->have & PACKET_HAS_OPTIONS && p->tcp.header_len >= 20 &&
		       p->tcp.checksum == packet_transport_checksum(p);
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		return p->have & PACKET_HAS_ICMP &&
		       p->icmp.checksum == packet_transport_checksum(p);
	default: return true;
	}
}

void target_reply(struct lab *lab, struct target *t, const struct lab_packet *cause,
		  struct packet *reply, const struct packet *to)
{
	struct lab_packet *p = lab_packet_new(lab);

	if (!p)
		return;
	reply->ip.version = to->ip.version;
	reply->ip.header_len = to->ip.version == 6 ? 40 : 20;
	reply->ip.proto = to->ip.proto;
	reply->ip.next_header = to->ip.proto;
	reply->ip.ttl = t->spec.ttl ? t->spec.ttl : LAB_TTL;
	reply->ip.flags = to->ip.version == 6 ? 0 : 2;
	reply->ip.src = to->ip.dst;
	reply->ip.dst = to->ip.src;
	lab_answer(lab, &t->element, cause, p,
		   packet_build(reply, PACKET_FIX_ALL, p->box.octets, sizeof(p->box.octets)));
}

static bool is_echo(const struct packet *p)
{
	return p->icmp.type == (p->ip.version == 6 ? 128 : 8) && !p->icmp.code;
}

static void target_echo(struct lab *lab, struct target *t, const struct lab_packet *cause,
			const struct packet *p)
{
	struct packet reply = {.have = PACKET_HAS_IP | PACKET_HAS_ICMP | PACKET_HAS_ALL};

	if (!t->spec.echo)
		return;
	reply.icmp.type = p->ip.version == 6 ? 129 : 0;
	reply.icmp.rest = p->icmp.rest;
	reply.payload = p->payload;
	target_reply(lab, t, cause, &reply, p);
}

static void target_error(struct lab *lab, struct target *t, const struct lab_packet *cause,
			 const struct packet *packet, enum icmp_kind kind, uint8_t code)
{
	struct icmp_error_spec error = {
	    .kind = kind,
	    .code = code,
	    .from = packet->ip.dst,
	    .to = packet->ip.src,
	    .ttl = t->spec.ttl ? t->spec.ttl : LAB_TTL,
	    .quote = QUOTE_FULL,
	};

	lab_answer_error(lab, &t->element, cause, &error);
}

static void target_deliver(struct lab *lab, struct target *t, struct lab_packet *cause,
			   const struct packet *p)
{
	switch (p->ip.proto) {
	case IP_PROTO_TCP: t->segment(lab, t, cause, p); break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		if (is_echo(p))
			target_echo(lab, t, cause, p);
		else
			t->segment(lab, t, cause, p);
		break;
	case IP_PROTO_UDP:
		if (p->transport.len >= UDP_HEADER)
			target_error(lab, t, cause, p, ICMP_KIND_UNREACHABLE,
				     p->ip.version == 6 ? 4 : 3);
		break;
	}
}

static void target_packet(struct lab *lab, struct target *t, struct lab_packet *cause)
{
	struct packet p;

	if (t->spec.silent || packet_parse(&p, span_of(cause->box.octets, cause->box.len)) ||
	    !lab_is_target(lab, &p.ip.dst) || !is_sound(&p))
		return;
	if (lab_ip_options_bad(cause->box.octets, &p, true)) {
		if (t->spec.problems)
			target_error(lab, t, cause, &p, ICMP_KIND_PARAM_PROBLEM,
				     p.ip.version == 6 ? 2 : 0);
		return;
	}
	target_deliver(lab, t, cause, &p);
}

bool target_arrive(struct lab *lab, struct lab_element *e, struct lab_packet *p)
{
	lab->walked++;
	target_packet(lab, (struct target *)e, p);
	lab_packet_free(lab, p);
	return false;
}

static const struct lab_element_ops target_ops = {.arrive = target_arrive};

struct lab_element *lab_target_new(const struct lab_target *spec, struct error *err)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t) {
		error_set(err, ERR_NOMEM, "lab: out of memory");
		return NULL;
	}
	t->element.ops = &target_ops;
	t->spec = *spec;
	t->segment = target_segment;
	return &t->element;
}

size_t lab_element_half_open(const struct lab_element *e)
{
	const struct target *t = (const struct target *)e;
	size_t count = 0;

	for (size_t i = 0; i < t->connection_count; i++)
		count += !t->connections[i].established;
	return count;
}
