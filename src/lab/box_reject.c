/* Answers segments with ICMP unreachable and drops them, as nftables' `reject` does. The error
 * quotes all of the segment, as it arrived here. */
#include <stddef.h>

#include "lab/box_list.h"
#include "lab/box_trigger.h"
#include "packet/icmp.h"

struct reject {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	struct box_trigger trigger;
	struct ip_addr from, from6;
	int64_t code;
};

static const struct box_param reject_params[] = {
    BOX_TRIGGER_PARAMS(struct reject),
    BOX_OPTION_PARAMS(struct reject),
    BOX_FILTER_PARAMS(struct reject),
    {.name = "from",
     .type = PARAM_ADDR,
     .offset = offsetof(struct reject, from),
     .help = "the address it answers with"},
    {.name = "from6",
     .type = PARAM_ADDR,
     .offset = offsetof(struct reject, from6),
     .help = "likewise for the other family"},
    {.name = "code",
     .type = PARAM_INT,
     .offset = offsetof(struct reject, code),
     .min = 0,
     .max = 15,
     .help = "of ICMPv4 unreachable: 13 is administratively prohibited; in ICMPv6 that is 1"},
    {0},
};

static void reject_init(struct box *box)
{
	struct reject *r = (struct reject *)box;

	r->option = box_option_unset();
	r->code = 13;
}

static int reject_ready(struct box *box, struct error *err)
{
	const struct reject *r = (const struct reject *)box;

	if (!r->from.family)
		return error_set(err, ERR_USAGE, "box 'reject': no address: expected from");
	return box_trigger_ready(box, &r->trigger, &r->option, err);
}

static void reject_answer(const struct reject *r, const struct box_packet *packet,
			  const struct packet *p, const struct box_io *io)
{
	struct icmp_error_spec error = {
	    .kind = ICMP_KIND_UNREACHABLE,
	    .code = p->ip.version == 6 ? 1 : (uint8_t)r->code,
	    .from = r->from.family == p->ip.version ? r->from : r->from6,
	    .to = p->ip.src,
	    .ttl = 64,
	    .id = (uint16_t)rng_u32(io->rng),
	    .quote = QUOTE_FULL,
	};
	struct box_packet out = {.direction = box_opposite(packet->direction),
				 .path = packet->path};
	int len;

	if (error.from.family != p->ip.version)
		return;
	len = icmp_error_build(&error, span_of(packet->octets, packet->len), out.octets,
			       sizeof(out.octets));
	if (len < 0)
		return;
	out.len = (size_t)len;
	io->emit(io->context, &out);
}

static enum box_fate reject_packet(struct box *box, struct box_packet *packet,
				   const struct box_io *io)
{
	const struct reject *r = (const struct reject *)box;
	struct packet p;

	if (!box_triggered(&r->trigger, &r->option, &r->filter, packet, &p))
		return BOX_PASS;
	reject_answer(r, packet, &p, io);
	return BOX_DROP;
}

const struct box_ops box_reject = {
    .name = "reject",
    .summary = "answers segments with ICMP unreachable",
    .size = sizeof(struct reject),
    .params = reject_params,
    .init = reject_init,
    .ready = reject_ready,
    .packet = reject_packet,
};
