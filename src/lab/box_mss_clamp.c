/* Lowers the MSS that SYNs announce to what fits a tunnel, or inserts one where there is none. */
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"
#include "util/octets.h"

struct mss_clamp {
	struct box box;
	struct box_filter filter;
	int64_t max;
	bool insert;
};

static const struct box_param mss_clamp_params[] = {
    {.name = "max",
     .type = PARAM_INT,
     .offset = offsetof(struct mss_clamp, max),
     .min = 0,
     .max = UINT16_MAX,
     .help = "the largest MSS that passes"},
    {.name = "insert",
     .type = PARAM_BOOL,
     .offset = offsetof(struct mss_clamp, insert),
     .help = "add the option where there is none"},
    {.name = "direction",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct mss_clamp, filter.direction),
     .choices = box_directions,
     .help = "packets towards the target, back, or both"},
    {0},
};

static void mss_clamp_init(struct box *box)
{
	struct mss_clamp *m = (struct mss_clamp *)box;

	m->max = 1400;
	m->filter.direction = BOX_BOTH - 1;
	m->filter.segments = SEGMENTS_HANDSHAKE;
}

static void mss_insert(const struct mss_clamp *m, struct box_packet *packet, const struct packet *p)
{
	uint8_t area[TCP_OPTIONS_MAX + 4] = {TCP_OPT_MSS, 4};

	store_u16(area + 2, (uint16_t)m->max);
	if (p->tcp.option_area.len)
		memcpy(area + 4, p->tcp.option_area.at, p->tcp.option_area.len);
	box_options_replace(packet, p, span_of(area, p->tcp.option_area.len + 4));
}

static enum box_fate mss_clamp_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	const struct mss_clamp *m = (const struct mss_clamp *)box;
	const struct tcp_option *o;
	struct box_edit edit;
	struct packet p;

	(void)io;
	if (!box_segment(&p, packet, &m->filter))
		return BOX_PASS;
	o = tcp_option_find(&p.tcp.options, TCP_OPT_MSS, -1);
	if (!o && m->insert)
		mss_insert(m, packet, &p);
	if (!o || o->len != 4 || load_u16(o->at + 2) <= m->max)
		return BOX_PASS;
	box_edit_begin(&edit, packet);
	store_u16(packet->octets + (o->at - packet->octets) + 2, (uint16_t)m->max);
	box_edit_end(&edit);
	return BOX_PASS;
}

const struct box_ops box_mss_clamp = {
    .name = "mss_clamp",
    .summary = "lowers the MSS of SYNs, or inserts one",
    .size = sizeof(struct mss_clamp),
    .params = mss_clamp_params,
    .init = mss_clamp_init,
    .packet = mss_clamp_packet,
};
