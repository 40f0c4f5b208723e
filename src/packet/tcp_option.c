#include "packet/tcp_option.h"

#include <stdio.h>

#include "packet/mptcp_option.h"

void tcp_options_parse(struct tcp_option_list *list, struct span area)
{
	const uint8_t *at, *end;

	area = span_cut(area, 0, TCP_OPTIONS_MAX);
	at = area.at;
	end = area.len ? area.at + area.len : area.at; /* NULL + 0 is undefined */
	list->count = 0;
	list->tail = span_of(end, 0);
	while (at < end) {
		struct tcp_option *o = &list->item[list->count++];
		size_t left = (size_t)(end - at);

		*o = (struct tcp_option){.kind = at[0], .len = 1, .at = at};
		if (at[0] == TCP_OPT_EOL) {
			list->tail = span_of(at + 1, left - 1);
			return;
		}
		if (at[0] != TCP_OPT_NOP) {
			o->malformed = left < 2 || at[1] < 2 || at[1] > left;
			o->len = o->malformed ? (uint8_t)left : at[1];
		}
		at += o->len;
	}
}

const struct tcp_option *tcp_option_find(const struct tcp_option_list *list, uint8_t kind,
					 int subtype)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tcp_option *o = &list->item[i];

		if (o->kind != kind)
			continue;
		if (kind != TCP_OPT_MPTCP || subtype < 0 || mptcp_subtype_of(o) == subtype)
			return o;
	}
	return NULL;
}

const struct tcp_option *tcp_option_timestamp(const struct tcp_option_list *list)
{
	const struct tcp_option *o = tcp_option_find(list, TCP_OPT_TIMESTAMP, -1);

	return o && !o->malformed && o->len == 10 ? o : NULL;
}

static void mptcp_field(const struct tcp_option *o, char out[TCP_OPTION_FIELD_MAX])
{
	int subtype = mptcp_subtype_of(o);
	const char *name = subtype < 0 ? NULL : mptcp_subtype_name((unsigned)subtype);

	if (name)
		snprintf(out, TCP_OPTION_FIELD_MAX, "tcp.options.mptcp.%s", name);
	else if (subtype >= 0)
		snprintf(out, TCP_OPTION_FIELD_MAX, "tcp.options.mptcp.subtype_%d", subtype);
	else
		snprintf(out, TCP_OPTION_FIELD_MAX, "tcp.options.mptcp");
}

/* Wireshark's names where it has one. */
static const struct {
	uint8_t kind;
	const char *field;
} fields[] = {
    {TCP_OPT_EOL, "tcp.options.eol"},
    {TCP_OPT_NOP, "tcp.options.nop"},
    {TCP_OPT_MSS, "tcp.options.mss_val"},
    {TCP_OPT_WSCALE, "tcp.options.wscale.shift"},
    {TCP_OPT_SACK_PERM, "tcp.options.sack_perm"},
    {TCP_OPT_SACK, "tcp.options.sack"},
    {TCP_OPT_TIMESTAMP, "tcp.options.timestamp"},
    {TCP_OPT_MD5, "tcp.options.md5"},
    {TCP_OPT_USER_TIMEOUT, "tcp.options.user_to_val"},
    {TCP_OPT_AO, "tcp.options.ao"},
    {TCP_OPT_FASTOPEN, "tcp.options.tfo"},
};

void tcp_option_field(const struct tcp_option *o, char out[TCP_OPTION_FIELD_MAX])
{
	if (o->kind == TCP_OPT_MPTCP) {
		mptcp_field(o, out);
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].kind == o->kind) {
			snprintf(out, TCP_OPTION_FIELD_MAX, "%s", fields[i].field);
			return;
		}
	}
	snprintf(out, TCP_OPTION_FIELD_MAX, "tcp.options.kind_%u", o->kind);
}
