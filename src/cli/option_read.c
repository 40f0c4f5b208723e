/* Reading the argument of an option: all of it, or an error that says what was expected. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"

static int read_set(void *at, const struct option_info *info, const char *shown, struct error *err)
{
	int64_t *value = at;

	if (*value && *value != info->min)
		return error_set(err, ERR_USAGE, "%s: it contradicts -%d", shown, (int)*value);
	*value = info->min;
	return 0;
}

static int read_int(int64_t *at, const struct option_info *info, const char *shown,
		    const char *text, struct error *err)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || *text == ' ' || value < info->min || value > info->max)
		return error_set(err, ERR_USAGE, "%s '%s': expected a number from %lld to %lld",
				 shown, text, (long long)info->min, (long long)info->max);
	*at = value;
	return 0;
}

static int read_addr(struct ip_addr *at, const char *shown, const char *text, struct error *err)
{
	if (!ip_addr_parse(at, text))
		return error_set(err, ERR_USAGE, "%s '%s': expected an IPv4 or IPv6 address", shown,
				 text);
	return 0;
}

/* A number that is not negative, up to `*text`'s next comma or its end. */
static bool read_part(const char **text, double *out)
{
	char *end;

	if (**text < '.' || **text > '9')
		return false;
	*out = strtod(*text, &end);
	if (end == *text || !isfinite(*out) || (*end && *end != ','))
		return false;
	*text = *end ? end + 1 : end;
	return *end != ',' || end[1];
}

/* A day is more than anybody waits and fits nanoseconds. */
#define WAIT_MAX_S 86400

static int read_wait(struct option_wait *at, const char *shown, const char *text, struct error *err)
{
	const char *rest = text;
	struct option_wait w = *at;
	bool good = read_part(&rest, &w.max_s) && w.max_s > 0 && w.max_s <= WAIT_MAX_S;

	if (good && *rest)
		good = read_part(&rest, &w.here);
	if (good && *rest)
		good = read_part(&rest, &w.near);
	if (!good || *rest)
		return error_set(err, ERR_USAGE,
				 "%s '%s': expected MAX[,HERE,NEAR]: seconds over 0, and two "
				 "multiples of a round trip",
				 shown, text);
	*at = w;
	return 0;
}

int option_read(struct options *o, const struct option_info *info, const char *shown,
		const char *text, struct error *err)
{
	void *at = (char *)o + info->offset;

	switch (info->type) {
	case OPTION_SET: return read_set(at, info, shown, err);
	case OPTION_INT: return read_int(at, info, shown, text, err);
	case OPTION_ADDR: return read_addr(at, shown, text, err);
	case OPTION_WAIT: return read_wait(at, shown, text, err);
	case OPTION_TEXT: break;
	}
	if (!*text)
		return error_set(err, ERR_USAGE, "%s '': expected %s", shown, info->argument);
	memcpy(at, &text, sizeof(text));
	return 0;
}
