#include <fcntl.h>
#include <unistd.h>

#include "cli/command.h"

/* Where the shell closed a standard descriptor (>&-), nothing opened later must get its number:
 * a report would be written into a capture file. Opened the wrong way round, it still fails. */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	return command_dispatch(argc, argv);
}
