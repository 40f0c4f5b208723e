/* Who changes sequence numbers must translate the blocks of selective acknowledgements, too: else
 * they name octets that were never sent. */
#include "probe/mirrored_parts.h"

#include "util/octets.h"

static const struct tcp_option *sack_of(const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);

	return o && !o->malformed && o->len >= 10 ? o : NULL;
}

static bool has_edge(const struct tcp_option *o, uint32_t edge)
{
	for (size_t i = 2; i + 4 <= o->len; i += 4)
		if (load_u32(o->at + i) == edge)
			return true;
	return false;
}

static bool left_with(const struct comparison *c, uint32_t edge)
{
	for (size_t i = 0; i < c->left.count; i++) {
		const struct tcp_option *o;
		struct packet p;

		if (!mirrored_parse(c->left.at[i], &p))
			continue;
		o = sack_of(&p);
		if (o && has_edge(o, edge))
			return true;
	}
	return false;
}

/* The edge stands there as it left, although it means another octet here. */
static bool is_untranslated(const struct comparison *c, const struct tcp_option *sack)
{
	uint32_t edge = load_u32(sack->at + 2);

	return left_with(c, edge) && !left_with(c, edge + c->peer_shift);
}

void mirrored_compare_sacks(struct comparison *c)
{
	unsigned seen = 0;

	for (size_t i = 0; c->peer_shift && i < c->arrived.count; i++) {
		const struct tcp_option *o;
		struct packet p;

		if (!mirrored_parse(c->arrived.at[i], &p))
			continue;
		o = sack_of(&p);
		seen += o && is_untranslated(c, o);
	}
	mirrored_count_plain(c, "tcp.options.sack", CHANGE_REWRITTEN, seen);
}
