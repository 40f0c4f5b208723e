#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"

/* Whatever is opened later must not take the place of a standard stream that is closed: the place
 * is filled, with something that reading or writing fails on as before. */
static void fill_places(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	fill_places();
	return command_dispatch(argc, argv);
}
