/* The forms of the MPTCP option in the notation: one row a subtype. Which form it is follows
 * from the arguments that are given. */
#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/notation_parts.h"

/* The key of a v0 SYN, which has to have one, if none is given. */
#define SENDER_KEY_V0 UINT64_C(0x0102030405060708)

static void put(struct arg *a, uint64_t number, bool given)
{
	a->given = given;
	a->number = number;
}

static void put_octets(struct arg *a, struct span octets)
{
	a->given = octets.len > 0;
	a->len = octets.len < sizeof a->octets ? octets.len : sizeof a->octets;
	if (a->given)
		memcpy(a->octets, octets.at, a->len);
}

enum { CAP_V, CAP_FLAGS, CAP_SKEY, CAP_RKEY, CAP_DLEN, CAP_CSUM };

static void capable_fill(const struct arg *a, struct mptcp_option *m)
{
	struct mptcp_capable *c = &m->capable;

	c->version = (uint8_t)a[CAP_V].number;
	c->flags = (uint8_t)a[CAP_FLAGS].number;
	c->has_checksum = a[CAP_CSUM].given;
	c->has_data_len = a[CAP_DLEN].given || c->has_checksum;
	c->has_receiver_key = a[CAP_RKEY].given || c->has_data_len;
	c->has_sender_key = a[CAP_SKEY].given || c->has_receiver_key || c->version == 0;
	c->sender_key = a[CAP_SKEY].given ? a[CAP_SKEY].number
			: c->version == 0 ? SENDER_KEY_V0
					  : 0;
	c->receiver_key = a[CAP_RKEY].number;
	c->data_len = (uint16_t)a[CAP_DLEN].number;
	c->checksum = (uint16_t)a[CAP_CSUM].number;
}

static void capable_read(const struct mptcp_option *m, struct arg *a)
{
	const struct mptcp_capable *c = &m->capable;

	put(&a[CAP_V], c->version, true);
	put(&a[CAP_FLAGS], c->flags, true);
	put(&a[CAP_SKEY], c->sender_key, c->has_sender_key);
	put(&a[CAP_RKEY], c->receiver_key, c->has_receiver_key);
	put(&a[CAP_DLEN], c->data_len, c->has_data_len);
	put(&a[CAP_CSUM], c->checksum, c->has_checksum);
}

enum { JOIN_TOKEN, JOIN_NONCE, JOIN_ID, JOIN_BACKUP, JOIN_HMAC };

/* SYN without HMAC, SYN/ACK with eight octets of it, ACK with twenty. */
static void join_fill(const struct arg *a, struct mptcp_option *m)
{
	struct mptcp_join *j = &m->join;

	j->len = !a[JOIN_HMAC].given ? 12 : a[JOIN_HMAC].len > 8 ? 24 : 16;
	j->token = (uint32_t)a[JOIN_TOKEN].number;
	j->nonce = (uint32_t)a[JOIN_NONCE].number;
	j->address_id = (uint8_t)a[JOIN_ID].number;
	j->backup = a[JOIN_BACKUP].number != 0;
	j->hmac = span_of(a[JOIN_HMAC].octets, a[JOIN_HMAC].len);
}

static void join_read(const struct mptcp_option *m, struct arg *a)
{
	const struct mptcp_join *j = &m->join;

	put(&a[JOIN_TOKEN], j->token, j->len == 12);
	put(&a[JOIN_NONCE], j->nonce, j->len != 24);
	put(&a[JOIN_ID], j->address_id, true);
	put(&a[JOIN_BACKUP], j->backup, true);
	put_octets(&a[JOIN_HMAC], j->hmac);
}

enum { DSS_ACK, DSS_ACK8, DSS_DSN, DSS_DSN8, DSS_SSN, DSS_LEN, DSS_FIN, DSS_CSUM };

