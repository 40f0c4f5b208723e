/* An option area: its options and tail are the area again; all have a name and print; an MPTCP
 * option that parses is built back to the same octets but for reserved bits, and parses again
 * to the same. */
#include <stdlib.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_mptcp(const struct tcp_option *o)
{
	uint8_t out[TCP_OPTIONS_MAX], again[TCP_OPTIONS_MAX];
	struct tcp_option built = {.kind = TCP_OPT_MPTCP, .len = o->len, .at = out};
	struct mptcp_option m;

	if (mptcp_option_parse(&m, o))
		return;
	require(mptcp_option_build(&m, out, o->len) == o->len);
	require(mptcp_option_build(&m, out, o->len - 1u) == ERR_NOSPACE);
	require(mptcp_subtype_of(&built) == (int)m.subtype);
	require(mptcp_option_parse(&m, &built) == 0);
	require(mptcp_option_build(&m, again, sizeof(again)) == o->len);
	require(memcmp(out, again, o->len) == 0);
	if (o->len > 4)
		require(memcmp(out + 4, o->at + 4, o->len - 4u) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	uint8_t *area = malloc(len > TCP_OPTIONS_MAX ? TCP_OPTIONS_MAX : len);
	char field[TCP_OPTION_FIELD_MAX];
	struct tcp_option_list list;
	struct buf text = {0};
	size_t at = 0;

	if (len > TCP_OPTIONS_MAX)
		len = TCP_OPTIONS_MAX;
	if (len)
		memcpy(area, octets, len);
	tcp_options_parse(&list, span_of(area, len));
	for (size_t i = 0; i < list.count; i++) {
		const struct tcp_option *o = &list.item[i];

		require(o->at == area + at && o->len > 0);
		at += o->len;
		tcp_option_field(o, field);
		require(strncmp(field, "tcp.options.", 12) == 0);
		tcp_option_print(&text, o);
		require(tcp_option_find(&list, o->kind, -1) != NULL);
		if (o->kind == TCP_OPT_MPTCP)
			check_mptcp(o);
	}
	require(at + list.tail.len == len);
	buf_fini(&text);
	free(area);
	return 0;
}
