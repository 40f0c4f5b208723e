#include "mptcp/cc.h"

#include <stddef.h>
#include <string.h>

#include "mptcp/cc_common.h"

static const struct cc_ops *const all[] = {
    &cc_lia, &cc_olia, &cc_balia, &cc_wvegas, &cc_cubic, &cc_reno, NULL,
};

const struct cc_ops *const *cc_list(void)
{
	return all;
}

const struct cc_ops *cc_find(const char *name)
{
	for (size_t i = 0; all[i]; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}