static void dss_fill(const struct arg *a, struct mptcp_option *m)
{
	struct mptcp_dss *d = &m->dss;
	bool map = a[DSS_DSN].given || a[DSS_DSN8].given;

	d->flags = (a[DSS_ACK].given || a[DSS_ACK8].given ? MPTCP_DSS_ACK : 0) |
		   (a[DSS_ACK8].given ? MPTCP_DSS_ACK8 : 0) | (map ? MPTCP_DSS_DSN : 0) |
		   (a[DSS_DSN8].given ? MPTCP_DSS_DSN8 : 0) |
		   (a[DSS_FIN].number ? MPTCP_DSS_FIN : 0);
	d->ack = a[DSS_ACK8].given ? a[DSS_ACK8].number : a[DSS_ACK].number;
	d->dsn = a[DSS_DSN8].given ? a[DSS_DSN8].number : a[DSS_DSN].number;
	d->ssn = (uint32_t)a[DSS_SSN].number;
	d->data_len = (uint16_t)a[DSS_LEN].number;
	d->has_checksum = a[DSS_CSUM].given;
	d->checksum = (uint16_t)a[DSS_CSUM].number;
}

static void dss_read(const struct mptcp_option *m, struct arg *a)
{
	const struct mptcp_dss *d = &m->dss;
	bool ack = d->flags & MPTCP_DSS_ACK, dsn = d->flags & MPTCP_DSS_DSN;

	put(&a[DSS_ACK], d->ack, ack && !(d->flags & MPTCP_DSS_ACK8));
	put(&a[DSS_ACK8], d->ack, ack && (d->flags & MPTCP_DSS_ACK8));
	put(&a[DSS_DSN], d->dsn, dsn && !(d->flags & MPTCP_DSS_DSN8));
	put(&a[DSS_DSN8], d->dsn, dsn && (d->flags & MPTCP_DSS_DSN8));
	put(&a[DSS_SSN], d->ssn, dsn);
	put(&a[DSS_LEN], d->data_len, dsn);
	put(&a[DSS_FIN], (d->flags & MPTCP_DSS_FIN) != 0, true);
	put(&a[DSS_CSUM], d->checksum, d->has_checksum);
}

enum { ADD_ID, ADD_ADDRESS, ADD_PORT, ADD_ECHO, ADD_HMAC, ADD_V };

static void add_addr_fill(const struct arg *a, struct mptcp_option *m)
{
	struct mptcp_add_addr *d = &m->add_addr;

	d->address_id = (uint8_t)a[ADD_ID].number;
	d->addr = a[ADD_ADDRESS].addr;
	d->has_port = a[ADD_PORT].given;
	d->port = (uint16_t)a[ADD_PORT].number;
	d->echo = a[ADD_ECHO].number != 0;
	d->hmac = span_of(a[ADD_HMAC].octets, a[ADD_HMAC].len);
	d->v0 = a[ADD_V].number == 0;
}

static void add_addr_read(const struct mptcp_option *m, struct arg *a)
{
	const struct mptcp_add_addr *d = &m->add_addr;

	put(&a[ADD_ID], d->address_id, true);
	a[ADD_ADDRESS].given = true;
	a[ADD_ADDRESS].addr = d->addr;
	put(&a[ADD_PORT], d->port, d->has_port);
	put(&a[ADD_ECHO], d->echo, true);
	put_octets(&a[ADD_HMAC], d->hmac);
	put(&a[ADD_V], !d->v0, true);
}

static void remove_addr_fill(const struct arg *a, struct mptcp_option *m)
{
	m->remove_addr_ids = span_of(a->octets, a->len);
}

static void remove_addr_read(const struct mptcp_option *m, struct arg *a)
{
	put_octets(a, m->remove_addr_ids);
}

enum { PRIO_BACKUP, PRIO_ID };

static void prio_fill(const struct arg *a, struct mptcp_option *m)
{
	m->prio.backup = a[PRIO_BACKUP].number != 0;
	m->prio.has_id = a[PRIO_ID].given;
	m->prio.address_id = (uint8_t)a[PRIO_ID].number;
}

static void prio_read(const struct mptcp_option *m, struct arg *a)
{
	put(&a[PRIO_BACKUP], m->prio.backup, true);
	put(&a[PRIO_ID], m->prio.address_id, m->prio.has_id);
}

static void fail_fill(const struct arg *a, struct mptcp_option *m)
{
	m->fail_dsn = a->number;
}

static void fail_read(const struct mptcp_option *m, struct arg *a)
{
	put(a, m->fail_dsn, true);
}

static void fastclose_fill(const struct arg *a, struct mptcp_option *m)
{
	m->fastclose_key = a->number;
}

static void fastclose_read(const struct mptcp_option *m, struct arg *a)
{
	put(a, m->fastclose_key, true);
}

