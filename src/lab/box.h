/* A box: something on the path that does to packets what it should not. One file a behaviour,
 * box_<name>.c, each a `const struct box_ops` with a table of parameters; box.c holds the list. */
#ifndef MBOXTRACE_LAB_BOX_H
#define MBOXTRACE_LAB_BOX_H

#include "packet/packet.h"
#include "util/buf.h"
#include "util/rng.h"

enum box_direction { BOX_FORWARD = 1, BOX_REVERSE = 2, BOX_BOTH = 3 };

#define BOX_PACKET_MAX 4096

/* A packet inside a box: octets that the box may edit, grow or shrink in place. */
struct box_packet {
	uint8_t octets[BOX_PACKET_MAX];
	size_t len;
	enum box_direction direction; /* FORWARD: towards the target */
	uint8_t path; /* where a lab has several: kept with what a box holds, makes or answers */
};

/* What becomes of the packet. */
enum box_fate {
	BOX_PASS, /* goes on, edited or not */
	BOX_DROP, /* is gone; a reply may have been emitted */
};

struct box;

/* Sends another packet of the box's own: `packet->direction` says which way it walks from here. */
typedef void box_emit(void *context, const struct box_packet *packet);

struct box_io {
	box_emit *emit;
	void *context;
	struct rng *rng;
	int64_t now_ns;
	uint8_t path; /* of the packet at hand */
};

enum box_param_type {
	PARAM_INT,     /* int64_t, with min and max */
	PARAM_BOOL,    /* bool */
	PARAM_CHOICE,  /* int, index into `choices` */
	PARAM_ADDR,    /* struct ip_addr */
	PARAM_KIND,    /* int: an option kind by number or name ("mptcp", "mss", "unknown"…) */
	PARAM_SUBTYPE, /* int: an MPTCP subtype by name or number; -1 any */
	PARAM_FIELD,   /* enum field, by RESULTS.md name */
};

struct box_param {
	const char *name;
	enum box_param_type type;
	size_t offset;		    /* into the box's own struct */
	int64_t min, max;	    /* PARAM_INT */
	const char *const *choices; /* PARAM_CHOICE, NULL-terminated */
	const char *help;
};

struct box_ops {
	const char *name;		/* "strip" */
	const char *summary;		/* one line, for `man` and errors */
	size_t size;			/* of the box's own struct, whose head is struct box */
	const struct box_param *params; /* ends with a NULL name */
	void (*init)(struct box *box);	/* sets defaults; memory is zeroed before; may be NULL */
	int (*ready)(struct box *box, struct error *err); /* checks parameters; may be NULL */
	enum box_fate (*packet)(struct box *box, struct box_packet *packet,
				const struct box_io *io);
	/* When `expire` must be called, or TIME_NEVER; both may be NULL. */
	int64_t (*expiry_ns)(const struct box *box);
	void (*expire)(struct box *box, const struct box_io *io);
	void (*fini)(struct box *box); /* may be NULL */
};

struct box {
	const struct box_ops *ops;
};

/* A parameter as a script gives it. */
struct box_value {
	enum { BOX_VALUE_INT, BOX_VALUE_BOOL, BOX_VALUE_TEXT } type;
	int64_t number;
	bool flag;
	const char *text;
};

const struct box_ops *const *box_list(void);		  /* NULL-terminated */
const struct box_ops *box_find(const char *name);	  /* NULL if unknown */
struct box *box_new(const char *name, struct error *err); /* ERR_USAGE lists the names there are */
void box_free(struct box *box);
/* ERR_USAGE: "box 'strip': how = 'nopp': expected remove, nop or eol". */
int box_set(struct box *box, const char *key, const struct box_value *value, struct error *err);
int box_ready(struct box *box, struct error *err);

#endif
