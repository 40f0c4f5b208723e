/* What routers and targets answer a packet with, on the way back that it came. */
#include "lab/lab_element.h"
#include "packet/icmp.h"

void lab_answer(struct lab *lab, const struct lab_element *e, const struct lab_packet *cause,
		struct lab_packet *p, int len)
{
	if (len < 0) {
		lab_packet_free(lab, p);
		return;
	}
	p->box.len = (size_t)len;
	p->box.path = cause->box.path;
	p->box.direction = cause->box.direction == BOX_FORWARD ? BOX_REVERSE : BOX_FORWARD;
	lab_emit(lab, e, cause, p);
}

void lab_answer_error(struct lab *lab, const struct lab_element *e,
		      const struct lab_packet *offender, struct icmp_error_spec *error)
{
	struct lab_packet *p = lab_packet_new(lab);

	if (!p)
		return;
	error->id = (uint16_t)rng_u32(&lab->rng);
	lab_answer(lab, e, offender, p,
		   icmp_error_build(error, span_of(offender->box.octets, offender->box.len),
				    p->box.octets, sizeof(p->box.octets)));
}
