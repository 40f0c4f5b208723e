/* What the user may say: for every sub-command one table that feeds parsing, `--help`, the error
 * texts and the shell's completion. Letters as in traceroute and netcat. */
#ifndef MBOXTRACE_CLI_OPTION_H
#define MBOXTRACE_CLI_OPTION_H

#include <stdio.h>

#include "packet/ip_addr.h"
#include "util/error.h"

enum option_type {
	OPTION_SET,    /* takes no argument; sets an int64_t to `min` */
	OPTION_INT,    /* int64_t from `min` to `max` */
	OPTION_TEXT,   /* const char * */
	OPTION_CHOICE, /* const char *, one of those that `choice` lists */
	OPTION_ADDR,   /* struct ip_addr */
	OPTION_OWN,    /* whatever `read` reads */
};

/* What a shell may offer for an argument; the choices of OPTION_CHOICE are offered anyway. */
enum option_offer { OFFER_NOTHING, OFFER_FILES, OFFER_DEVICES };

struct option_info {
	char letter;	      /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* as --help shows it; NULL: takes none */
	enum option_type type;
	size_t offset; /* into the command's struct */
	int64_t min, max;
	enum option_offer offer;
	const char *help; /* NULL: hidden */
	/* OPTION_CHOICE: the i-th; NULL at the end. The first is the default. */
	const char *(*choice)(size_t i);
	/* OPTION_OWN: 0, or ERR_USAGE with a message that begins with `shown` and quotes `text`. */
	int (*read)(void *at, const char *shown, const char *text, struct error *err);
	/* OPTION_OWN: the default as --help shows it; NULL: none worth knowing. */
	const char *fallback;
};

#define OPERANDS_MAX 4

/* The options of one sub-command. */
struct option_set {
	const struct option_info *table; /* ends with neither letter nor name */
	size_t size;			 /* of the command's struct */
	void (*defaults)(void *options);
	const char *help; /* what lists them all: "mboxtrace --help" */
};

struct operands {
	size_t count; /* may be more than there is room for */
	const char *at[OPERANDS_MAX];
};

/* Reads the arguments, operands anywhere between the options. 0, or ERR_USAGE with a message that
 * quotes what is wrong. Texts point into `argv`, which is permuted. */
int option_set_parse(const struct option_set *set, void *options, struct operands *operands,
		     int argc, char **argv, struct error *err);

/* Reads one argument into its place. `shown` is the option as the user wrote it: "-m". */
int option_read(void *options, const struct option_info *info, const char *shown, const char *text,
		struct error *err);

void option_set_help(FILE *out, const struct option_set *set);

/* A completion script for `shell`, for all commands; ERR_USAGE if there is none for it. */
int options_completion(FILE *out, const char *shell, struct error *err);

#endif
