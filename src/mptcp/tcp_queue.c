/* What the owner hands over to be sent. */
#include "mptcp/tcp_parts.h"

int tcp_push(struct tcp *t, const struct tcp_piece *piece)
{
	struct tcp_sent s = {.piece = *piece, .seq = t->snd_end, .len = piece->len};

	if (!ring_reserve(&t->ring, 2)) /* and one for a FIN */
		return ERR_NOMEM;
	ring_push(&t->ring, &s);
	t->snd_end += piece->len;
	t->dirty = true;
	return 0;
}

uint32_t tcp_next_ssn(const struct tcp *t)
{
	return t->snd_end - t->iss;
}

uint32_t tcp_acked_ssn(const struct tcp *t)
{
	return t->snd_una - t->iss;
}

const struct tcp_piece *tcp_unacked(const struct tcp *t, size_t i)
{
	const struct tcp_sent *s;

	if (i >= t->ring.tail - t->ring.head)
		return NULL;
	s = ring_at(&t->ring, t->ring.head + (uint32_t)i);
	return s->piece.len || s->piece.mapping.present ? &s->piece : NULL;
}

void tcp_ack_now(struct tcp *t)
{
	if (t->state > TCP_SYN_RECEIVED)
		tcp_ack_at_once(t);
}

void tcp_ack_alone(struct tcp *t)
{
	t->own_ack_due = t->state > TCP_SYN_RECEIVED;
	t->dirty = true;
}

void tcp_ack_bare(struct tcp *t)
{
	t->bare_ack_due = t->state > TCP_SYN_RECEIVED;
	t->dirty = true;
}
