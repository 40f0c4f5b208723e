/* What the readers of layers, fields and arguments share; nobody else includes this. */
#ifndef MBOXTRACE_PACKET_NOTATION_PARSER_H
#define MBOXTRACE_PACKET_NOTATION_PARSER_H

#include "packet/notation_parts.h"

struct parser {
	struct scanner scan;
	struct draft draft;
	bool has_ip, has_payload;
	const char *narrowed; /* where a key settled the family */
	uint8_t payload[PROBE_OCTETS_MAX];
};

/* Where and how a list of valid names goes into a message. */
struct names {
	char text[192];
	size_t len;
};

void names_add(struct names *n, const char *name);
uint64_t bits_max(unsigned bits); /* the largest number of so many bits */

/* (…) and {…} behind the name of an option; `args` has room for ARGS_MAX. */
int parse_args(struct parser *p, const struct option_spec *spec, struct word name,
	       struct arg *args);
/* {…}, each of what stands between commas read by `item`; nothing if there is no brace. */
int parse_braces(struct parser *p, int (*item)(struct parser *p, void *context), void *context);
/* {…} behind the name of a header, whose keys are those of one or two layers of fields. */
int parse_fields(struct parser *p, const char *layer, const enum field_layer layers[2]);

#endif
