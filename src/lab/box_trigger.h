/* What makes a box drop or reset a segment. */
#ifndef MBOXTRACE_LAB_BOX_TRIGGER_H
#define MBOXTRACE_LAB_BOX_TRIGGER_H

#include "lab/box_edit.h"

enum box_on { ON_OPTION, ON_ECN, ON_ALL };

extern const char *const box_ons[];

struct box_trigger {
	int on;
	int64_t port; /* of the target; 0: any */
};

#define BOX_TRIGGER_PARAMS(box_struct)                                                             \
	{.name = "on",                                                                             \
	 .type = PARAM_CHOICE,                                                                     \
	 .offset = offsetof(box_struct, trigger.on),                                               \
	 .choices = box_ons,                                                                       \
	 .help = "segments with the option, ECN-marked ones, or all"},                             \
	{                                                                                          \
		.name = "port", .type = PARAM_INT, .offset = offsetof(box_struct, trigger.port),   \
		.min = 0, .max = UINT16_MAX, .help = "the target's port; 0: any"                   \
	}

int box_trigger_ready(const struct box *box, const struct box_trigger *t,
		      const struct box_option *option, struct error *err);
bool box_triggered(const struct box_trigger *t, const struct box_option *option,
		   const struct box_filter *filter, const struct box_packet *packet,
		   struct packet *p);

#endif
