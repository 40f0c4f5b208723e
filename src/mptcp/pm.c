#include "mptcp/pm.h"

#include <string.h>

#include "mptcp/pm_common.h"

static const struct pm_ops *const all[] = {
    &pm_fullmesh, &pm_ndiffports, &pm_backup, &pm_single_path, &pm_none, NULL,
};

const struct pm_ops *const *pm_list(void)
{
	return all;
}

const struct pm_ops *pm_find(const char *name)
{
	for (size_t i = 0; all[i]; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}
