/* The fixed header fields. The table is the only place that knows where their bits are. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "packet/field.h"
#include "util/octets.h"

/* One row a field, in the order of enum field: display name, key in the notation, layer, first
 * bit, bits, octets that a one in it stands for, format, role. */
static const struct field_info FIELDS[] = {
    {"", "", LAYER_IP4, 0, 0, 1, FORMAT_DEC, FIELD_EXPECTED},
    {"ip.version", "version", LAYER_IP4, 0, 4, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.hdr_len", "ihl", LAYER_IP4, 4, 4, 4, FORMAT_DEC, FIELD_COMPARED},
    {"ip.dsfield.dscp", "dscp", LAYER_IP4, 8, 6, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ip.dsfield.ecn", "ecn", LAYER_IP4, 14, 2, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ip.len", "len", LAYER_IP4, 16, 16, 1, FORMAT_DEC, FIELD_DERIVED},
    {"ip.id", "id", LAYER_IP4, 32, 16, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ip.flags.rb", "rb", LAYER_IP4, 48, 1, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.flags.df", "df", LAYER_IP4, 49, 1, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.flags.mf", "mf", LAYER_IP4, 50, 1, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.frag_offset", "frag", LAYER_IP4, 51, 13, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.ttl", "ttl", LAYER_IP4, 64, 8, 1, FORMAT_DEC, FIELD_EXPECTED},
    {"ip.proto", "proto", LAYER_IP4, 72, 8, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ip.checksum", "chksum", LAYER_IP4, 80, 16, 1, FORMAT_HEX, FIELD_EXPECTED},
    {"ip.src", "src", LAYER_IP4, 96, 32, 1, FORMAT_ADDR, FIELD_COMPARED},
    {"ip.dst", "dst", LAYER_IP4, 128, 32, 1, FORMAT_ADDR, FIELD_COMPARED},
    {"ipv6.version", "version", LAYER_IP6, 0, 4, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ipv6.tclass.dscp", "dscp", LAYER_IP6, 4, 6, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ipv6.tclass.ecn", "ecn", LAYER_IP6, 10, 2, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ipv6.flow", "flow", LAYER_IP6, 12, 20, 1, FORMAT_HEX, FIELD_COMPARED},
    {"ipv6.plen", "len", LAYER_IP6, 32, 16, 1, FORMAT_DEC, FIELD_DERIVED},
    {"ipv6.nxt", "next", LAYER_IP6, 48, 8, 1, FORMAT_DEC, FIELD_COMPARED},
    {"ipv6.hlim", "ttl", LAYER_IP6, 56, 8, 1, FORMAT_DEC, FIELD_EXPECTED},
    {"ipv6.src", "src", LAYER_IP6, 64, 128, 1, FORMAT_ADDR, FIELD_COMPARED},
    {"ipv6.dst", "dst", LAYER_IP6, 192, 128, 1, FORMAT_ADDR, FIELD_COMPARED},
    {"tcp.srcport", "src", LAYER_TCP, 0, 16, 1, FORMAT_DEC, FIELD_COMPARED},
    {"tcp.dstport", "dst", LAYER_TCP, 16, 16, 1, FORMAT_DEC, FIELD_COMPARED},
    {"tcp.seq", "seq", LAYER_TCP, 32, 32, 1, FORMAT_DEC, FIELD_COMPARED},
    {"tcp.ack", "ack", LAYER_TCP, 64, 32, 1, FORMAT_DEC, FIELD_COMPARED},
    {"tcp.hdr_len", "off", LAYER_TCP, 96, 4, 4, FORMAT_DEC, FIELD_DERIVED},
    {"tcp.flags.res", "res", LAYER_TCP, 100, 3, 1, FORMAT_HEX, FIELD_COMPARED},
    {"tcp.flags", "flags", LAYER_TCP, 103, 9, 1, FORMAT_HEX, FIELD_COMPARED},
    {"tcp.window_size_value", "win", LAYER_TCP, 112, 16, 1, FORMAT_DEC, FIELD_COMPARED},
    {"tcp.checksum", "chksum", LAYER_TCP, 128, 16, 1, FORMAT_HEX, FIELD_DERIVED},
    {"tcp.urgent_pointer", "urg", LAYER_TCP, 144, 16, 1, FORMAT_DEC, FIELD_COMPARED},
    {"icmp.type", "type", LAYER_ICMP, 0, 8, 1, FORMAT_DEC, FIELD_COMPARED},
    {"icmp.code", "code", LAYER_ICMP, 8, 8, 1, FORMAT_DEC, FIELD_COMPARED},
    {"icmp.checksum", "chksum", LAYER_ICMP, 16, 16, 1, FORMAT_HEX, FIELD_DERIVED},
    {"icmp.rest", "rest", LAYER_ICMP, 32, 32, 1, FORMAT_HEX, FIELD_COMPARED},
};

_Static_assert(sizeof FIELDS / sizeof *FIELDS == FIELD_COUNT, "one row for each enum field");
_Static_assert(FIELD_COUNT <= 64, "sets of fields are uint64_t");

const struct field_info *field_info(enum field f)
{
	assert((unsigned)f < FIELD_COUNT);
	return &FIELDS[f];
}

enum field field_by_name(const char *name)
{
	for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
		if (strcmp(FIELDS[f].name, name) == 0)
			return (enum field)f;
	return FIELD_NONE;
}

enum field field_by_key(enum field_layer layer, const char *key)
{
	for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
		if (FIELDS[f].layer == layer && strcmp(FIELDS[f].key, key) == 0)
			return (enum field)f;
	return FIELD_NONE;
}

enum field field_next(enum field_layer layer, enum field after)
{
	for (unsigned f = (unsigned)after + 1; f < FIELD_COUNT; f++)
		if (FIELDS[f].layer == layer)
			return (enum field)f;
	return FIELD_NONE;
}

bool field_within(enum field f, size_t len)
{
	return f != FIELD_NONE && FIELDS[f].bit + FIELDS[f].bits <= len * 8;
}

static void addr_load(const struct field_info *info, const uint8_t *header, struct value *out)
{
	out->kind = VALUE_ADDR;
	out->len = (uint8_t)(info->bits / 8);
	out->family = info->layer == LAYER_IP4 ? 4 : 6;
	memcpy(out->octets, header + info->bit / 8, out->len);
}

/* Two hex digits at least, as "0x02" for the two bits of ECN reads better than "0x2". */
static uint8_t hex_digits(const struct field_info *info)
{
	return (uint8_t)(info->bits <= 8 ? 2 : (info->bits + 3) / 4);
}

bool field_load(struct span header, enum field f, struct value *out)
{
	const struct field_info *info = field_info(f);

	memset(out, 0, sizeof *out);
	if (!field_within(f, header.len))
		return false;
	if (info->format == FORMAT_ADDR) {
		addr_load(info, header.at, out);
		return true;
	}
	out->kind = info->format == FORMAT_DEC ? VALUE_DEC : VALUE_HEX;
	out->len = info->format == FORMAT_DEC ? 0 : hex_digits(info);
	out->number = load_bits(header.at, info->bit, info->bits) * info->unit;
	return true;
}

/* Where the header of a layer starts in the packet; false if the packet has none. */
static bool layer_header(const struct packet *p, enum field_layer layer, struct span *header)
{
	uint8_t version = p->ip.version;
	uint8_t icmp = version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;

	if (layer == LAYER_IP4 || layer == LAYER_IP6) {
		*header = p->octets;
		return version == (layer == LAYER_IP4 ? 4 : 6);
	}
	*header = p->transport;
	return (p->have & PACKET_HAS_IP) && p->ip.frag_offset == 0 &&
	       p->ip.proto == (layer == LAYER_TCP ? IP_PROTO_TCP : icmp);
}

bool field_read(const struct packet *p, enum field f, struct value *out)
{
	struct span header;

	if (f == FIELD_NONE || !layer_header(p, field_info(f)->layer, &header)) {
		memset(out, 0, sizeof *out);
		return false;
	}
	return field_load(header, f, out);
}

/* The place of a field in a packet that is to be edited, or NULL. */
static uint8_t *field_place(uint8_t *octets, size_t len, enum field f)
{
	struct packet p;
	struct span header;

	if (f == FIELD_NONE || packet_parse(&p, span_of(octets, len)) != 0)
		return NULL;
	if (!layer_header(&p, field_info(f)->layer, &header) || !field_within(f, header.len))
		return NULL;
	return octets + (header.at - octets);
}

bool field_write(uint8_t *octets, size_t len, enum field f, uint64_t value)
{
	const struct field_info *info = field_info(f);
	uint8_t *header = field_place(octets, len, f);

	if (!header || info->format == FORMAT_ADDR)
		return false;
	store_bits(header, info->bit, info->bits, value / info->unit);
	return true;
}

bool field_write_addr(uint8_t *octets, size_t len, enum field f, const struct ip_addr *value)
{
	const struct field_info *info = field_info(f);
	uint8_t *header = field_place(octets, len, f);

	if (!header || info->format != FORMAT_ADDR ||
	    value->family != (info->layer == LAYER_IP4 ? 4 : 6))
		return false;
	memcpy(header + info->bit / 8, value->octets, info->bits / 8);
	return true;
}
