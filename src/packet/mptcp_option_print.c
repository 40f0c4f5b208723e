/* The MPTCP option as tcpdump prints it:
 *
 *   mptcp 12 capable v1 {0x2657f58b2de43e0e}
 *   mptcp 26 dss fin ack 12148165319181844574 seq 17186763219675866613 subseq 0 len 1
 *   mptcp 16 add-addr v1 id 3 10.0.1.2 hmac 0x7a8f6d2c3b1e0f55 */
#include <inttypes.h>

#include "packet/mptcp_form.h"
#include "packet/option_print.h"
#include "util/octets.h"

static void print_capable(struct buf *out, const struct mptcp_option *m)
{
	const struct mptcp_capable *c = &m->capable;

	buf_printf(out, " v%u", c->version);
	if (c->flags & MPTCP_CAPABLE_A)
		buf_printf(out, " csum");
	if (!c->has_sender_key)
		return;
	buf_printf(out, " {0x%" PRIx64, c->sender_key);
	if (c->has_receiver_key)
		buf_printf(out, ",0x%" PRIx64, c->receiver_key);
	buf_printf(out, "}");
}

/* A truncated HMAC is a number to tcpdump: no leading zeros. */
static void print_hmac8(struct buf *out, struct span hmac)
{
	buf_printf(out, " hmac 0x%" PRIx64, load_u64(hmac.at));
}

static void print_join(struct buf *out, const struct mptcp_option *m)
{
	const struct mptcp_join *j = &m->join;

	if (j->len != 24)
		buf_printf(out, "%s id %u", j->backup ? " backup" : "", j->address_id);
	if (j->len == 12)
		buf_printf(out, " token 0x%" PRIx32, j->token);
	else if (j->len == 16)
		print_hmac8(out, j->hmac);
	if (j->len != 24) {
		buf_printf(out, " nonce 0x%" PRIx32, j->nonce);
		return;
	}
	buf_printf(out, " hmac 0x");
	buf_hex(out, j->hmac.at, j->hmac.len);
}

static void print_dss(struct buf *out, const struct mptcp_option *m)
{
	const struct mptcp_dss *d = &m->dss;

	if (d->flags & MPTCP_DSS_FIN)
		buf_printf(out, " fin");
	if (d->flags & MPTCP_DSS_ACK)
		buf_printf(out, " ack %" PRIu64, d->ack);
	if (d->flags & MPTCP_DSS_DSN)
		buf_printf(out, " seq %" PRIu64 " subseq %" PRIu32 " len %u", d->dsn, d->ssn,
			   d->data_len);
	if (d->has_checksum)
		buf_printf(out, " csum 0x%x", d->checksum);
}

static void print_add_addr(struct buf *out, const struct mptcp_option *m)
{
	const struct mptcp_add_addr *a = &m->add_addr;
	char addr[IP_ADDR_TEXT];

	if (a->v0)
		buf_printf(out, " v0-ip%u", a->addr.family);
	else
		buf_printf(out, a->echo ? " v1-echo" : " v1");
	buf_printf(out, " id %u %s", a->address_id, ip_addr_print(&a->addr, addr));
	if (a->has_port)
		buf_printf(out, ":%u", a->port);
	if (a->hmac.len)
		print_hmac8(out, a->hmac);
}

static void print_remove_addr(struct buf *out, const struct mptcp_option *m)
{
	buf_printf(out, " id");
	for (size_t i = 0; i < m->remove_addr_ids.len; i++)
		buf_printf(out, " %u", m->remove_addr_ids.at[i]);
}

static void print_prio(struct buf *out, const struct mptcp_option *m)
{
	buf_printf(out, m->prio.backup ? " backup" : " non-backup");
	if (m->prio.has_id)
		buf_printf(out, " id %u", m->prio.address_id);
}

static void print_fail(struct buf *out, const struct mptcp_option *m)
{
	buf_printf(out, " seq %" PRIu64, m->fail_dsn);
}

static void print_fastclose(struct buf *out, const struct mptcp_option *m)
{
	buf_printf(out, " key 0x%" PRIx64, m->fastclose_key);
}

static void print_tcprst(struct buf *out, const struct mptcp_option *m)
{
	if (m->tcprst.flags)
		buf_printf(out, " flags 0x%x", m->tcprst.flags);
	buf_printf(out, " reason %u", m->tcprst.reason);
}

static const struct {
	const char *name;
	void (*print)(struct buf *out, const struct mptcp_option *m);
} rows[] = {
    [MPTCP_CAPABLE] = {"capable", print_capable},
    [MPTCP_JOIN] = {"join", print_join},
    [MPTCP_DSS] = {"dss", print_dss},
    [MPTCP_ADD_ADDR] = {"add-addr", print_add_addr},
    [MPTCP_REMOVE_ADDR] = {"rem-addr", print_remove_addr},
    [MPTCP_PRIO] = {"prio", print_prio},
    [MPTCP_FAIL] = {"fail", print_fail},
    [MPTCP_FASTCLOSE] = {"fast-close", print_fastclose},
    [MPTCP_TCPRST] = {"tcprst", print_tcprst},
};

void mptcp_option_print(struct buf *out, const struct tcp_option *o)
{
	struct mptcp_option m;
	int subtype = mptcp_subtype_of(o);
	bool known = subtype >= 0 && (size_t)subtype < sizeof(rows) / sizeof(rows[0]);

	buf_printf(out, " %u", o->len);
	if (subtype >= 0)
		buf_printf(out, " %s", known ? rows[subtype].name : "unknown");
	if (known && mptcp_option_parse(&m, o) == 0) {
		rows[subtype].print(out, &m);
		return;
	}
	if (o->len > 2) {
		buf_printf(out, " 0x");
		buf_hex(out, o->at + 2, o->len - 2u);
	}
	if (known)
		buf_printf(out, "[bad opt]");
}
