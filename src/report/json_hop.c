/* {"ttl":1,"replies":[{"from":"192.0.2.1","kind":"time-exceeded","rtt_us":412,"quote":{…},
 *  "changes":[…],"extensions":[…],"probe":"syn-mp-capable","attempt":0}]} */
#include <string.h>

#include "report/json.h"
#include "report/words.h"

#define MPLS_CLASS 1

static json_t *json_of_hex(struct span octets)
{
	struct buf hex = {0};
	json_t *out;

	buf_hex(&hex, octets.at, octets.len);
	out = json_string(buf_text(&hex));
	buf_fini(&hex);
	return out;
}

json_t *json_of_addr(const struct ip_addr *addr)
{
	char text[IP_ADDR_TEXT];

	return addr->family ? json_string(ip_addr_print(addr, text)) : json_null();
}

json_t *json_of_value(const struct value *v)
{
	struct buf text = {0};
	json_t *out;

	if (v->kind == VALUE_NONE)
		return NULL;
	if (v->kind == VALUE_DEC)
		return json_integer((json_int_t)v->number);
	value_print(&text, v);
	out = json_string(buf_text(&text));
	buf_fini(&text);
	return out;
}

static json_t *json_of_quote(const struct trace_reply *r)
{
	json_t *quote = json_object();

	json_put(quote, "octets", json_integer((json_int_t)r->quote.len));
	json_put(quote, "complete", json_boolean(r->diff.complete));
	json_put(quote, "hex", json_of_hex(r->quote));
	return quote;
}

static json_t *json_of_changes(const struct diff *diff)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < diff->count; i++) {
		const struct change *c = &diff->changes[i];
		json_t *change = json_object();

		json_put(change, "field", json_string(c->field));
		json_put(change, "change", json_string(change_kind_name(c->kind)));
		json_put(change, "sent", json_of_value(&c->sent));
		json_put(change, "seen", json_of_value(&c->seen));
		json_array_append_new(changes, change);
	}
	return changes;
}

static json_t *json_of_label(struct mpls_label label)
{
	json_t *out = json_object();

	json_put(out, "class", json_integer(MPLS_CLASS));
	json_put(out, "kind", json_string("mpls"));
	json_put(out, "label", json_integer(label.label));
	json_put(out, "tc", json_integer(label.tc));
	json_put(out, "s", json_integer(label.s));
	json_put(out, "ttl", json_integer(label.ttl));
	return out;
}

static json_t *json_of_extension(const struct icmp_extension *e)
{
	json_t *out = json_object();

	json_put(out, "class", json_integer(e->class_num));
	json_put(out, "ctype", json_integer(e->c_type));
	json_put(out, "hex", json_of_hex(e->payload));
	return out;
}

static json_t *json_of_extensions(const struct trace_reply *r)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->extension_count; i++) {
		const struct icmp_extension *e = &r->extension[i];

		for (size_t l = 0; l < mpls_label_count(e); l++)
			json_array_append_new(out, json_of_label(mpls_label_at(e, l)));
		if (!mpls_label_count(e))
			json_array_append_new(out, json_of_extension(e));
	}
	return out;
}

static void put_icmp(json_t *reply, const struct trace_reply *r)
{
	const char *code = word_unreachable_code(r);

	if (r->kind == REPLY_UNREACHABLE) {
		json_put(reply, "code", json_integer(r->icmp_code));
		if (code)
			json_put(reply, "code_name", json_string(code));
		json_put(reply, "icmp_type", json_integer(r->icmp_type));
	}
	json_put(reply, "quote", json_of_quote(r));
	json_put(reply, "changes", json_of_changes(&r->diff));
	json_put(reply, "extensions", json_of_extensions(r));
}

static json_t *json_of_reply(const struct trace_result *result, const struct trace_reply *r)
{
	json_t *reply = json_object();

	json_put(reply, "from", json_of_addr(&r->from));
	json_put(reply, "kind", json_string(reply_kind_name(r->kind)));
	json_put(reply, "rtt_us", json_integer(r->rtt_ns / NS_PER_US));
	if (r->kind == REPLY_TIME_EXCEEDED || r->kind == REPLY_UNREACHABLE)
		put_icmp(reply, r);
	if (r->kind == REPLY_SYN_ACK)
		json_put(reply, "mptcp", json_string(reply_mptcp_name(r->mptcp)));
	json_put(reply, "probe", json_string(result->probes[r->probe].name));
	json_put(reply, "attempt", json_integer(r->attempt));
	return reply;
}

json_t *json_of_hop(const struct trace_result *result, uint8_t ttl)
{
	json_t *hop = json_object(), *replies = json_array();

	for (size_t i = 0; i < result->reply_count; i++) {
		if (result->replies[i].ttl == ttl)
			json_array_append_new(replies, json_of_reply(result, &result->replies[i]));
	}
	json_put(hop, "ttl", json_integer(ttl));
	json_put(hop, "replies", replies);
	return hop;
}
