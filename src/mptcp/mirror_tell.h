/* Inside mirror_server.c: writing the records. What is told of is bounded thrice: by the octets
 * read, by the room in the send buffer, and, of what goes on for as long as anything is told, in
 * number. */
#ifndef MBOXTRACE_MPTCP_MIRROR_TELL_H
#define MBOXTRACE_MPTCP_MIRROR_TELL_H

#include "mptcp/mirror.h"

size_t mirror_tell_room(const struct mirror_server *m); /* octets that may still be sent */
bool mirror_tell_head(struct mirror_server *m, struct conn *conn, int64_t now_ns);
/* Head, segments, hops: as far as it goes. */
void mirror_tell(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		 int64_t now_ns);
/* The last record; false: not now. */
bool mirror_tell_done(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		      int64_t now_ns);

#endif
