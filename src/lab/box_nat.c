/* Source NAT and NAPT: what goes towards the target leaves with the outside address, and with
 * another port or IP ID if so set. What comes back finds its way by the port. */
#include "lab/box_list.h"
#include "lab/box_wire.h"

#include <stddef.h>

#define MAPPINGS_MAX 512
#define FIRST_PORT   20000
#define PORTS	     40000

enum ports { PORTS_KEEP, PORTS_REWRITE };

static const char *const ports_names[] = {"keep", "rewrite", NULL};

struct mapping {
	struct ip_addr inside;
	uint8_t proto;
	int inside_port, outside_port; /* -1: the protocol has none */
};

struct nat {
	struct box box;
	struct ip_addr outside, outside6;
	int ports, quotes;
	bool ip_id;
	size_t mapping_count;
	struct mapping mappings[MAPPINGS_MAX];
};

static const struct box_param nat_params[] = {
    {.name = "outside",
     .type = PARAM_ADDR,
     .offset = offsetof(struct nat, outside),
     .help = "the address packets leave with"},
    {.name = "outside6",
     .type = PARAM_ADDR,
     .offset = offsetof(struct nat, outside6),
     .help = "likewise for the other family"},
    {.name = "ports",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct nat, ports),
     .choices = ports_names,
     .help = "whether source ports are translated too"},
    {.name = "ip_id",
     .type = PARAM_BOOL,
     .offset = offsetof(struct nat, ip_id),
     .help = "whether packets leave with a random IP ID; no quote has it back"},
    {.name = "quotes",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct nat, quotes),
     .choices = box_quotes_names,
     .help = "quotes in ICMP errors: untouched, without their checksums, or as Linux does"},
    {0},
};

static void nat_init(struct box *box)
{
	((struct nat *)box)->quotes = QUOTES_FULL;
}

static int nat_ready(struct box *box, struct error *err)
{
	const struct nat *n = (const struct nat *)box;

	if (!n->outside.family)
		return error_set(err, ERR_USAGE, "box 'nat': no address: expected outside");
	if (n->outside.family == n->outside6.family)
		return error_set(err, ERR_USAGE,
				 "box 'nat': outside and outside6 are both IPv%d: expected one of "
				 "each family",
				 n->outside.family);
	return 0;
}

/* NULL if the family is not translated. */
static const struct ip_addr *outside_of(const struct nat *n, uint8_t family)
{
	if (n->outside.family == family)
		return &n->outside;
	return n->outside6.family == family ? &n->outside6 : NULL;
}

static struct mapping *by_outside(struct nat *n, const struct box_wire *w, int port)
{
	for (size_t i = 0; i < n->mapping_count; i++) {
		struct mapping *m = &n->mappings[i];

		if (m->proto == w->proto && m->inside.family == w->family &&
		    m->outside_port == port)
			return m;
	}
	return NULL;
}

static struct mapping *by_inside(struct nat *n, const struct box_wire *w,
				 const struct ip_addr *inside, int port)
{
	for (size_t i = 0; i < n->mapping_count; i++) {
		struct mapping *m = &n->mappings[i];

		if (m->proto == w->proto && m->inside_port == port &&
		    ip_addr_equal(&m->inside, inside))
			return m;
	}
	return NULL;
}

static int free_port(struct nat *n, const struct box_wire *w, int wanted, struct rng *rng)
{
	int port = wanted;

	if (wanted < 0)
		return wanted;
	if (n->ports == PORTS_REWRITE)
		port = FIRST_PORT + (int)rng_below(rng, PORTS);
	while (by_outside(n, w, port) || (n->ports == PORTS_REWRITE && port == wanted))
		port = FIRST_PORT + (int)rng_below(rng, PORTS);
	return port;
}

static struct mapping *mapping_for(struct nat *n, const struct box_wire *w, struct rng *rng)
{
	struct ip_addr inside = box_wire_addr(w, true);
	int port = box_wire_port(w, true);
	struct mapping *m = by_inside(n, w, &inside, port);

	if (m || n->mapping_count == MAPPINGS_MAX)
		return m;
	m = &n->mappings[n->mapping_count];
	*m = (struct mapping){.inside = inside, .proto = w->proto, .inside_port = port};
	m->outside_port = free_port(n, w, port, rng);
	n->mapping_count++;
	return m;
}

static enum box_fate nat_out(struct nat *n, struct box_wire *w, const struct box_io *io)
{
	const struct ip_addr *outside = outside_of(n, w->family);
	const struct mapping *m;

	if (!outside)
		return BOX_PASS;
	m = mapping_for(n, w, io->rng);
	if (!m)
		return BOX_DROP;
	box_wire_set_addr(w, true, outside);
	if (m->outside_port >= 0)
		box_wire_set_port(w, true, (uint16_t)m->outside_port);
	if (n->ip_id)
		box_wire_set_id(w, (uint16_t)rng_u32(io->rng));
	return BOX_PASS;
}

static void translate_quote(const struct nat *n, struct box_wire *quote, const struct mapping *m,
			    struct box_packet *packet)
{
	if (n->quotes == QUOTES_NONE)
		return;
	box_wire_set_addr(quote, true, &m->inside);
	if (m->inside_port >= 0)
		box_wire_set_port(quote, true, (uint16_t)m->inside_port);
	box_wire_requoted(packet);
}

/* Whose packet comes back: of an ICMP error the one it quotes, else the packet's own. */
static enum box_fate nat_in(struct nat *n, struct box_wire *w, struct box_packet *packet)
{
	const struct ip_addr *outside = outside_of(n, w->family);
	struct ip_addr dst = box_wire_addr(w, false);
	bool is_error;
	struct box_wire quote;
	struct mapping *m;

	if (!outside || !ip_addr_equal(&dst, outside))
		return BOX_PASS;
	is_error = box_wire_quote(&quote, packet, n->quotes == QUOTES_FULL);
	m = is_error ? by_outside(n, &quote, box_wire_port(&quote, true))
		     : by_outside(n, w, box_wire_port(w, false));
	if (!m)
		return BOX_DROP;
	box_wire_set_addr(w, false, &m->inside);
	if (is_error)
		translate_quote(n, &quote, m, packet);
	else if (m->inside_port >= 0)
		box_wire_set_port(w, false, (uint16_t)m->inside_port);
	return BOX_PASS;
}

static enum box_fate nat_packet(struct box *box, struct box_packet *packet, const struct box_io *io)
{
	struct nat *n = (struct nat *)box;
	struct box_wire w;

	if (!box_wire_init(&w, packet->octets, packet->len, true))
		return BOX_PASS;
	return packet->direction == BOX_FORWARD ? nat_out(n, &w, io) : nat_in(n, &w, packet);
}

const struct box_ops box_nat = {
    .name = "nat",
    .summary = "translates the source address, and the port if so set",
    .size = sizeof(struct nat),
    .params = nat_params,
    .init = nat_init,
    .ready = nat_ready,
    .packet = nat_packet,
};
