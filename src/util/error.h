/* One error list for the whole house: functions return 0 or a negative code,
 * and describe the failure in a struct error that the caller owns. */
#ifndef MBOXTRACE_UTIL_ERROR_H
#define MBOXTRACE_UTIL_ERROR_H

enum error_code {
	ERR_NONE = 0,
	ERR_USAGE = -1,	     /* a value, notation, script or scenario the user gave is wrong */
	ERR_PERMISSION = -2, /* not allowed to open a socket, device or capture */
	ERR_RESOLVE = -3,    /* a name has no address */
	ERR_ROUTE = -4,	     /* no route, source address or device */
	ERR_DEVICE = -5,     /* a device or socket failed */
	ERR_FILE = -6,	     /* a file cannot be read or written */
	ERR_NOMEM = -7,
	ERR_TRUNCATED = -8, /* octets end before the structure does */
	ERR_MALFORMED = -9, /* octets contradict themselves */
	ERR_NOSPACE = -10,  /* the caller's buffer is too small */
	ERR_MISSING = -11,  /* a facility is not there (nftables, a capability); one can go on */
};

struct error {
	enum error_code code;
	char text[512]; /* "what failed: why", no newline, no program name */
};

/* Describes a failure and returns `code`, so that callers write
 * `return error_set(err, ERR_USAGE, "…", …)`. `err` may be NULL. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
