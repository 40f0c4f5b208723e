/* Reads the probe notation, layer by layer, into a draft, and builds it for both families. */
#include <stdlib.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/notation_parser.h"

/* How many octets the options are that do not fit is worth knowing, so they are counted on. */
static int parse_option(struct parser *p, const struct option_spec *spec, struct word name)
{
	struct arg args[ARGS_MAX];
	uint8_t octets[2 * TCP_OPTIONS_MAX];
	struct draft *d = &p->draft;
	int len, err = parse_args(p, spec, name, args);

	if (err)
		return err;
	if (!d->has_tcp)
		return scan_fail(&p->scan, name.at, "%s is a TCP option: write TCP before it",
				 spec->name);
	len = option_spec_build(spec, args, octets, sizeof octets);
	if (len < 0)
		return scan_fail(&p->scan, name.at, "no form of %s has these arguments",
				 spec->name);
	if (d->options_len + (size_t)len > TCP_OPTIONS_MAX)
		return scan_fail(&p->scan, name.at,
				 "with %s there are %zu octets of options; TCP has room for %d",
				 spec->name, d->options_len + (size_t)len, TCP_OPTIONS_MAX);
	memcpy(d->options + d->options_len, octets, (size_t)len);
	d->options_len += (size_t)len;
	return 0;
}

static int parse_ip(struct parser *p, struct word name)
{
	static const struct {
		const char *name;
		enum field_layer layers[2];
		unsigned families;
	} IPS[] = {
	    {"IP", {LAYER_IP4, LAYER_IP6}, FAMILY_4 | FAMILY_6},
	    {"IPV4", {LAYER_IP4, LAYER_IP4}, FAMILY_4},
	    {"IPV6", {LAYER_IP6, LAYER_IP6}, FAMILY_6},
	};

	for (size_t i = 0; i < sizeof IPS / sizeof *IPS; i++) {
		if (!word_is(name, IPS[i].name))
			continue;
		p->has_ip = true;
		p->draft.families = IPS[i].families;
		p->narrowed = i > 0 ? name.at : NULL;
		return parse_fields(p, IPS[i].name, IPS[i].layers);
	}
	return scan_fail(&p->scan, name.at, "expected IP or IPV6 as the first layer, not '%.*s'",
			 (int)name.len, name.at);
}

static int parse_payload(struct parser *p)
{
	size_t len;
	int err;

	if (!scan_char(&p->scan, '('))
		return scan_fail(&p->scan, p->scan.at, "expected RAW(x…) with hex digits");
	err = value_hex(&p->scan, scan_value(&p->scan), p->payload, sizeof p->payload, &len);
	if (err)
		return err;
	if (!scan_char(&p->scan, ')'))
		return scan_fail(&p->scan, p->scan.at, "expected ')'");
	p->has_payload = true;
	p->draft.payload = span_of(p->payload, len);
	return 0;
}

static int parse_transport(struct parser *p, struct word name)
{
	static const enum field_layer TCP[2] = {LAYER_TCP, LAYER_TCP};
	static const enum field_layer ICMP[2] = {LAYER_ICMP, LAYER_ICMP};
	bool tcp = word_is(name, "TCP");

	if (p->draft.has_tcp || p->draft.has_icmp)
		return scan_fail(&p->scan, name.at, "a packet has one TCP or ICMP layer");
	p->draft.has_tcp = tcp;
	p->draft.has_icmp = !tcp;
	return parse_fields(p, tcp ? "TCP" : "ICMP", tcp ? TCP : ICMP);
}

static int layer_unknown(struct parser *p, struct word name)
{
	struct names names = {.len = 0};

	names_add(&names, "TCP, ICMP, RAW");
	for (size_t i = 0; i < notation_option_count; i++)
		names_add(&names, notation_options[i].name);
	for (size_t i = 0; i <= MPTCP_TCPRST; i++)
		names_add(&names, notation_mptcp[i].name);
	return scan_fail(&p->scan, name.at, "'%.*s' is not a layer (%s)", (int)name.len, name.at,
			 names.text);
}

