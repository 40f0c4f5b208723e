/* What --check says to a server so that it answers: by the port, or from a file. */
#ifndef MBOXTRACE_CLI_REQUEST_H
#define MBOXTRACE_CLI_REQUEST_H

#include "util/buf.h"
#include "util/error.h"
#include "util/rng.h"

/* Appends an HTTP/1.1 request (port 80), a TLS ClientHello (443; RFC 8446 §4.1.2, with the name as
 * SNI unless it is an address; RFC 6066 §3), or nothing. */
void request_for_port(struct buf *out, const char *host, uint16_t port, uint64_t seed);
/* ERR_FILE; ERR_USAGE if it is longer than a megabyte. */
int request_from_file(struct buf *out, const char *path, struct error *err);

/* The answer in a few words: "HTTP/1.1 200 OK", "TLS handshake", "TLS alert", "310 octets". */
void request_describe_answer(struct buf *out, const uint8_t *head, size_t head_len,
			     uint64_t received);

#endif
