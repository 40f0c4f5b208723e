/* The boxes there are, a file each; box.c holds the list. */
#ifndef MBOXTRACE_LAB_BOX_LIST_H
#define MBOXTRACE_LAB_BOX_LIST_H

#include "lab/box.h"

extern const struct box_ops box_strip, box_set_field, box_option_set, box_add, box_reorder,
    box_mss_clamp, box_seq_shift, box_nat, box_dnat, box_drop, box_reset, box_reject, box_mirror,
    box_proxy, box_ttl_set, box_split, box_coalesce, box_payload, box_early_ack, box_hold_holes,
    box_rexmit, box_clamp_ack, box_window, box_state, box_lb, box_syn_proxy, box_terminate;

#endif
