/* What the notation calls TCP options, and how their arguments become octets and back. */
#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/notation_parts.h"
#include "util/octets.h"

#define OPTION_HEAD 2 /* kind and length */

const struct option_spec notation_options[] = {
    {.name = "MSS", .kind = TCP_OPT_MSS, .args = {{"v", ARG_DEC, 16, ARG_ALWAYS, 1460}}},
    {.name = "WS", .kind = TCP_OPT_WSCALE, .args = {{"shift", ARG_DEC, 8, ARG_ALWAYS, 7}}},
    {.name = "SACKP", .kind = TCP_OPT_SACK_PERM},
    {.name = "TS",
     .kind = TCP_OPT_TIMESTAMP,
     .args = {{"val", ARG_DEC, 32, ARG_OPTIONAL, 0}, {"ecr", ARG_DEC, 32, ARG_OPTIONAL, 0}}},
    {.name = "SACK", .kind = TCP_OPT_SACK, .args = {{"edges", ARG_LIST, 32, ARG_PRESENT, 0}}},
    {.name = "NOP", .form = OPTION_SINGLE, .kind = TCP_OPT_NOP},
    {.name = "EOL", .form = OPTION_SINGLE, .kind = TCP_OPT_EOL},
    {.name = "MD5", .kind = TCP_OPT_MD5, .args = {{"digest", ARG_OCTETS, 0, ARG_PRESENT, 0}}},
    {.name = "TFO", .kind = TCP_OPT_FASTOPEN, .args = {{"cookie", ARG_OCTETS, 0, ARG_PRESENT, 0}}},
    {.name = "UTO", .kind = TCP_OPT_USER_TIMEOUT, .args = {{"v", ARG_DEC, 16, ARG_REQUIRED, 0}}},
    {.name = "OPT",
     .form = OPTION_ANY,
     .args = {{"kind", ARG_DEC, 8, ARG_REQUIRED, 0}, {"octets", ARG_OCTETS, 0, ARG_PRESENT, 0}}},
    {.name = "OCTETS",
     .form = OPTION_VERBATIM,
     .args = {{"octets", ARG_OCTETS, 0, ARG_REQUIRED, 0}}},
};

const size_t notation_option_count = sizeof notation_options / sizeof *notation_options;

/* Names that others use. */
static const char *const ALIASES[][2] = {
    {"WSCALE", "WS"},	   {"SACKPERMITTED", "SACKP"},
    {"TIMESTAMP", "TS"},   {"MP_CAPABLE", "MPCAPABLE"},
    {"MP_JOIN", "MPJOIN"},
};

static bool named(const struct option_spec *spec, struct word name)
{
	for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++)
		if (word_is(name, ALIASES[i][0]) && strcmp(spec->name, ALIASES[i][1]) == 0)
			return true;
	return word_is(name, spec->name);
}

const struct option_spec *option_spec_by_name(struct word name)
{
	for (size_t i = 0; i < notation_option_count; i++)
		if (named(&notation_options[i], name))
			return &notation_options[i];
	for (size_t i = 0; i <= MPTCP_TCPRST; i++)
		if (named(&notation_mptcp[i], name))
			return &notation_mptcp[i];
	return NULL;
}

static bool is_number(const struct arg_spec *spec)
{
	return spec->type == ARG_DEC || spec->type == ARG_HEX;
}

/* The arguments one after the other; what is longer than an option is left to the caller. */
static size_t args_write(const struct arg_spec *spec, const struct arg *args, uint8_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < ARGS_MAX && spec[i].type; i++) {
		if (is_number(&spec[i])) {
			store_bits(out + len, 0, spec[i].bits, args[i].number);
			len += spec[i].bits / 8;
		} else {
			memcpy(out + len, args[i].octets, args[i].len);
			len += args[i].len;
		}
	}
	return len;
}

/* Room for any arguments before their length is looked at. */
#define SCRATCH (OPTION_HEAD + ARGS_MAX * TCP_OPTIONS_MAX)

