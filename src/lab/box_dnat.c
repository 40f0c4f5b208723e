/* Destination NAT: the target is known by an outside address, and stands behind this box with an
 * inside one. Errors of the hops in between leave with the outside address as their source, as
 * they do from Linux. */
#include "lab/box_list.h"
#include "lab/box_wire.h"

#include <stddef.h>

struct dnat {
	struct box box;
	struct ip_addr outside, inside;
	int64_t outside_port, inside_port; /* 0: ports are kept */
	int quotes;
	bool errors_from_target;
};

static const struct box_param dnat_params[] = {
    {.name = "outside",
     .type = PARAM_ADDR,
     .offset = offsetof(struct dnat, outside),
     .help = "the address the client knows"},
    {.name = "inside",
     .type = PARAM_ADDR,
     .offset = offsetof(struct dnat, inside),
     .help = "the address the target has"},
    {.name = "outside_port",
     .type = PARAM_INT,
     .offset = offsetof(struct dnat, outside_port),
     .min = 0,
     .max = UINT16_MAX,
     .help = "the port the client knows; 0: ports are kept"},
    {.name = "inside_port",
     .type = PARAM_INT,
     .offset = offsetof(struct dnat, inside_port),
     .min = 0,
     .max = UINT16_MAX,
     .help = "the port the target listens on; 0: ports are kept"},
    {.name = "quotes",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct dnat, quotes),
     .choices = box_quotes_names,
     .help = "quotes in ICMP errors: untouched, without their checksums, or as Linux does"},
    {.name = "errors_from_target",
     .type = PARAM_BOOL,
     .offset = offsetof(struct dnat, errors_from_target),
     .help = "ICMP errors about translated packets leave with the outside address"},
    {0},
};

static void dnat_init(struct box *box)
{
	struct dnat *d = (struct dnat *)box;

	d->quotes = QUOTES_FULL;
	d->errors_from_target = true;
}

static int dnat_ready(struct box *box, struct error *err)
{
	const struct dnat *d = (const struct dnat *)box;

	if (!d->outside.family || d->outside.family != d->inside.family)
		return error_set(
		    err, ERR_USAGE,
		    "box 'dnat': expected outside and inside, addresses of one family");
	if (!d->outside_port != !d->inside_port)
		return error_set(err, ERR_USAGE,
				 "box 'dnat': expected outside_port and inside_port, or neither");
	return 0;
}

/* Is this end of the packet (its source or destination) at `addr` and `port`? */
static bool is_at(const struct box_wire *w, bool source, const struct ip_addr *addr, int64_t port)
{
	struct ip_addr here = box_wire_addr(w, source);

	return ip_addr_equal(&here, addr) && (!port || box_wire_port(w, source) == port);
}

static void move_to(struct box_wire *w, bool source, const struct ip_addr *addr, int64_t port)
{
	box_wire_set_addr(w, source, addr);
	if (port)
		box_wire_set_port(w, source, (uint16_t)port);
}

static void dnat_error(const struct dnat *d, struct box_wire *w, struct box_wire *quote,
		       struct box_packet *packet)
{
	if (!is_at(quote, false, &d->inside, d->inside_port))
		return;
	if (d->errors_from_target)
		box_wire_set_addr(w, true, &d->outside);
	if (d->quotes == QUOTES_NONE)
		return;
	move_to(quote, false, &d->outside, d->outside_port);
	box_wire_requoted(packet);
}

static enum box_fate dnat_packet(struct box *box, struct box_packet *packet,
				 const struct box_io *io)
{
	const struct dnat *d = (const struct dnat *)box;
	struct box_wire w, quote;

	(void)io;
	if (!box_wire_init(&w, packet->octets, packet->len, true))
		return BOX_PASS;
	if (packet->direction == BOX_FORWARD) {
		if (is_at(&w, false, &d->outside, d->outside_port))
			move_to(&w, false, &d->inside, d->inside_port);
	} else if (box_wire_quote(&quote, packet, d->quotes == QUOTES_FULL)) {
		dnat_error(d, &w, &quote, packet);
	} else if (is_at(&w, true, &d->inside, d->inside_port)) {
		move_to(&w, true, &d->outside, d->outside_port);
	}
	return BOX_PASS;
}

const struct box_ops box_dnat = {
    .name = "dnat",
    .summary = "translates the destination: the target stands behind it",
    .size = sizeof(struct dnat),
    .params = dnat_params,
    .init = dnat_init,
    .ready = dnat_ready,
    .packet = dnat_packet,
};