static int parse_layer(struct parser *p)
{
	struct word name = scan_name(&p->scan);
	const struct option_spec *option;

	if (!p->has_ip)
		return parse_ip(p, name);
	if (p->has_payload)
		return scan_fail(&p->scan, name.at, "nothing can follow RAW");
	if (word_is(name, "TCP") || word_is(name, "ICMP"))
		return parse_transport(p, name);
	if (word_is(name, "RAW"))
		return parse_payload(p);
	option = option_spec_by_name(name);
	return option ? parse_option(p, option, name) : layer_unknown(p, name);
}

static int parse_layers(struct parser *p)
{
	int err;

	do {
		err = parse_layer(p);
		if (err)
			return err;
	} while (scan_char(&p->scan, '/'));
	scan_char(&p->scan, ' ');
	if (*p->scan.at != '\0')
		return scan_fail(&p->scan, p->scan.at, "expected '/' and a layer, or the end");
	return 0;
}

static int build(struct parser *p, uint8_t family, uint8_t *out, uint16_t *out_len)
{
	uint8_t headers[DRAFT_HEADERS_MAX];
	size_t len = draft_len(&p->draft, family), head;

	*out_len = 0;
	if (!(p->draft.families & (family == 4 ? FAMILY_4 : FAMILY_6)))
		return 0;
	if (len > PROBE_OCTETS_MAX)
		return scan_fail(&p->scan, p->scan.text,
				 "the IPv%d packet has %zu octets, more than %d", family, len,
				 PROBE_OCTETS_MAX);
	head = draft_headers(&p->draft, family, headers);
	memcpy(out, headers, head);
	if (p->draft.payload.len > 0)
		memcpy(out + head, p->draft.payload.at, p->draft.payload.len);
	*out_len = (uint16_t)len;
	return 0;
}

static int finish(struct parser *p, struct notation *n)
{
	int err = build(p, 4, n->octets4, &n->len4);

	if (!err)
		err = build(p, 6, n->octets6, &n->len6);
	if (p->draft.families != (FAMILY_4 | FAMILY_6))
		n->family = p->draft.families == FAMILY_4 ? 4 : 6;
	n->has_tcp = p->draft.has_tcp;
	n->has_icmp = p->draft.has_icmp;
	n->fields_set = p->draft.set;
	return err;
}

int notation_parse(struct notation *n, const char *text, struct error *err)
{
	struct parser *p;
	int code;

	memset(n, 0, sizeof *n);
	if (strlen(text) >= sizeof n->text)
		return error_set(err, ERR_USAGE, "probe '%.60s…': %zu characters, more than %zu",
				 text, strlen(text), sizeof n->text - 1);
	strcpy(n->text, text);
	p = calloc(1, sizeof *p);
	if (!p)
		return error_set(err, ERR_NOMEM, "probe '%.60s': out of memory", text);
	p->scan = (struct scanner){.text = n->text, .at = n->text, .err = err};
	code = parse_layers(p);
	if (!code)
		code = finish(p, n);
	free(p);
	return code;
}

/* Takes the two octets of a checksum from where they are right. */
static void take(uint8_t *octets, size_t len, const uint8_t *right, size_t at)
{
	if (at + 2 <= len)
		memcpy(octets + at, right + at, 2);
}

void notation_finish(const struct notation *n, uint8_t *octets, size_t len)
{
	uint8_t right[PROBE_OCTETS_MAX];
	bool v4 = len > 0 && octets[0] >> 4 == 4;
	size_t ip = v4 ? 20 : 40;

	if (len > sizeof right)
		return;
	memcpy(right, octets, len);
	packet_fix_checksums(right, len);
	if (v4 && !(n->fields_set & FIELD_BIT(FIELD_IP4_CHECKSUM)))
		take(octets, len, right, 10);
	if (n->has_tcp && !(n->fields_set & FIELD_BIT(FIELD_TCP_CHECKSUM)))
		take(octets, len, right, ip + 16);
	if (n->has_icmp && !(n->fields_set & FIELD_BIT(FIELD_ICMP_CHECKSUM)))
		take(octets, len, right, ip + 2);
}
