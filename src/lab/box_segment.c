/* Segments and option areas made anew. */
#include <string.h>

#include "lab/box_edit.h"

struct box_options box_options_of(const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;
	struct box_options options = {.len = 0};

	for (size_t i = 0; i < list->count && list->item[i].kind != TCP_OPT_EOL; i++)
		box_options_put(&options, span_of(list->item[i].at, list->item[i].len));
	return options;
}

void box_options_without(struct box_options *options, const struct box_option *option)
{
	struct box_options old = *options;
	struct tcp_option_list list;

	tcp_options_parse(&list, span_of(old.at, old.len));
	options->len = 0;
	for (size_t i = 0; i < list.count; i++)
		if (!box_option_matches(option, &list.item[i]))
			box_options_put(options, span_of(list.item[i].at, list.item[i].len));
}

bool box_options_put(struct box_options *options, struct span option)
{
	if (options->len + option.len > TCP_OPTIONS_MAX)
		return false;
	if (option.len)
		memcpy(options->at + options->len, option.at, option.len);
	options->len += option.len;
	return true;
}

bool box_segment_make(struct box_packet *out, const struct box_packet *like, const struct packet *p,
		      const struct box_options *options)
{
	struct box_options area = *options;
	struct packet q = *p;
	int len;

	while (area.len % 4)
		area.at[area.len++] = TCP_OPT_EOL;
	q.tcp.option_area = span_of(area.at, area.len);
	q.tcp.header_len = (uint8_t)(20 + area.len);
	q.trailer.len = 0;
	tcp_options_parse(&q.tcp.options, q.tcp.option_area);
	len = packet_build(&q, PACKET_FIX_ALL, out->octets, sizeof(out->octets));
	out->len = len > 0 ? (size_t)len : 0;
	out->direction = like->direction;
	out->path = like->path;
	return len > 0;
}

void box_answer_reset(const struct packet *p, const struct box_packet *packet, uint8_t ttl,
		      struct span options, const struct box_io *io)
{
	struct packet answer;

	if (p->tcp.flags & TCP_RST)
		return;
	box_answer_init(&answer, p, ttl);
	answer.tcp.flags = TCP_RST;
	if (p->tcp.flags & TCP_ACK) {
		answer.tcp.seq = p->tcp.ack;
	} else {
		answer.tcp.flags |= TCP_ACK;
		answer.tcp.ack = p->tcp.seq + box_segment_len(p);
	}
	box_answer_send(&answer, options, box_opposite(packet->direction), io);
}
