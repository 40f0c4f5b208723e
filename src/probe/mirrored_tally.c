/* How often each change was seen, and how often it could have been. */
#include "probe/mirrored_parts.h"

#include <string.h>

bool mirrored_is_loss(enum change_kind kind)
{
	return kind == CHANGE_REMOVED || kind == CHANGE_BLANKED || kind == CHANGE_TRUNCATED;
}

/* What is gone is gone, if in one segment it was cut off and in another cut out: the first counts,
 * as it is seldom the other. */
bool mirrored_same_change(enum change_kind a, enum change_kind b)
{
	return a == b || (mirrored_is_loss(a) && mirrored_is_loss(b));
}

static struct tally *tally_of(struct comparison *c, const struct change *change)
{
	struct tally *t;

	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->at[i].change.field, change->field) &&
		    mirrored_same_change(c->at[i].change.kind, change->kind))
			return &c->at[i];
	if (c->count == MIRRORED_FINDINGS_MAX)
		return NULL;
	t = &c->at[c->count++];
	*t = (struct tally){.change = *change};
	return t;
}

void mirrored_count(struct comparison *c, const struct change *change, const struct packet *left,
		    bool data)
{
	struct tally *t = tally_of(c, change);

	if (!t)
		return;
	t->seen++;
	t->on_syn += (left->tcp.flags & TCP_SYN) != 0;
	t->data_seen += data;
	t->varies |= !value_equal(&t->change.sent, &change->sent) ||
		     !value_equal(&t->change.seen, &change->seen);
}

void mirrored_count_plain(struct comparison *c, const char *field, enum change_kind kind,
			  unsigned seen)
{
	struct change change = {.kind = kind, .option = -1};
	struct tally *t;

	strcpy(change.field, field);
	t = seen ? tally_of(c, &change) : NULL;
	if (t)
		t->seen += seen;
}

static bool bears(const struct packet *p, const char *changed)
{
	char field[TCP_OPTION_FIELD_MAX];

	for (size_t n = 0; n < p->tcp.options.count; n++) {
		tcp_option_field(&p->tcp.options.item[n], field);
		if (!strncmp(changed, field, strlen(field)))
			return true;
	}
	return false;
}

/* A change of an option can be seen only where it was sent, and of what was compared: of how many
 * it befell then says more. */
void mirrored_count_bearers(struct comparison *c)
{
	for (unsigned i = 0; i < c->segments; i++) {
		struct packet p;

		if (!mirrored_parse(c->paired[i], &p))
			continue;
		for (size_t n = 0; n < c->count; n++) {
			bool its = bears(&p, c->at[n].change.field);

			c->at[n].of += its;
			c->at[n].data_of += its && c->paired[i]->payload_len;
		}
	}
}