static void tcprst_fill(const struct arg *a, struct mptcp_option *m)
{
	m->tcprst.reason = (uint8_t)a[0].number;
	m->tcprst.flags = (uint8_t)a[1].number;
}

static void tcprst_read(const struct mptcp_option *m, struct arg *a)
{
	put(&a[0], m->tcprst.reason, true);
	put(&a[1], m->tcprst.flags, true);
}

#define ROW(text, sub, noun)                                                                       \
	.name = (text), .form = OPTION_MPTCP, .kind = TCP_OPT_MPTCP, .subtype = (sub),             \
	.fill = noun##_fill, .read = noun##_read

const struct option_spec notation_mptcp[] = {
    {ROW("MPCAPABLE", MPTCP_CAPABLE, capable),
     .args = {{"v", ARG_DEC, 4, ARG_ALWAYS, 1},
	      {"flags", ARG_HEX, 8, ARG_OPTIONAL, MPTCP_CAPABLE_H},
	      {"skey", ARG_HEX, 64, ARG_PRESENT, 0},
	      {"rkey", ARG_HEX, 64, ARG_PRESENT, 0},
	      {"dlen", ARG_DEC, 16, ARG_PRESENT, 0},
	      {"csum", ARG_HEX, 16, ARG_PRESENT, 0}}},
    {ROW("MPJOIN", MPTCP_JOIN, join), .args = {{"token", ARG_HEX, 32, ARG_PRESENT, 0},
					       {"nonce", ARG_HEX, 32, ARG_PRESENT, 0},
					       {"id", ARG_DEC, 8, ARG_OPTIONAL, 0},
					       {"backup", ARG_SWITCH, 1, ARG_OPTIONAL, 0},
					       {"hmac", ARG_OCTETS, 0, ARG_PRESENT, 0}}},
    {ROW("DSS", MPTCP_DSS, dss), .args = {{"ack", ARG_HEX, 32, ARG_PRESENT, 0},
					  {"ack8", ARG_HEX, 64, ARG_PRESENT, 0},
					  {"dsn", ARG_HEX, 32, ARG_PRESENT, 0},
					  {"dsn8", ARG_HEX, 64, ARG_PRESENT, 0},
					  {"ssn", ARG_DEC, 32, ARG_PRESENT, 0},
					  {"len", ARG_DEC, 16, ARG_PRESENT, 0},
					  {"fin", ARG_SWITCH, 1, ARG_OPTIONAL, 0},
					  {"csum", ARG_HEX, 16, ARG_PRESENT, 0}}},
    {ROW("ADDADDR", MPTCP_ADD_ADDR, add_addr), .args = {{"id", ARG_DEC, 8, ARG_ALWAYS, 0},
							{"addr", ARG_ADDR, 0, ARG_REQUIRED, 0},
							{"port", ARG_DEC, 16, ARG_PRESENT, 0},
							{"echo", ARG_SWITCH, 1, ARG_OPTIONAL, 0},
							{"hmac", ARG_OCTETS, 0, ARG_PRESENT, 0},
							{"v", ARG_DEC, 1, ARG_OPTIONAL, 1}}},
    {ROW("RMADDR", MPTCP_REMOVE_ADDR, remove_addr), .args = {{"ids", ARG_LIST, 8, ARG_PRESENT, 0}}},
    {ROW("MPPRIO", MPTCP_PRIO, prio),
     .args = {{"backup", ARG_SWITCH, 1, ARG_OPTIONAL, 0}, {"id", ARG_DEC, 8, ARG_PRESENT, 0}}},
    {ROW("MPFAIL", MPTCP_FAIL, fail), .args = {{"dsn", ARG_HEX, 64, ARG_ALWAYS, 0}}},
    {ROW("FASTCLOSE", MPTCP_FASTCLOSE, fastclose), .args = {{"key", ARG_HEX, 64, ARG_ALWAYS, 0}}},
    {ROW("MPRST", MPTCP_TCPRST, tcprst),
     .args = {{"reason", ARG_DEC, 8, ARG_ALWAYS, 0}, {"flags", ARG_HEX, 4, ARG_OPTIONAL, 0}}},
};

_Static_assert(sizeof notation_mptcp / sizeof *notation_mptcp == MPTCP_TCPRST + 1,
	       "one row for each subtype");
