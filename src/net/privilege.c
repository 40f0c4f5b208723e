#include "net/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct identity {
	long uid, gid;
};

/* Whether `id` exists in this user namespace, by a map of lines "first outside count". */
static bool is_mapped(const char *map, long id)
{
	FILE *file = fopen(map, "re");
	long first, outside, count;
	bool found = false;

	if (!file)
		return false;
	while (!found && fscanf(file, "%ld %ld %ld", &first, &outside, &count) == 3)
		found = id >= first && id - first < count;
	fclose(file);
	return found;
}

static bool usable(struct identity id)
{
	return id.uid > 0 && id.gid > 0 && is_mapped("/proc/self/uid_map", id.uid) &&
	       is_mapped("/proc/self/gid_map", id.gid);
}

/* -1 if it is not set or not a number above zero: nobody goes "back" to root. */
static long id_from(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long id;

	if (!text || !*text)
		return -1;
	id = strtol(text, &end, 10);
	return *end || id <= 0 ? -1 : id;
}

/* Who to become; false if there is nobody. */
static bool choose_identity(struct identity *id)
{
	const struct passwd *nobody;

	*id = (struct identity){id_from("SUDO_UID"), id_from("SUDO_GID")};
	if (usable(*id))
		return true;
	nobody = getpwnam("nobody");
	*id = nobody ? (struct identity){nobody->pw_uid, nobody->pw_gid}
		     : (struct identity){65534, 65534};
	return usable(*id);
}

static int failure(const char *what, struct error *err)
{
	return error_set(err, ERR_PERMISSION, "cannot give up privileges: %s: %s", what,
			 strerror(errno ? errno : EPERM));
}

/* Where setgroups() is switched off (unprivileged user namespaces) there is nothing to drop. */
static bool may_drop_groups(void)
{
	char text[8] = "";
	FILE *file = fopen("/proc/self/setgroups", "re");

	if (!file)
		return true;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return strncmp(text, "deny", 4) != 0;
}

/* The bounding set can only be cut by who has CAP_SETPCAP (root mostly, a setcap program not);
 * with no_new_privs it has no effect on this process any more. */
static int clear_bounding(struct error *err)
{
	errno = 0;
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? failure("bounding set", err) : 0;
}

static int change_user(struct error *err)
{
	struct identity id;
	capng_flags_t flags = may_drop_groups() ? CAPNG_DROP_SUPP_GRP : CAPNG_NO_FLAG;

	if (geteuid() || !choose_identity(&id))
		return 0;
	errno = 0;
	capng_get_caps_process();
	capng_clear(CAPNG_SELECT_CAPS);
	return capng_change_id((int)id.uid, (int)id.gid, flags) ? failure("user", err) : 0;
}

static int drop_capabilities(struct error *err)
{
	errno = 0;
	capng_get_caps_process();
	capng_clear(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT))
		return failure("capabilities", err);
	capng_get_caps_process();
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return failure("capabilities", err);
	return 0;
}

int privilege_drop(struct error *err)
{
	int failed = clear_bounding(err);

	if (!failed)
		failed = change_user(err);
	if (!failed)
		failed = drop_capabilities(err);
	if (!failed && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		failed = failure("no_new_privs", err);
	return failed;
}
