#include <string.h>

#include "packet/mptcp_form.h"
#include "util/error.h"
#include "util/octets.h"

static unsigned shape_of(const struct mptcp_option *m)
{
	switch (m->subtype) {
	case MPTCP_CAPABLE:
		return (m->capable.has_sender_key ? SHAPE_SENDER_KEY : 0) |
		       (m->capable.has_receiver_key ? SHAPE_RECEIVER_KEY : 0) |
		       (m->capable.has_data_len ? SHAPE_DATA_LEN : 0) |
		       (m->capable.has_checksum ? SHAPE_CAPABLE_CHECKSUM : 0);
	case MPTCP_JOIN: return m->join.len;
	case MPTCP_DSS:
		return (m->dss.flags & 0xf) | (m->dss.has_checksum ? SHAPE_DSS_CHECKSUM : 0);
	case MPTCP_ADD_ADDR:
		return (m->add_addr.v0 ? SHAPE_V0 : 0) |
		       (m->add_addr.addr.family == 6 ? SHAPE_ADDR6 : 0) |
		       (m->add_addr.has_port ? SHAPE_PORT : 0) |
		       (m->add_addr.echo && !m->add_addr.v0 ? SHAPE_ECHO : 0);
	case MPTCP_PRIO: return m->prio.has_id ? SHAPE_PRIO_ID : 0;
	default: return 0;
	}
}

/* The form that the structure's shape asks for. The version is no part of it: an MP_CAPABLE
 * of any version can be built with any set of keys. */
static const struct mptcp_form *find_form(const struct mptcp_option *m)
{
	unsigned shape = shape_of(m);

	for (size_t i = 0; i < mptcp_form_count; i++) {
		const struct mptcp_form *f = &mptcp_forms[i];

		if (f->subtype == m->subtype && (shape & f->shape_mask) == f->shape)
			return f;
	}
	return NULL;
}

static uint64_t member_uint(const void *member, size_t size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1: return *(const uint8_t *)member;
	case 2: memcpy(&u16, member, 2); return u16;
	case 4: memcpy(&u32, member, 4); return u32;
	default: memcpy(&u64, member, 8); return u64;
	}
}

static void write_uint(uint8_t *out, size_t bit, size_t bits, uint64_t value)
{
	switch (bit % 8 ? 0 : bits) {
	case 8: out[bit / 8] = (uint8_t)value; break;
	case 16: store_u16(out + bit / 8, (uint16_t)value); break;
	case 32: store_u32(out + bit / 8, (uint32_t)value); break;
	case 64: store_u64(out + bit / 8, value); break;
	default: store_bits(out, bit, bits, value); break;
	}
}

static void write_slot(const struct mptcp_option *m, const struct mptcp_slot_info *slot,
		       uint8_t *out, size_t bit, size_t bits)
{
	const void *member = (const char *)m + slot->at;
	struct span octets;

	switch (slot->type) {
	case SLOT_UINT: write_uint(out, bit, bits, member_uint(member, slot->size)); break;
	case SLOT_BOOL: store_bits(out, bit, 1, *(const bool *)member); break;
	case SLOT_ADDR: memcpy(out + bit / 8, m->add_addr.addr.octets, bits / 8); break;
	case SLOT_SPAN:
		memcpy(&octets, member, sizeof(octets));
		octets = span_cut(octets, 0, bits / 8);
		memset(out + bit / 8, 0, bits / 8);
		if (octets.len)
			memcpy(out + bit / 8, octets.at, octets.len);
		break;
	default: break;
	}
}

static size_t form_len(const struct mptcp_option *m, const struct mptcp_form *f)
{
	return f->len == MPTCP_ANY_LEN ? 3 + m->remove_addr_ids.len : f->len;
}

int mptcp_option_build(const struct mptcp_option *m, uint8_t *out, size_t cap)
{
	const struct mptcp_form *f = find_form(m);
	size_t bit = 20, len = f ? form_len(m, f) : 0;

	if (!f)
		return ERR_MALFORMED;
	if (len > cap || len > TCP_OPTIONS_MAX)
		return ERR_NOSPACE;
	out[0] = TCP_OPT_MPTCP;
	out[1] = (uint8_t)len;
	out[2] = (uint8_t)(f->subtype << 4 | f->value >> 8);
	if (len > 3)
		out[3] = (uint8_t)f->value;
	for (const uint8_t *s = f->slots; *s != SLOT_END; s++) {
		const struct mptcp_slot_info *slot = &mptcp_slots[*s];
		size_t bits = slot->bits ? slot->bits : len * 8 - bit;

		write_slot(m, slot, out, bit, bits);
		bit += bits;
	}
	return (int)len;
}
