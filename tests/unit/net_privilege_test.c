/* Privileges are gone afterwards, as the kernel sees it; and without them the live back-end says
 * how to get them. Each test runs in a process of its own, as there is no way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/live.h"
#include "net/privilege.h"

static unsigned long long status_of(const char *key, int base)
{
	char line[128];
	unsigned long long value = ~0ULL;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoull(line + strlen(key), NULL, base);
	if (file)
		fclose(file);
	return value;
}

/* Exit statuses tell which check failed. */
static void drop_and_look(bool was_root)
{
	struct error err = {0};

	if (privilege_drop(&err)) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	if (status_of("CapEff:", 16) || status_of("CapPrm:", 16) || status_of("CapInh:", 16))
		_exit(2);
	if (status_of("CapAmb:", 16) || status_of("NoNewPrivs:", 10) != 1)
		_exit(3);
	if (was_root && status_of("CapBnd:", 16))
		_exit(4);
	if (!privilege_drop(&err) && setuid(0) == 0 && getuid() == 0 && was_root &&
	    status_of("CapEff:", 16))
		_exit(5);
	_exit(10);
}

static int run(void (*child)(bool), bool was_root)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		child(was_root);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void drops_everything(void **state)
{
	(void)state;
	assert_int_equal(run(drop_and_look, geteuid() == 0), 10);
}

static void become_sudo_user(bool was_root)
{
	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_GID", "4321", 1);
	if (privilege_drop(NULL))
		_exit(1);
	if (was_root &&
	    (getuid() != 1234 || geteuid() != 1234 || getgid() != 4321 || getgroups(0, NULL)))
		_exit(2);
	_exit(10);
}

static void become_nobody(bool was_root)
{
	setenv("SUDO_UID", "0", 1);
	setenv("SUDO_GID", "0", 1);
	if (privilege_drop(NULL))
		_exit(1);
	if (was_root && (getuid() == 0 || getgid() == 0))
		_exit(2);
	_exit(10);
}

/* Not in an unprivileged user namespace. */
static bool all_users_exist(void)
{
	unsigned long first, outside, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "r");
	int got = map ? fscanf(map, "%lu %lu %lu", &first, &outside, &count) : 0;

	if (map)
		fclose(map);
	return got == 3 && count == 4294967295;
}

static void changes_user(void **state)
{
	(void)state;
	if (geteuid() || !all_users_exist())
		skip();
	assert_int_equal(run(become_sudo_user, true), 10);
	assert_int_equal(run(become_nobody, true), 10);
}

static void open_without(bool was_root)
{
	struct live_config config = {.port_count = 1};
	struct net_route route;
	struct error warning = {0}, err = {0};
	static const char expected[] = "live: cannot open a raw socket: Operation not permitted: "
				       "run with sudo, or once: sudo setcap "
				       "cap_net_raw,cap_net_admin+ep /";

	(void)was_root;
	ip_addr_parse(&config.target, "127.0.0.1");
	if (privilege_drop(&err) || live_open(&config, &route, &warning, &err))
		_exit(1);
	if (err.code != ERR_PERMISSION || strncmp(err.text, expected, strlen(expected)) != 0) {
		fprintf(stderr, "%d %s\n", err.code, err.text);
		_exit(2);
	}
	_exit(10);
}

static void says_how_to_permit(void **state)
{
	(void)state;
	assert_int_equal(run(open_without, geteuid() == 0), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drops_everything),
	    cmocka_unit_test(changes_user),
	    cmocka_unit_test(says_how_to_permit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
