#include <stddef.h>
#include <string.h>

#include "packet/mptcp_form.h"

#define AT(member)   offsetof(struct mptcp_option, member)
#define SIZE(member) sizeof(((struct mptcp_option *)0)->member)
#define UINT(bits, m)                                                                              \
	{                                                                                          \
		SLOT_UINT, (bits), AT(m), SIZE(m)                                                  \
	}
#define FLAG(m)                                                                                    \
	{                                                                                          \
		SLOT_BOOL, 1, AT(m), 1                                                             \
	}
#define OCTETS(len, m)                                                                             \
	{                                                                                          \
		SLOT_SPAN, (len)*8, AT(m), 0                                                       \
	}

const struct mptcp_slot_info mptcp_slots[SLOT_COUNT] = {
    [SLOT_SKIP3] = {SLOT_NOTHING, 3, 0, 0},
    [SLOT_SKIP4] = {SLOT_NOTHING, 4, 0, 0},
    [SLOT_SKIP12] = {SLOT_NOTHING, 12, 0, 0},
    [SLOT_VERSION] = UINT(4, capable.version),
    [SLOT_CAPABLE_FLAGS] = UINT(8, capable.flags),
    [SLOT_SENDER_KEY] = UINT(64, capable.sender_key),
    [SLOT_RECEIVER_KEY] = UINT(64, capable.receiver_key),
    [SLOT_CAPABLE_LEN] = UINT(16, capable.data_len),
    [SLOT_CAPABLE_CHECKSUM] = UINT(16, capable.checksum),
    [SLOT_JOIN_BACKUP] = FLAG(join.backup),
    [SLOT_JOIN_ID] = UINT(8, join.address_id),
    [SLOT_TOKEN] = UINT(32, join.token),
    [SLOT_NONCE] = UINT(32, join.nonce),
    [SLOT_JOIN_HMAC8] = OCTETS(8, join.hmac),
    [SLOT_JOIN_HMAC20] = OCTETS(20, join.hmac),
    [SLOT_DSS_FLAGS] = UINT(8, dss.flags),
    [SLOT_ACK4] = UINT(32, dss.ack),
    [SLOT_ACK8] = UINT(64, dss.ack),
    [SLOT_DSN4] = UINT(32, dss.dsn),
    [SLOT_DSN8] = UINT(64, dss.dsn),
    [SLOT_SSN] = UINT(32, dss.ssn),
    [SLOT_DSS_LEN] = UINT(16, dss.data_len),
    [SLOT_DSS_CHECKSUM] = UINT(16, dss.checksum),
    [SLOT_ECHO] = FLAG(add_addr.echo),
    [SLOT_ADD_ID] = UINT(8, add_addr.address_id),
    [SLOT_ADDR4] = {SLOT_ADDR, 32, AT(add_addr.addr), 0},
    [SLOT_ADDR6] = {SLOT_ADDR, 128, AT(add_addr.addr), 0},
    [SLOT_PORT] = UINT(16, add_addr.port),
    [SLOT_ADD_HMAC] = OCTETS(8, add_addr.hmac),
    [SLOT_REMOVE_IDS] = OCTETS(0, remove_addr_ids),
    [SLOT_PRIO_BACKUP] = FLAG(prio.backup),
    [SLOT_PRIO_ID] = UINT(8, prio.address_id),
    [SLOT_FAIL_DSN] = UINT(64, fail_dsn),
    [SLOT_FASTCLOSE_KEY] = UINT(64, fastclose_key),
    [SLOT_RST_FLAGS] = UINT(4, tcprst.flags),
    [SLOT_RST_REASON] = UINT(8, tcprst.reason),
};

/* The versions of MP_CAPABLE and ADD_ADDR are told by octets 2 and 3. */
#define V0	 0x0f00, 0x0000
#define V1	 0x0f00, 0x0100
#define ANNOUNCE 0x0100, 0x0000
#define ECHO	 0x0100, 0x0100
#define IPVER4	 0x0f00, 0x0400
#define IPVER6	 0x0f00, 0x0600
#define ANY	 0, 0

#define KEY1  SHAPE_SENDER_KEY
#define KEY2  (KEY1 | SHAPE_RECEIVER_KEY)
#define KEY2L (KEY2 | SHAPE_DATA_LEN)
#define CAP   SLOT_VERSION, SLOT_CAPABLE_FLAGS

