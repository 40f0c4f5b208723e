/* A packet in one line, as tcpdump prints it:
 *
 *   IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 1, win 65535, options [mss 1460], length
 * 0 IP 192.0.2.1 > 192.0.2.7: ICMP time-exceeded code 0, length 68 IP6 2001:db8::1.80 >
 * 2001:db8::2.40001: seq 7 [|tcp] */
#include <inttypes.h>

#include "packet/icmp.h"
#include "packet/print.h"

static void print_address(struct buf *out, const struct ip_addr *addr)
{
	char text[IP_ADDR_TEXT];

	buf_printf(out, "%s", ip_addr_print(addr, text));
}

static void print_flags(struct buf *out, uint16_t flags)
{
	static const char LETTERS[] = "FSRP.UEWe";

	buf_printf(out, "Flags [");
	for (size_t i = 0; LETTERS[i]; i++)
		if (flags >> i & 1)
			buf_put(out, &LETTERS[i], 1);
	buf_printf(out, (flags & 0x1ff) == 0 ? "none]" : "]");
}

static void print_options(struct buf *out, const struct tcp_option_list *options)
{
	if (options->count == 0)
		return;
	buf_printf(out, ", options [");
	for (size_t i = 0; i < options->count; i++) {
		buf_printf(out, i > 0 ? "," : "");
		tcp_option_print(out, &options->item[i]);
	}
	buf_printf(out, "]");
}

static void print_sequence(struct buf *out, const struct tcp_header *tcp, size_t len)
{
	if (len > 0)
		buf_printf(out, ", seq %" PRIu32 ":%" PRIu32, tcp->seq, (uint32_t)(tcp->seq + len));
	else if (tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		buf_printf(out, ", seq %" PRIu32, tcp->seq);
	if (tcp->flags & TCP_ACK)
		buf_printf(out, ", ack %" PRIu32, tcp->ack);
}

static void print_tcp(struct buf *out, const struct packet *p)
{
	const struct tcp_header *tcp = &p->tcp;

	print_address(out, &p->ip.src);
	buf_printf(out, ".%u > ", tcp->src_port);
	print_address(out, &p->ip.dst);
	buf_printf(out, ".%u: ", tcp->dst_port);
	if (!(p->have & PACKET_HAS_TCP)) {
		buf_printf(out, "seq %" PRIu32 " [|tcp]", tcp->seq);
		return;
	}
	print_flags(out, tcp->flags);
	print_sequence(out, tcp, p->payload.len);
	buf_printf(out, ", win %u", tcp->window);
	if (tcp->flags & TCP_URG)
		buf_printf(out, ", urg %u", tcp->urgent);
	print_options(out, &tcp->options);
	if (p->have & PACKET_HAS_OPTIONS)
		buf_printf(out, ", length %zu", p->payload.len);
	else
		buf_printf(out, " [|tcp]");
}

static void print_echo(struct buf *out, const struct packet *p)
{
	uint8_t request = p->ip.version == 4 ? 8 : 128;

	buf_printf(out, "echo %s, id %u, seq %u", p->icmp.type == request ? "request" : "reply",
		   (unsigned)(p->icmp.rest >> 16), (unsigned)(p->icmp.rest & 0xffff));
}

static void print_icmp(struct buf *out, const struct packet *p)
{
	struct icmp_error error;
	uint8_t type = p->icmp.type;
	bool v4 = p->ip.version == 4;
	const char *code;

	buf_printf(out, v4 ? "ICMP " : "ICMP6, ");
	if (v4 ? type == 8 || type == 0 : type == 128 || type == 129) {
		print_echo(out, p);
	} else if (icmp_error_parse(&error, p) == 0) {
		code = error.kind == ICMP_KIND_UNREACHABLE
			   ? icmp_unreachable_name(p->ip.version, p->icmp.code)
			   : NULL;
		buf_printf(out, "%s", icmp_kind_name(error.kind));
		if (code)
			buf_printf(out, " %s", code);
		else
			buf_printf(out, " code %u", p->icmp.code);
	} else {
		buf_printf(out, "type %u code %u", type, p->icmp.code);
	}
	buf_printf(out, ", length %zu", p->transport.len);
}

void packet_print(struct buf *out, const struct packet *p)
{
	buf_printf(out, p->ip.version == 4 ? "IP " : "IP6 ");
	if (p->ip.proto == IP_PROTO_TCP && (p->have & PACKET_HAS_PORTS)) {
		print_tcp(out, p);
		return;
	}
	print_address(out, &p->ip.src);
	buf_printf(out, " > ");
	print_address(out, &p->ip.dst);
	buf_printf(out, ": ");
	if (p->have & PACKET_HAS_ICMP)
		print_icmp(out, p);
	else if (p->ip.frag_offset > 0)
		buf_printf(out, "ip-proto-%u, fragment at %u, length %zu", p->ip.proto,
			   p->ip.frag_offset * 8u, p->transport.len);
	else
		buf_printf(out, "ip-proto-%u, length %zu", p->ip.proto, p->transport.len);
}
