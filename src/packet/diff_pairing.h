/* The options of both sides and which belongs to which; only the diff of options includes this. */
#ifndef MBOXTRACE_PACKET_DIFF_PAIRING_H
#define MBOXTRACE_PACKET_DIFF_PAIRING_H

#include "packet/diff_parts.h"

enum fate { FATE_MISSING, FATE_SAME, FATE_MOVED, FATE_REWRITTEN };

struct piece {
	const struct tcp_option *o;
	uint8_t offset; /* in its area */
	uint8_t index;	/* in its list */
	enum fate fate;
	uint8_t partner; /* the piece on the other side, unless missing */
};

/* The options of one side without the room between them. */
struct layout {
	const struct diff_side *side;
	uint8_t count;
	struct piece piece[TCP_OPTIONS_MAX];
	uint8_t end;  /* where reading ends: the EOL or the malformed option, or all in sight */
	bool stopped; /* by an EOL or a malformed option */
};

struct options_pair {
	struct diff *d;
	struct layout sent, seen;
	bool decided; /* what is not found is not there */
	bool shrunk;  /* the area got smaller and the packet with it */
};

/* `cut`: the area goes on out of sight, so what is left of an option at its end is nothing. */
void layout_fill(struct layout *l, const struct diff_side *side, const struct tcp_option_list *list,
		 bool cut);

/* Settles the fate of every piece. The longest sequence that kept its order is the same, or
 * rewritten if its octets are others of the same kind and subtype; equal octets elsewhere have
 * moved; other octets elsewhere are rewritten, too, first with first; the rest is missing on its
 * side. */
void options_pair_up(struct options_pair *op);

#endif
