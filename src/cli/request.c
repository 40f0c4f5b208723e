#include "cli/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "packet/ip_addr.h"
#include "util/octets.h"

#define FILE_MAX	 (1 << 20)
#define REQUEST_HOST_MAX 256

static void http_request(struct buf *out, const char *host)
{
	struct ip_addr addr;
	bool v6 = ip_addr_parse(&addr, host) && addr.family == 6;

	buf_printf(out,
		   "GET / HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: mboxtrace/%s\r\n"
		   "Accept: */*\r\nConnection: close\r\n\r\n",
		   v6 ? "[" : "", host, v6 ? "]" : "", MBOXTRACE_VERSION);
}

static void put_u8(struct buf *out, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	buf_put(out, &octet, 1);
}

static void put_u16(struct buf *out, unsigned value)
{
	uint8_t octets[2];

	store_u16(octets, (uint16_t)value);
	buf_put(out, octets, 2);
}

static void put_random(struct buf *out, struct rng *rng, size_t len)
{
	while (len--)
		put_u8(out, rng_u32(rng) & 0xff);
}

/* server_name: a list of one host name. */
static void put_name(struct buf *out, const char *host)
{
	struct ip_addr addr;
	unsigned len = (unsigned)strlen(host);

	if (ip_addr_parse(&addr, host))
		return;
	put_u16(out, 0);
	put_u16(out, len + 5);
	put_u16(out, len + 3);
	put_u8(out, 0);
	put_u16(out, len);
	buf_put(out, host, len);
}

/* Extensions that do not depend on anything: type, length, content. */
static const uint8_t fixed_extensions[] = {
    /* supported_groups: x25519, secp256r1 */
    0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17,
    /* ec_point_formats: uncompressed */
    0x00, 0x0b, 0x00, 0x02, 0x01, 0x00,
    /* signature_algorithms: ECDSA, RSA-PSS and RSA with SHA-256, -384 and -512 */
    0x00, 0x0d, 0x00, 0x12, 0x00, 0x10, 0x04, 0x03, 0x05, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06,
    0x04, 0x01, 0x05, 0x01, 0x06, 0x01,
    /* supported_versions: 1.3, 1.2 */
    0x00, 0x2b, 0x00, 0x05, 0x04, 0x03, 0x04, 0x03, 0x03,
    /* psk_key_exchange_modes: with (EC)DHE */
    0x00, 0x2d, 0x00, 0x02, 0x01, 0x01};

/* TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, and of TLS 1.2
 * ECDHE with ECDSA or RSA and AES-GCM */
static const uint8_t suites[] = {0x00, 0x0e, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03,
				 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30};

/* Any 32 octets are an x25519 public key: nobody here goes on with the handshake. */
static void put_key_share(struct buf *out, struct rng *rng)
{
	static const uint8_t head[] = {0x00, 0x33, 0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20};

	buf_put(out, head, sizeof(head));
	put_random(out, rng, 32);
}

/* Everything behind the handshake header. */
static void client_hello_body(struct buf *out, const char *host, struct rng *rng)
{
	struct buf extensions = {0};

	put_name(&extensions, host);
	buf_put(&extensions, fixed_extensions, sizeof(fixed_extensions));
	put_key_share(&extensions, rng);
	put_u16(out, 0x0303);
	put_random(out, rng, 32);
	put_u8(out, 32); /* a session ID, as middleboxes expect it (RFC 8446 appendix D.4) */
	put_random(out, rng, 32);
	buf_put(out, suites, sizeof(suites));
	put_u16(out, 0x0100); /* no compression */
	put_u16(out, (unsigned)extensions.len);
	buf_put(out, extensions.at, extensions.len);
	out->failed |= extensions.failed;
	buf_fini(&extensions);
}

static void client_hello(struct buf *out, const char *host, uint64_t seed)
{
	struct buf body = {0};
	struct rng rng;

	rng_seed(&rng, seed);
	client_hello_body(&body, host, &rng);
	put_u8(out, 22); /* a record of handshake messages */
	put_u16(out, 0x0301);
	put_u16(out, (unsigned)body.len + 4);
	put_u16(out, 0x0100); /* ClientHello, and the first octet of its length */
	put_u16(out, (unsigned)body.len);
	buf_put(out, body.at, body.len);
	out->failed |= body.failed;
	buf_fini(&body);
}

void request_for_port(struct buf *out, const char *host, uint16_t port, uint64_t seed)
{
	char bare[REQUEST_HOST_MAX];

	/* The zone of an address means something to this host only (RFC 6874 section 1). */
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(host, "%"), host);
	if (port == 80)
		http_request(out, bare);
	else if (port == 443)
		client_hello(out, bare, seed);
}

int request_from_file(struct buf *out, const char *path, struct error *err)
{
	char chunk[4096];
	FILE *file = fopen(path, "re");
	size_t got;
	int failed;

	if (!file)
		return error_set(err, ERR_FILE, "--data '%s': cannot be opened: %s", path,
				 strerror(errno));
	while ((got = fread(chunk, 1, sizeof(chunk), file)) && out->len <= FILE_MAX)
		buf_put(out, chunk, got);
	failed = ferror(file);
	fclose(file);
	if (failed)
		return error_set(err, ERR_FILE, "--data '%s': cannot be read", path);
	if (out->len > FILE_MAX)
		return error_set(err, ERR_USAGE, "--data '%s': expected at most %d octets", path,
				 FILE_MAX);
	return out->failed ? error_set(err, ERR_NOMEM, "out of memory") : 0;
}

static size_t printable(const uint8_t *head, size_t len)
{
	size_t i = 0;

	while (i < len && head[i] >= ' ' && head[i] < 0x7f)
		i++;
	return i;
}

void request_describe_answer(struct buf *out, const uint8_t *head, size_t head_len,
			     uint64_t received)
{
	if (head_len >= 5 && !memcmp(head, "HTTP/", 5))
		buf_printf(out, "%.*s", (int)printable(head, head_len), (const char *)head);
	else if (head_len >= 6 && head[1] == 3 && head[0] == 22 && head[5] == 2)
		buf_printf(out, "a TLS ServerHello");
	else if (head_len >= 3 && head[1] == 3 && head[0] == 21)
		buf_printf(out, "a TLS alert");
	else
		buf_printf(out, "%llu octets", (unsigned long long)received);
}
