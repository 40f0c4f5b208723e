/* Reading the argument of an option: all of it, or an error that says what was expected. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "util/buf.h"

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

static int read_text(const char **at, const struct option_info *info, const char *shown,
		     const char *text, struct error *err)
{
	if (!*text)
		return error_set(err, ERR_USAGE, "%s '': expected %s", shown, info->argument);
	*at = text;
	return 0;
}

/* "a, b or c" */
static void list_choices(struct buf *out, const char *(*choice)(size_t i))
{
	for (size_t i = 0; choice(i); i++)
		buf_printf(out, "%s%s", !i ? "" : choice(i + 1) ? ", " : " or ", choice(i));
}

static int read_choice(const char **at, const struct option_info *info, const char *shown,
		       const char *text, struct error *err)
{
	struct buf list = {0};

	for (size_t i = 0; info->choice(i); i++) {
		*at = info->choice(i);
		if (!strcmp(*at, text))
			return 0;
	}
	list_choices(&list, info->choice);
	error_set(err, ERR_USAGE, "%s '%s': expected %s", shown, text, buf_text(&list));
	buf_fini(&list);
	return ERR_USAGE;
}

int option_read(void *o, const struct option_info *info, const char *shown, const char *text,
		struct error *err)
{
	void *at = (char *)o + info->offset;

	switch (info->type) {
	case OPTION_SET: return read_set(at, info, shown, err);
	case OPTION_INT: return read_int(at, info, shown, text, err);
	case OPTION_ADDR: return read_addr(at, shown, text, err);
	case OPTION_CHOICE: return read_choice(at, info, shown, text, err);
	case OPTION_OWN: return info->read(at, shown, text, err);
	case OPTION_TEXT: break;
	}
	return read_text(at, info, shown, text, err);
}
