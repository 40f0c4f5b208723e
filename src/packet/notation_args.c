/* Reads the arguments of options: in order in (…), by name in {…}. */
#include <stdio.h>
#include <string.h>

#include "packet/notation_parser.h"
#include "util/octets.h"

void names_add(struct names *n, const char *name)
{
	int put = snprintf(n->text + n->len, sizeof n->text - n->len, "%s%s",
			   n->len > 0 ? ", " : "", name);

	n->len += (size_t)put;
	if (n->len >= sizeof n->text)
		n->len = sizeof n->text - 1;
}

uint64_t bits_max(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

int parse_braces(struct parser *p, int (*item)(struct parser *p, void *context), void *context)
{
	int err;

	if (!scan_char(&p->scan, '{') || scan_char(&p->scan, '}'))
		return 0;
	do {
		err = item(p, context);
		if (err)
			return err;
	} while (scan_char(&p->scan, ','));
	if (!scan_char(&p->scan, '}'))
		return scan_fail(&p->scan, p->scan.at, "expected ',' or '}'");
	return 0;
}

static int arg_append(struct parser *p, const struct arg_spec *spec, struct word w, struct arg *out)
{
	uint64_t number;
	int err = value_number(&p->scan, w, spec->key, bits_max(spec->bits), &number);

	if (err)
		return err;
	if (out->len + spec->bits / 8 > sizeof out->octets)
		return scan_fail(&p->scan, w.at, "an option holds at most %d octets",
				 TCP_OPTIONS_MAX);
	store_bits(out->octets + out->len, 0, spec->bits, number);
	out->len += spec->bits / 8;
	return 0;
}

static int arg_value(struct parser *p, const struct arg_spec *spec, struct word w, struct arg *out)
{
	out->given = true;
	switch (spec->type) {
	case ARG_LIST: return arg_append(p, spec, w, out);
	case ARG_ADDR: return value_address(&p->scan, w, &out->addr);
	case ARG_OCTETS: return value_hex(&p->scan, w, out->octets, sizeof out->octets, &out->len);
	default: return value_number(&p->scan, w, spec->key, bits_max(spec->bits), &out->number);
	}
}

static int positional(struct parser *p, const struct option_spec *spec, struct arg *args)
{
	size_t i = 0;

	if (!scan_char(&p->scan, '(') || scan_char(&p->scan, ')'))
		return 0;
	do {
		struct word w = scan_value(&p->scan);
		int err;

		if (i == ARGS_MAX || !spec->args[i].type)
			return scan_fail(&p->scan, w.at, "%s takes %zu argument%s", spec->name, i,
					 i == 1 ? "" : "s");
		err = arg_value(p, &spec->args[i], w, &args[i]);
		if (err)
			return err;
		i += spec->args[i].type != ARG_LIST;
	} while (scan_char(&p->scan, ','));
	if (!scan_char(&p->scan, ')'))
		return scan_fail(&p->scan, p->scan.at, "expected ',' or ')'");
	return 0;
}

static int arg_unknown(struct parser *p, const struct option_spec *spec, struct word key)
{
	struct names names = {.len = 0};

	for (size_t i = 0; i < ARGS_MAX && spec->args[i].type; i++)
		names_add(&names, spec->args[i].key);
	return scan_fail(&p->scan, key.at, "'%.*s' is not an argument of %s (%s)", (int)key.len,
			 key.at, spec->name, names.len > 0 ? names.text : "it takes none");
}

struct named {
	const struct option_spec *spec;
	struct arg *args;
};

static int named_arg(struct parser *p, void *context)
{
	const struct option_spec *spec = ((struct named *)context)->spec;
	struct arg *args = ((struct named *)context)->args;
	struct word key = scan_name(&p->scan);
	size_t i = 0;

	while (i < ARGS_MAX && spec->args[i].type && !word_is(key, spec->args[i].key))
		i++;
	if (i == ARGS_MAX || !spec->args[i].type)
		return arg_unknown(p, spec, key);
	if (args[i].given && spec->args[i].type != ARG_LIST)
		return scan_fail(&p->scan, key.at, "%s is given twice", spec->args[i].key);
	if (scan_char(&p->scan, '='))
		return arg_value(p, &spec->args[i], scan_value(&p->scan), &args[i]);
	if (spec->args[i].type != ARG_SWITCH)
		return scan_fail(&p->scan, p->scan.at, "expected '=' and a value of %s",
				 spec->args[i].key);
	args[i].given = true;
	args[i].number = 1;
	return 0;
}

int parse_args(struct parser *p, const struct option_spec *spec, struct word name, struct arg *args)
{
	int err;

	memset(args, 0, ARGS_MAX * sizeof *args);
	for (size_t i = 0; i < ARGS_MAX; i++)
		args[i].number = spec->args[i].preset;
	err = positional(p, spec, args);
	if (!err)
		err = parse_braces(p, named_arg, &(struct named){spec, args});
	for (size_t i = 0; i < ARGS_MAX && !err; i++)
		if (spec->args[i].rule == ARG_REQUIRED && spec->args[i].type && !args[i].given)
			err = scan_fail(&p->scan, name.at, "%s needs its argument %s", spec->name,
					spec->args[i].key);
	return err;
}
