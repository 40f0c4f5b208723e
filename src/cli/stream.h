/* The two ends of a connection's stream: what is sent comes from a file descriptor or from memory,
 * what is received goes to a file descriptor or is only counted. */
#ifndef MBOXTRACE_CLI_STREAM_H
#define MBOXTRACE_CLI_STREAM_H

#include <poll.h>
#include <stdbool.h>

#include "mptcp/endpoint.h"
#include "net/net.h"

#define STREAM_HEAD 64
#define STREAM_ROOM 65536

struct stream {
	struct conn *conn; /* NULL: none yet, or no more */
	int in, out;	   /* negative: `data`, nobody */
	struct span data;  /* what is still to be sent from memory */
	bool hold;	   /* nothing is sent behind `data` yet: no shutdown */
	bool virtual_time; /* reading and writing block, time stands still meanwhile */
	bool in_ended;	   /* all was handed over, and the connection's end behind it */
	bool out_ended;	   /* the peer has ended, and all of it is written */
	int out_errno;	   /* why nothing more can be written; 0: it can */
	uint64_t received; /* octets */
	size_t head_len;   /* the first of them */
	uint8_t head[STREAM_HEAD];
	int64_t moved_ns; /* when an octet last went either way */
	bool patient;	  /* `out` was made non-blocking; its flags were: */
	int out_flags;
	struct pollfd waits[3]; /* for net_watch; the last is the caller's */
	uint8_t buffer[STREAM_ROOM];
};

void stream_init(struct stream *s, int in, int out, struct span data);
void stream_be_patient(struct stream *s); /* with who reads `out`, once `virtual_time` is set */
void stream_fini(struct stream *s);	  /* leaves the descriptors open, as they were */

/* Moves what can be moved now, and sets `waits` for what can be moved later. */
void stream_pump(struct stream *s, int64_t now_ns);

#endif