static size_t build_any(const struct option_spec *spec, const struct arg *args, uint8_t *out)
{
	size_t len;

	switch (spec->form) {
	case OPTION_SINGLE: out[0] = spec->kind; return 1;
	case OPTION_VERBATIM: memcpy(out, args->octets, args->len); return args->len;
	case OPTION_ANY:
		out[0] = (uint8_t)args->number;
		len = args_write(spec->args + 1, args + 1, out + OPTION_HEAD) + OPTION_HEAD;
		break;
	default:
		out[0] = spec->kind;
		len = args_write(spec->args, args, out + OPTION_HEAD) + OPTION_HEAD;
	}
	out[1] = (uint8_t)len;
	return len;
}

int option_spec_build(const struct option_spec *spec, const struct arg *args, uint8_t *out,
		      size_t cap)
{
	uint8_t octets[SCRATCH];
	struct mptcp_option m;
	size_t len;

	if (spec->form == OPTION_MPTCP) {
		memset(&m, 0, sizeof m);
		m.subtype = (enum mptcp_subtype)spec->subtype;
		spec->fill(args, &m);
		return mptcp_option_build(&m, out, cap);
	}
	len = build_any(spec, args, octets);
	if (len > cap)
		return ERR_NOSPACE;
	memcpy(out, octets, len);
	return (int)len;
}

/* The way back for a plain option; false if its length is not one of
 * numbers. */
static bool args_read(const struct arg_spec *spec, struct span rest, struct arg *out)
{
	for (size_t i = 0; i < ARGS_MAX && spec[i].type; i++) {
		size_t len = is_number(&spec[i]) ? spec[i].bits / 8u : rest.len;

		if (len > rest.len || (spec[i].type == ARG_LIST && len % (spec[i].bits / 8u) != 0))
			return false;
		out[i].given = len > 0;
		if (is_number(&spec[i]))
			out[i].number = load_bits(rest.at, 0, spec[i].bits);
		else
			memcpy(out[i].octets, rest.at, len);
		out[i].len = len;
		rest = span_cut(rest, len, rest.len);
	}
	return true;
}

static bool option_read(const struct option_spec *spec, const struct tcp_option *o,
			struct arg *args)
{
	struct span rest = span_of(o->at, o->len);
	struct mptcp_option m;

	memset(args, 0, ARGS_MAX * sizeof *args);
	if (spec->form == OPTION_MPTCP) {
		if (mptcp_option_parse(&m, o) != 0)
			return false;
		spec->read(&m, args);
		return true;
	}
	if (spec->form == OPTION_SINGLE)
		return true;
	rest = span_cut(rest, OPTION_HEAD, rest.len);
	if (spec->form != OPTION_ANY)
		return args_read(spec->args, rest, args);
	args->given = true;
	args->number = o->kind;
	return args_read(spec->args + 1, rest, args + 1);
}

/* A reading counts only if it leads back to the same octets. */
static bool reads_back(const struct option_spec *spec, const struct tcp_option *o, struct arg *args)
{
	uint8_t octets[TCP_OPTIONS_MAX];

	return option_read(spec, o, args) &&
	       option_spec_build(spec, args, octets, sizeof octets) == o->len &&
	       memcmp(octets, o->at, o->len) == 0;
}

const struct option_spec *option_spec_read(const struct tcp_option *o, struct arg *args)
{
	int subtype = mptcp_subtype_of(o);

	if (subtype >= 0 && subtype <= MPTCP_TCPRST &&
	    reads_back(&notation_mptcp[subtype], o, args))
		return &notation_mptcp[subtype];
	for (size_t i = 0; i < notation_option_count; i++) {
		const struct option_spec *spec = &notation_options[i];
		bool fits =
		    spec->form == OPTION_ANY ? o->len >= OPTION_HEAD : spec->kind == o->kind;

		if (spec->form != OPTION_VERBATIM && fits && reads_back(spec, o, args))
			return spec;
	}
	return NULL;
}
