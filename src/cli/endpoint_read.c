#include "cli/endpoint_read.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/endpoint_options.h"

#define SECONDS_MAX    86400
#define ANNOUNCED_TEXT (IP_ADDR_TEXT + sizeof("[]:65535"))
#define SUBFLOWS_MAX   (CONN_SUBFLOWS_MAX - 1)

/* A whole number up to the end of `text` or to `stop`; false if it is none or out of range. */
static bool read_number(const char **text, char stop, long min, long max, long *out)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*out = strtol(*text, &end, 10);
	if (errno || *out < min || *out > max || (*end && *end != stop))
		return false;
	*text = *end ? end + 1 : end;
	return true;
}

int read_seconds(void *out, const char *shown, const char *text, struct error *err)
{
	double *seconds = out;
	char *end;

	*seconds = *text >= '.' && *text <= '9' ? strtod(text, &end) : NAN;
	if (!(*seconds > 0 && *seconds <= SECONDS_MAX) || *end)
		return error_set(err, ERR_USAGE, "%s '%s': expected seconds, over 0 and up to %d",
				 shown, text, SECONDS_MAX);
	return 0;
}

int read_limits(void *out, const char *shown, const char *text, struct error *err)
{
	struct option_limits *o = out;
	struct pm_limits *limits = &o->at;
	const char *rest = text;
	long subflows = 0, accepted = limits->add_addr_accepted;
	bool good = read_number(&rest, ',', 0, SUBFLOWS_MAX, &subflows);

	if (good && *rest)
		good = read_number(&rest, '\0', 0, PM_ADDRS_MAX, &accepted);
	if (!good || (*text && text[strlen(text) - 1] == ','))
		return error_set(err, ERR_USAGE,
				 "%s '%s': expected SUBFLOWS[,ADDRESSES]: up to %d further "
				 "subflows, up to %d announced addresses",
				 shown, text, SUBFLOWS_MAX, PM_ADDRS_MAX);
	limits->subflows = (uint8_t)subflows;
	limits->add_addr_accepted = (uint8_t)accepted;
	o->given = true;
	return 0;
}

int read_port(void *out, const char *shown, const char *text, struct error *err)
{
	const char *rest = text;
	uint16_t *port = out;
	long number;

	if (!read_number(&rest, '\0', 1, UINT16_MAX, &number))
		return error_set(err, ERR_USAGE, "%s '%s': expected a port from 1 to 65535", shown,
				 text);
	*port = (uint16_t)number;
	return 0;
}

/* Copies the first `len` characters of an address, without brackets around it. */
static bool read_addr(struct ip_addr *out, const char *text, size_t len)
{
	char copy[IP_ADDR_TEXT];

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ip_addr_parse(out, copy);
}

static int add(struct option_addrs *list, const struct pm_addr *addr, const char *shown,
	       const char *text, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (ip_addr_equal(&list->at[i].addr, &addr->addr) && list->at[i].port == addr->port)
			return error_set(err, ERR_USAGE, "%s '%s': it is there already", shown,
					 text);
	if (list->count == PM_ADDRS_MAX)
		return error_set(err, ERR_USAGE, "%s '%s': at most %d addresses", shown, text,
				 PM_ADDRS_MAX);
	list->at[list->count++] = *addr;
	return 0;
}

int read_local(void *out, const char *shown, const char *text, struct error *err)
{
	struct pm_addr addr = {0};
	size_t len = strcspn(text, "/");

	addr.backup = !strcmp(text + len, "/backup");
	if (!read_addr(&addr.addr, text, len) || (text[len] && !addr.backup))
		return error_set(err, ERR_USAGE,
				 "%s '%s': expected an address of this host, or ADDR/backup", shown,
				 text);
	return add(out, &addr, shown, text, err);
}

/* ADDR, ADDR:PORT or [ADDR]:PORT, for an IPv6 address with a port stands in brackets. */
static bool read_addr_port(struct pm_addr *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool bare = strchr(text, ':') != colon && text[0] != '[';

	if (colon && (bare || (text[0] == '[' && colon[-1] != ']')))
		colon = NULL;
	if (!read_addr(&out->addr, text, colon ? (size_t)(colon - text) : strlen(text)))
		return false;
	return !colon || !read_port(&out->port, "", colon + 1, NULL);
}

int read_announced(void *out, const char *shown, const char *text, struct error *err)
{
	char copy[ANNOUNCED_TEXT];
	struct pm_addr addr = {0};
	size_t len = strcspn(text, "/");
	bool good = len < sizeof(copy);

	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	addr.backup = !strcmp(text + len, "/backup");
	if (!good || !read_addr_port(&addr, copy) || (text[len] && !addr.backup))
		return error_set(err, ERR_USAGE,
				 "%s '%s': expected an address of this host, with a port if need "
				 "be: ADDR, ADDR:PORT or [ADDR]:PORT, and /backup behind it if it "
				 "is one",
				 shown, text);
	return add(out, &addr, shown, text, err);
}
