/* Sets a header field: bleaches ECN, remarks DSCP, rewrites the IP ID, shrinks the window. */
#include "lab/box_edit.h"
#include "lab/box_list.h"
#include "packet/field.h"

struct set {
	struct box box;
	struct box_filter filter;
	enum field field;
	int64_t value;
	bool fix;
};

static const struct box_param set_params[] = {
    {.name = "field",
     .type = PARAM_FIELD,
     .offset = offsetof(struct set, field),
     .help = "the field, as results name it; a field of IPv4 means its twin in IPv6 too"},
    {.name = "value",
     .type = PARAM_INT,
     .offset = offsetof(struct set, value),
     .min = 0,
     .max = UINT32_MAX,
     .help = "what it is set to"},
    {.name = "checksum",
     .type = PARAM_BOOL,
     .offset = offsetof(struct set, fix),
     .help = "whether the checksums are made to fit again"},
    BOX_FILTER_PARAMS(struct set),
    {0},
};

static const struct {
	enum field v4, v6;
} twins[] = {
    {FIELD_IP4_DSCP, FIELD_IP6_DSCP},
    {FIELD_IP4_ECN, FIELD_IP6_ECN},
    {FIELD_IP4_TTL, FIELD_IP6_HLIM},
};

static void set_init(struct box *box)
{
	((struct set *)box)->fix = true;
}

static int set_ready(struct box *box, struct error *err)
{
	const struct set *s = (const struct set *)box;
	const struct field_info *info;

	if (s->field == FIELD_NONE)
		return error_set(err, ERR_USAGE, "box 'set': no field named: expected field");
	info = field_info(s->field);
	if (info->format == FORMAT_ADDR)
		return error_set(err, ERR_USAGE,
				 "box 'set': field = '%s': expected a field that is a number",
				 info->name);
	if (info->bits < 32 && s->value >> info->bits)
		return error_set(err, ERR_USAGE,
				 "box 'set': value = %lld: expected at most %lld in %s",
				 (long long)s->value, (1LL << info->bits) - 1, info->name);
	return 0;
}

static enum field field_for(enum field f, uint8_t version)
{
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (twins[i].v4 == f && version == 6)
			return twins[i].v6;
	return f;
}

/* IP fields of every packet, unless certain segments are meant; TCP fields of segments. */
static bool concerns(const struct set *s, const struct box_packet *packet)
{
	enum field_layer layer = field_info(s->field)->layer;
	struct packet p;

	if (layer == LAYER_TCP || s->filter.segments != SEGMENTS_ALL)
		return box_segment(&p, packet, &s->filter);
	return box_walks(&s->filter, packet);
}

static enum box_fate set_packet(struct box *box, struct box_packet *packet, const struct box_io *io)
{
	const struct set *s = (const struct set *)box;
	enum field f = field_for(s->field, packet->octets[0] >> 4);
	struct box_edit edit;

	(void)io;
	if (!concerns(s, packet))
		return BOX_PASS;
	box_edit_begin(&edit, packet);
	if (field_write(packet->octets, packet->len, f, (uint64_t)s->value) && s->fix)
		box_edit_end(&edit);
	return BOX_PASS;
}

const struct box_ops box_set_field = {
    .name = "set",
    .summary = "sets a header field",
    .size = sizeof(struct set),
    .params = set_params,
    .init = set_init,
    .ready = set_ready,
    .packet = set_packet,
};
