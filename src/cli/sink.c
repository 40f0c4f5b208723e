#include "cli/sink.h"

#include <errno.h>
#include <string.h>

int sink_open(struct sink *s, const char *path, struct error *err)
{
	*s = (struct sink){.path = path && strcmp(path, "-") ? path : NULL};
	s->out = s->path ? fopen(s->path, "we") : stdout;
	return s->out ? 0
		      : error_set(err, ERR_FILE, "-o '%s': cannot be opened: %s", path,
				  strerror(errno));
}

bool sink_broken(struct sink *s)
{
	if (s->out && ferror(s->out) && !s->failed)
		s->failed = errno ? errno : EIO;
	return s->failed != 0;
}

int sink_close(struct sink *s, struct error *err)
{
	if (!s->out)
		return 0;
	if (fflush(s->out) && !s->failed)
		s->failed = errno;
	if (s->path && fclose(s->out) && !s->failed)
		s->failed = errno;
	s->out = NULL;
	return s->failed ? error_set(err, ERR_DEVICE, "writing to %s: %s",
				     s->path ? s->path : "standard output", strerror(s->failed))
			 : 0;
}
