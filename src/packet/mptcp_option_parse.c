#include <string.h>

#include "packet/mptcp_form.h"
#include "util/error.h"
#include "util/octets.h"

static const struct mptcp_form *find_form(const struct tcp_option *o, unsigned subtype)
{
	unsigned head = (unsigned)o->at[2] << 8 | (o->len > 3 ? o->at[3] : 0);

	for (size_t i = 0; i < mptcp_form_count; i++) {
		const struct mptcp_form *f = &mptcp_forms[i];

		if (f->subtype == subtype &&
		    (f->len == MPTCP_ANY_LEN ? o->len > 3 : f->len == o->len) &&
		    (head & f->mask) == f->value)
			return f;
	}
	return NULL;
}

static uint64_t read_uint(const uint8_t *at, size_t bit, size_t bits)
{
	switch (bit % 8 ? 0 : bits) {
	case 8: return at[bit / 8];
	case 16: return load_u16(at + bit / 8);
	case 32: return load_u32(at + bit / 8);
	case 64: return load_u64(at + bit / 8);
	default: return load_bits(at, bit, bits);
	}
}

static void store_member(void *member, size_t size, uint64_t value)
{
	switch (size) {
	case 1: memcpy(member, &(uint8_t){(uint8_t)value}, 1); break;
	case 2: memcpy(member, &(uint16_t){(uint16_t)value}, 2); break;
	case 4: memcpy(member, &(uint32_t){(uint32_t)value}, 4); break;
	default: memcpy(member, &value, 8); break;
	}
}

static void read_slot(struct mptcp_option *out, const struct mptcp_slot_info *slot,
		      const uint8_t *at, size_t bit, size_t bits)
{
	void *member = (char *)out + slot->at;
	struct span octets = span_of(at + bit / 8, bits / 8);
	struct ip_addr addr;

	switch (slot->type) {
	case SLOT_UINT: store_member(member, slot->size, read_uint(at, bit, bits)); break;
	case SLOT_BOOL: *(bool *)member = load_bits(at, bit, 1) != 0; break;
	case SLOT_SPAN: memcpy(member, &octets, sizeof(octets)); break;
	case SLOT_ADDR:
		addr = bits == 32 ? ip_addr_v4(octets.at) : ip_addr_v6(octets.at);
		memcpy(member, &addr, sizeof(addr));
		break;
	default: break;
	}
}

/* Sets what the form's presence itself says. */
static void take_shape(struct mptcp_option *out, const struct mptcp_form *f)
{
	switch (f->subtype) {
	case MPTCP_CAPABLE:
		out->capable.has_sender_key = f->shape & SHAPE_SENDER_KEY;
		out->capable.has_receiver_key = f->shape & SHAPE_RECEIVER_KEY;
		out->capable.has_data_len = f->shape & SHAPE_DATA_LEN;
		out->capable.has_checksum = f->shape & SHAPE_CAPABLE_CHECKSUM;
		break;
	case MPTCP_JOIN: out->join.len = f->shape; break;
	case MPTCP_DSS: out->dss.has_checksum = f->shape & SHAPE_DSS_CHECKSUM; break;
	case MPTCP_ADD_ADDR:
		out->add_addr.v0 = f->shape & SHAPE_V0;
		out->add_addr.has_port = f->shape & SHAPE_PORT;
		break;
	case MPTCP_PRIO: out->prio.has_id = f->shape & SHAPE_PRIO_ID; break;
	default: break;
	}
}

int mptcp_option_parse(struct mptcp_option *out, const struct tcp_option *o)
{
	int subtype = mptcp_subtype_of(o);
	const struct mptcp_form *f;
	size_t bit = 20;

	memset(out, 0, sizeof(*out));
	if (subtype < 0)
		return ERR_MALFORMED;
	out->subtype = (enum mptcp_subtype)subtype;
	f = o->malformed ? NULL : find_form(o, (unsigned)subtype);
	if (!f)
		return ERR_MALFORMED;
	for (const uint8_t *s = f->slots; *s != SLOT_END; s++) {
		const struct mptcp_slot_info *slot = &mptcp_slots[*s];
		size_t bits = slot->bits ? slot->bits : o->len * 8 - bit;

		read_slot(out, slot, o->at, bit, bits);
		bit += bits;
	}
	take_shape(out, f);
	return 0;
}
