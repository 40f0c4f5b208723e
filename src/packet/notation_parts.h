/* What reading and writing the notation share; nobody else includes this.
 *
 *   notation_scan    words, values and the errors about them
 *   notation_table   what TCP options are called, their arguments, and how these become octets
 *   notation_mptcp   the same for the forms of the MPTCP option
 *   notation_draft   from fields, options and payload to the octets of a packet
 *   notation         layers; notation_args, notation_fields: what stands in their brackets
 *   notation_print   the way back */
#ifndef MBOXTRACE_PACKET_NOTATION_PARTS_H
#define MBOXTRACE_PACKET_NOTATION_PARTS_H

#include "packet/notation.h"

struct mptcp_option;

/* A place in the notation; errors tell its column. */
struct word {
	const char *at;
	size_t len;
};

struct scanner {
	const char *text, *at;
	struct error *err;
};

/* Describes a mistake at `where` and returns ERR_USAGE. */
int scan_fail(const struct scanner *s, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool scan_char(struct scanner *s, char c);     /* takes `c`, and spaces before it, if it is next */
struct word scan_name(struct scanner *s);      /* letters, digits, '_'; may be empty */
struct word scan_value(struct scanner *s);     /* up to , ) } or a space; "…" counts as one */
bool word_is(struct word w, const char *text); /* whatever the case */

/* What a value is to be. */
int value_number(const struct scanner *s, struct word w, const char *what, uint64_t max,
		 uint64_t *out);
int value_flags(const struct scanner *s, struct word w, uint64_t *out); /* SAFRPUEC or a number */
int value_address(const struct scanner *s, struct word w, struct ip_addr *out);
int value_hex(const struct scanner *s, struct word w, uint8_t *out, size_t cap, size_t *len);

enum arg_type {
	ARG_NONE,
	ARG_DEC,
	ARG_HEX,
	ARG_SWITCH, /* 0 or 1; its name alone means 1 */
	ARG_ADDR,
	ARG_OCTETS,
	ARG_LIST, /* all the numbers that follow, of `bits` each */
};

enum arg_rule {
	ARG_OPTIONAL, /* `preset` if not given, and then not printed */
	ARG_ALWAYS,   /* `preset` if not given, but always printed */
	ARG_PRESENT,  /* that it is given says something: always printed if it is there */
	ARG_REQUIRED,
};

struct arg_spec {
	const char *key;
	enum arg_type type;
	uint8_t bits;
	enum arg_rule rule;
	uint64_t preset;
};

#define ARGS_MAX 8

struct arg {
	bool given;
	uint64_t number;
	struct ip_addr addr;
	uint8_t octets[TCP_OPTIONS_MAX]; /* ARG_OCTETS; ARG_LIST: big-endian, one after the other */
	size_t len;
};

enum option_form {
	OPTION_PLAIN,	 /* kind, length, arguments one after the other */
	OPTION_SINGLE,	 /* one octet: NOP and EOL */
	OPTION_ANY,	 /* OPT(kind,octets) */
	OPTION_VERBATIM, /* OCTETS(octets): what is no option */
	OPTION_MPTCP,
};

struct option_spec {
	const char *name;
	enum option_form form;
	uint8_t kind;
	struct arg_spec args[ARGS_MAX];
	/* OPTION_MPTCP */
	uint8_t subtype;
	void (*fill)(const struct arg *args, struct mptcp_option *out);
	void (*read)(const struct mptcp_option *m, struct arg *out);
};

extern const struct option_spec notation_options[];
extern const size_t notation_option_count;
extern const struct option_spec notation_mptcp[]; /* by subtype, MPTCP_TCPRST the last */

const struct option_spec *option_spec_by_name(struct word name); /* NULL: no such option */
/* The option's octets; their number, or negative if they are more than `cap`. */
int option_spec_build(const struct option_spec *spec, const struct arg *args, uint8_t *out,
		      size_t cap);
/* The spec that builds exactly these octets again, and its arguments; NULL: none does. */
const struct option_spec *option_spec_read(const struct tcp_option *o, struct arg *args);

/* The families a packet may be of. */
#define FAMILY_4 1
#define FAMILY_6 2

/* A packet as fields, options and payload. */
struct draft {
	unsigned families;
	bool has_tcp, has_icmp;
	uint64_t set; /* FIELD_BIT of fields that were given */
	uint64_t number[FIELD_COUNT];
	struct ip_addr addr[FIELD_COUNT]; /* of FORMAT_ADDR */
	uint8_t options[TCP_OPTIONS_MAX];
	size_t options_len; /* not padded */
	struct span payload;
};

#define DRAFT_HEADERS_MAX (40 + 20 + TCP_OPTIONS_MAX)

void draft_set(struct draft *d, enum field f, uint64_t number);
size_t draft_len(const struct draft *d, uint8_t family);
/* All but the payload; returns octets written. Checksums are zero unless set. */
size_t draft_headers(const struct draft *d, uint8_t family, uint8_t out[DRAFT_HEADERS_MAX]);

#endif
