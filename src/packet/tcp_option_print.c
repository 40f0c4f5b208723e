/* TCP options as tcpdump prints them: "mss 1460", "TS val 1 ecr 0", "unknown-69 0xdead". We differ
 * from it where it would mislead: the octets of a malformed option are printed in front of its
 * "[bad opt]", and the granularity of a user timeout is the first bit (RFC 5482), not the last. */
#include <inttypes.h>

#include "packet/option_print.h"
#include "util/octets.h"

static void print_hex(struct buf *out, const struct tcp_option *o, size_t from)
{
	if (o->len <= from)
		return;
	buf_printf(out, " 0x");
	buf_hex(out, o->at + from, o->len - from);
}

static void print_raw(struct buf *out, const struct tcp_option *o)
{
	print_hex(out, o, 2);
}

static void print_nothing(struct buf *out, const struct tcp_option *o)
{
	(void)out;
	(void)o;
}

static void print_u8(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " %u", o->at[2]);
}

static void print_u16(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " %u", load_u16(o->at + 2));
}

static void print_u32(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " %" PRIu32, load_u32(o->at + 2));
}

static void print_sack(struct buf *out, const struct tcp_option *o)
{
	if ((o->len - 2) % 8) {
		print_raw(out, o);
		buf_printf(out, " (invalid)");
		return;
	}
	buf_printf(out, " %u ", (o->len - 2) / 8);
	for (size_t i = 2; i < o->len; i += 8)
		buf_printf(out, "{%" PRIu32 ":%" PRIu32 "}", load_u32(o->at + i),
			   load_u32(o->at + i + 4));
}

static void print_timestamp(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " val %" PRIu32 " ecr %" PRIu32, load_u32(o->at + 2), load_u32(o->at + 6));
}

static void print_md5(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " can't check - ");
	buf_hex(out, o->at + 2, 16);
}

static void print_scps(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " cap %02x id %u", o->at[2], o->at[3]);
}

static void print_user_timeout(struct buf *out, const struct tcp_option *o)
{
	unsigned value = load_u16(o->at + 2);
	unsigned seconds = value & 0x8000 ? (value & 0x7fff) * 60 : value;

	buf_printf(out, " 0x%x %u", value, seconds);
}

static void print_ao(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " keyid %u rnextkeyid %u", o->at[2], o->at[3]);
	if (o->len > 4) {
		buf_printf(out, " mac");
		print_hex(out, o, 4);
	}
}

static void print_cookie(struct buf *out, const struct tcp_option *o, size_t from)
{
	size_t len = o->len - from;

	if (len == 0) {
		buf_printf(out, " cookiereq");
	} else if (len % 2 || len < 4 || len > 16) {
		print_hex(out, o, from);
		buf_printf(out, " (invalid)");
	} else {
		buf_printf(out, " cookie ");
		buf_hex(out, o->at + from, len);
	}
}

static void print_fastopen(struct buf *out, const struct tcp_option *o)
{
	buf_printf(out, " ");
	print_cookie(out, o, 2);
}

/* RFC 6994: an experiment's identifier first. */
static void print_experiment(struct buf *out, const struct tcp_option *o)
{
	unsigned id = load_u16(o->at + 2);

	if (id == 0xf989) {
		buf_printf(out, "-tfo");
		print_cookie(out, o, 4);
		return;
	}
	buf_printf(out, "-%04x", id);
}

/* `least`: octets that the printer reads. `exact`: what the option should have; 0: any. */
static const struct row {
	uint8_t kind;
	const char *name;
	uint8_t least, exact;
	void (*print)(struct buf *out, const struct tcp_option *o);
} rows[] = {
    {TCP_OPT_EOL, "eol", 1, 1, print_nothing},
    {TCP_OPT_NOP, "nop", 1, 1, print_nothing},
    {TCP_OPT_MSS, "mss", 4, 4, print_u16},
    {TCP_OPT_WSCALE, "wscale", 3, 3, print_u8},
    {TCP_OPT_SACK_PERM, "sackOK", 2, 2, print_nothing},
    {TCP_OPT_SACK, "sack", 2, 0, print_sack},
    {6, "echo", 6, 6, print_u32},
    {7, "echoreply", 6, 6, print_u32},
    {TCP_OPT_TIMESTAMP, "TS", 10, 10, print_timestamp},
    {11, "cc", 6, 6, print_u32},
    {12, "ccnew", 6, 6, print_u32},
    {13, "", 6, 6, print_u32},
    {TCP_OPT_MD5, "md5", 18, 18, print_md5},
    {20, "scps", 4, 4, print_scps},
    {TCP_OPT_USER_TIMEOUT, "uto", 4, 4, print_user_timeout},
    {TCP_OPT_AO, "tcp-ao", 4, 0, print_ao},
    {TCP_OPT_MPTCP, "mptcp", 2, 0, mptcp_option_print},
    {TCP_OPT_FASTOPEN, "tfo", 2, 0, print_fastopen},
    {TCP_OPT_EXP2, "exp", 4, 0, print_experiment},
};

static const struct row *find_row(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].kind == kind)
			return &rows[i];
	}
	return NULL;
}

void tcp_option_print(struct buf *out, const struct tcp_option *o)
{
	const struct row *row = find_row(o->kind);

	if (row)
		buf_printf(out, "%s", row->name);
	else
		buf_printf(out, "unknown-%u", o->kind);
	if (o->malformed || (row && o->len < row->least)) {
		print_hex(out, o, 1);
		buf_printf(out, "[bad opt]");
		return;
	}
	(row ? row->print : print_raw)(out, o);
	if (row && row->exact && o->len != row->exact)
		buf_printf(out, "[len %u]", o->len);
}