/* A DSS by its flags: octet 3 must say so, and the structure's flags too. An 8-octet bit
 * without the bit that it qualifies says nothing. */
#define DSS(len, mask, value, csum, ...)                                                           \
	{                                                                                          \
		MPTCP_DSS, len, mask, value, (mask) | SHAPE_DSS_CHECKSUM, (value) | (csum),        \
		{                                                                                  \
			SLOT_SKIP4, SLOT_DSS_FLAGS __VA_ARGS__                                     \
		}                                                                                  \
	}
#define MAP SLOT_SSN, SLOT_DSS_LEN
#define SUM SLOT_DSS_CHECKSUM
#define CS  SHAPE_DSS_CHECKSUM

#define ADD(len, version, shape, ...)                                                              \
	{                                                                                          \
		MPTCP_ADD_ADDR, len, version, 0xff, shape,                                         \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define V1_ID SLOT_SKIP3, SLOT_ECHO, SLOT_ADD_ID
#define V0_ID SLOT_SKIP4, SLOT_ADD_ID

/* DSS first: it is by far the most frequent. */
const struct mptcp_form mptcp_forms[] = {
    DSS(4, 0x5, 0x0, 0),
    DSS(8, 0x7, 0x1, 0, , SLOT_ACK4),
    DSS(12, 0x7, 0x3, 0, , SLOT_ACK8),
    DSS(14, 0xd, 0x4, 0, , SLOT_DSN4, MAP),
    DSS(16, 0xd, 0x4, CS, , SLOT_DSN4, MAP, SUM),
    DSS(18, 0xd, 0xc, 0, , SLOT_DSN8, MAP),
    DSS(20, 0xd, 0xc, CS, , SLOT_DSN8, MAP, SUM),
    DSS(18, 0xf, 0x5, 0, , SLOT_ACK4, SLOT_DSN4, MAP),
    DSS(20, 0xf, 0x5, CS, , SLOT_ACK4, SLOT_DSN4, MAP, SUM),
    DSS(22, 0xf, 0x7, 0, , SLOT_ACK8, SLOT_DSN4, MAP),
    DSS(24, 0xf, 0x7, CS, , SLOT_ACK8, SLOT_DSN4, MAP, SUM),
    DSS(22, 0xf, 0xd, 0, , SLOT_ACK4, SLOT_DSN8, MAP),
    DSS(24, 0xf, 0xd, CS, , SLOT_ACK4, SLOT_DSN8, MAP, SUM),
    DSS(26, 0xf, 0xf, 0, , SLOT_ACK8, SLOT_DSN8, MAP),
    DSS(28, 0xf, 0xf, CS, , SLOT_ACK8, SLOT_DSN8, MAP, SUM),

    {MPTCP_CAPABLE, 4, V1, 0xff, 0, {CAP}},
    {MPTCP_CAPABLE, 12, V1, 0xff, KEY1, {CAP, SLOT_SENDER_KEY}},
    {MPTCP_CAPABLE, 20, V1, 0xff, KEY2, {CAP, SLOT_SENDER_KEY, SLOT_RECEIVER_KEY}},
    {MPTCP_CAPABLE,
     22,
     V1,
     0xff,
     KEY2L,
     {CAP, SLOT_SENDER_KEY, SLOT_RECEIVER_KEY, SLOT_CAPABLE_LEN}},
    {MPTCP_CAPABLE,
     24,
     V1,
     0xff,
     KEY2L | SHAPE_CAPABLE_CHECKSUM,
     {CAP, SLOT_SENDER_KEY, SLOT_RECEIVER_KEY, SLOT_CAPABLE_LEN, SLOT_CAPABLE_CHECKSUM}},
    {MPTCP_CAPABLE, 12, V0, 0xff, KEY1, {CAP, SLOT_SENDER_KEY}},
    {MPTCP_CAPABLE, 20, V0, 0xff, KEY2, {CAP, SLOT_SENDER_KEY, SLOT_RECEIVER_KEY}},

    {MPTCP_JOIN,
     12,
     ANY,
     0xff,
     12,
     {SLOT_SKIP3, SLOT_JOIN_BACKUP, SLOT_JOIN_ID, SLOT_TOKEN, SLOT_NONCE}},
    {MPTCP_JOIN,
     16,
     ANY,
     0xff,
     16,
     {SLOT_SKIP3, SLOT_JOIN_BACKUP, SLOT_JOIN_ID, SLOT_JOIN_HMAC8, SLOT_NONCE}},
    {MPTCP_JOIN, 24, ANY, 0xff, 24, {SLOT_SKIP12, SLOT_JOIN_HMAC20}},

    ADD(16, ANNOUNCE, 0, V1_ID, SLOT_ADDR4, SLOT_ADD_HMAC),
    ADD(18, ANNOUNCE, SHAPE_PORT, V1_ID, SLOT_ADDR4, SLOT_PORT, SLOT_ADD_HMAC),
    ADD(28, ANNOUNCE, SHAPE_ADDR6, V1_ID, SLOT_ADDR6, SLOT_ADD_HMAC),
    ADD(30, ANNOUNCE, SHAPE_ADDR6 | SHAPE_PORT, V1_ID, SLOT_ADDR6, SLOT_PORT, SLOT_ADD_HMAC),
    ADD(8, ECHO, SHAPE_ECHO, V1_ID, SLOT_ADDR4),
    ADD(10, ECHO, SHAPE_ECHO | SHAPE_PORT, V1_ID, SLOT_ADDR4, SLOT_PORT),
    ADD(20, ECHO, SHAPE_ECHO | SHAPE_ADDR6, V1_ID, SLOT_ADDR6),
    ADD(22, ECHO, SHAPE_ECHO | SHAPE_ADDR6 | SHAPE_PORT, V1_ID, SLOT_ADDR6, SLOT_PORT),
    ADD(8, IPVER4, SHAPE_V0, V0_ID, SLOT_ADDR4),
    ADD(10, IPVER4, SHAPE_V0 | SHAPE_PORT, V0_ID, SLOT_ADDR4, SLOT_PORT),
    ADD(20, IPVER6, SHAPE_V0 | SHAPE_ADDR6, V0_ID, SLOT_ADDR6),
    ADD(22, IPVER6, SHAPE_V0 | SHAPE_ADDR6 | SHAPE_PORT, V0_ID, SLOT_ADDR6, SLOT_PORT),

    {MPTCP_REMOVE_ADDR, MPTCP_ANY_LEN, ANY, 0, 0, {SLOT_SKIP4, SLOT_REMOVE_IDS}},
    {MPTCP_PRIO, 3, ANY, 0xff, 0, {SLOT_SKIP3, SLOT_PRIO_BACKUP}},
    {MPTCP_PRIO, 4, ANY, 0xff, SHAPE_PRIO_ID, {SLOT_SKIP3, SLOT_PRIO_BACKUP, SLOT_PRIO_ID}},
    {MPTCP_FAIL, 12, ANY, 0, 0, {SLOT_SKIP12, SLOT_FAIL_DSN}},
    {MPTCP_FASTCLOSE, 12, ANY, 0, 0, {SLOT_SKIP12, SLOT_FASTCLOSE_KEY}},
    {MPTCP_TCPRST, 4, ANY, 0, 0, {SLOT_RST_FLAGS, SLOT_RST_REASON}},
};

const size_t mptcp_form_count = sizeof(mptcp_forms) / sizeof(mptcp_forms[0]);

static const char *const names[] = {
    [MPTCP_CAPABLE] = "mp_capable",
    [MPTCP_JOIN] = "mp_join",
    [MPTCP_DSS] = "dss",
    [MPTCP_ADD_ADDR] = "add_addr",
    [MPTCP_REMOVE_ADDR] = "remove_addr",
    [MPTCP_PRIO] = "mp_prio",
    [MPTCP_FAIL] = "mp_fail",
    [MPTCP_FASTCLOSE] = "mp_fastclose",
    [MPTCP_TCPRST] = "mp_tcprst",
};

#define NAMED (sizeof(names) / sizeof(names[0]))

const char *mptcp_subtype_name(unsigned subtype)
{
	return subtype < NAMED ? names[subtype] : NULL;
}

int mptcp_subtype_by_name(const char *name)
{
	for (size_t i = 0; i < NAMED; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

int mptcp_subtype_of(const struct tcp_option *o)
{
	return o->kind == TCP_OPT_MPTCP && o->len >= 3 ? o->at[2] >> 4 : -1;
}
