/* Scenarios by subtype and by way of falling back, written from RFC 8684 and RFC 6824: all that is
 * in tests/scripts (MBOXTRACE_SCRIPTS names another folder). One test a file. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/mptcp_script.h"

#define FILES_MAX 64

static void play(void **state)
{
	unsigned played, failed = script_play(*state, &played);

	assert_true(played > 0);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const char *folder = getenv("MBOXTRACE_SCRIPTS");
	struct CMUnitTest tests[FILES_MAX] = {{0}};
	glob_t files = {0};
	char pattern[512];
	size_t count = 0;
	int failed;

	snprintf(pattern, sizeof(pattern), "%s/*.script", folder ? folder : "tests/scripts");
	if (glob(pattern, 0, NULL, &files)) {
		fprintf(stderr, "%s: no scripts\n", pattern);
		return 1;
	}
	for (size_t i = 0; i < files.gl_pathc && count < FILES_MAX; i++)
		tests[count++] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
						     .test_func = play,
						     .initial_state = files.gl_pathv[i]};
	failed = _cmocka_run_group_tests("scripts", tests, count, NULL, NULL);
	globfree(&files);
	return failed;
}
