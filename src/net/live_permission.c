#include "net/live_permission.h"

#include <string.h>
#include <unistd.h>

int live_permission(struct error *err, const char *what, int failed)
{
	char path[128];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

	if (len <= 0 || (size_t)len == sizeof(path))
		return error_set(err, ERR_PERMISSION, "live: %s: %s: run with sudo", what,
				 strerror(failed));
	return error_set(err, ERR_PERMISSION,
			 "live: %s: %s: run with sudo, or once: sudo setcap "
			 "cap_net_raw,cap_net_admin+ep %.*s",
			 what, strerror(failed), (int)len, path);
}
