/* What the user may say: one table that feeds parsing, `--help`, the error texts and the shell's
 * completion. Letters as in traceroute. */
#ifndef MBOXTRACE_CLI_OPTION_H
#define MBOXTRACE_CLI_OPTION_H

#include <stdio.h>

#include "packet/ip_addr.h"
#include "util/error.h"

/* -w MAX[,HERE,NEAR]: seconds, and multiples of a round trip. */
struct option_wait {
	double max_s, here, near;
};

struct options {
	const char *target; /* NULL: none was given */
	int64_t family;	    /* 4, 6, or 0: any */
	int64_t first_ttl, max_ttl, queries, in_flight;
	int64_t port; /* 0: not given */
	struct option_wait wait;
	int64_t numeric;
	const char *device;
	struct ip_addr source; /* family 0: not given */
	const char *probe;     /* -P, as given */
	int64_t json;
	const char *output, *pcap;
	int64_t verbose;
	const char *lab;
	int64_t seed; /* -1: not given */
	int64_t help, version;
	const char *completion; /* the shell to print a completion for */
};

enum option_type {
	OPTION_SET,  /* takes no argument; sets an int64_t to `min` */
	OPTION_INT,  /* int64_t from `min` to `max` */
	OPTION_TEXT, /* const char * */
	OPTION_ADDR, /* struct ip_addr */
	OPTION_WAIT, /* struct option_wait */
};

/* What a shell may offer for an argument. */
enum option_offer { OFFER_NOTHING, OFFER_FILES, OFFER_DEVICES };

struct option_info {
	char letter;	      /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* as --help shows it; NULL: takes none */
	enum option_type type;
	size_t offset; /* into struct options */
	int64_t min, max;
	enum option_offer offer;
	const char *help; /* NULL: hidden */
};

extern const struct option_info option_table[]; /* ends with neither letter nor name */

void options_defaults(struct options *o);

/* Reads the arguments, the target anywhere between the options. 0, or ERR_USAGE with a message
 * that quotes what is wrong. Texts point into `argv`, which is permuted. */
int options_parse(struct options *o, int argc, char **argv, struct error *err);

/* Reads one argument into its place. `shown` is the option as the user wrote it: "-m". */
int option_read(struct options *o, const struct option_info *info, const char *shown,
		const char *text, struct error *err);

void options_help(FILE *out);

/* A completion script for `shell`; ERR_USAGE if there is none for it. */
int options_completion(FILE *out, const char *shell, struct error *err);

#endif
