/* Random SYNs, and random edits of them as middleboxes make them. */
#ifndef MBOXTRACE_TESTS_SUPPORT_CRAFT_H
#define MBOXTRACE_TESTS_SUPPORT_CRAFT_H

#include "packet/diff.h"
#include "util/rng.h"

#define CRAFT_MAX 160

/* A packet under construction: its options apart. */
struct craft {
	bool v6;
	uint8_t ip[40], tcp[20], payload[24];
	size_t count, payload_len;
	struct {
		uint8_t octets[40];
		size_t len;
		bool pad; /* a NOP */
	} option[12];
	size_t area_min; /* fill the area with EOL up to here */
	uint8_t octets[CRAFT_MAX];
	size_t len, offset[12], area_len, used;
};

/* The one change that is expected, and the octets a quote needs to show it. */
struct expect {
	enum change_kind kind;
	enum field id;
	int option;	/* index of the sent option, or -1 */
	int option_to;	/* last */
	size_t reached; /* octets of the packet that a quote must show */
};

size_t craft_ip_len(const struct craft *c); /* of the IP header */
void craft_random(struct craft *c, struct rng *r);
void craft_edit_field(struct craft *c, struct rng *r, struct expect *e);
int craft_random_option(const struct craft *c, struct rng *r); /* -1: found none but NOPs */
/* Is another option like this one, so that which of them went cannot be told? */
bool craft_has_twin(const struct craft *c, int i);
/* The edits, of option `i`, if it is one; false if that would look like something else. */
bool craft_edit_remove(struct craft *c, int i, struct expect *e);
bool craft_edit_blank(struct craft *c, int i, struct expect *e);
bool craft_edit_end(struct craft *c, struct rng *r, int i, struct expect *e);
bool craft_edit_value(struct craft *c, struct rng *r, int i, struct expect *e);
bool craft_edit_swap(struct craft *c, int i, struct expect *e);
bool craft_edit_insert(struct craft *c, struct rng *r, struct expect *e);

#endif
