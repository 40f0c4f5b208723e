#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mptcp/key.h"
#include "support/script_player.h"

static void put_hex(char *out, const uint8_t *octets, size_t len)
{
	*out++ = 'x';
	for (size_t i = 0; i < len; i++, out += 2)
		sprintf(out, "%02x", octets[i]);
}

static uint64_t own_key(const struct script_player *p)
{
	struct conn_info info = {.local_key = p->key};

	if (p->conn)
		conn_info(p->conn, &info);
	return info.local_key;
}

uint64_t script_idsn(const struct script_player *p, bool ours)
{
	uint64_t key = ours ? own_key(p) : PEER_KEY;

	return p->config.idsn ? p->config.idsn : key_idsn(p->config.version, key);
}

static void join_hmac(const struct script_player *p, bool ours, char *out)
{
	uint8_t version = p->config.version, hmac[KEY_HMAC_MAX];

	if (ours)
		key_join_hmac(version, own_key(p), PEER_KEY, p->nonce, PEER_NONCE, hmac);
	else
		key_join_hmac(version, PEER_KEY, own_key(p), PEER_NONCE, p->nonce, hmac);
	/* The SYN/ACK has 8 octets, the third ACK 20: who opened sends the latter. */
	put_hex(out, hmac, ours != p->server ? 20 : 8);
}

/* `text` may begin with another address than 10.0.1.9, in parentheses; returns how much of it. */
static size_t addr_hmac(const struct script_player *p, bool ours, const char *text, char *out)
{
	struct ip_addr addr = ours ? script_addr(0, 2) : script_addr(1, 9);
	size_t used = *text == '(' ? strcspn(text, ")") + 1 : 0;
	char given[64];
	uint64_t key = own_key(p);
	uint8_t hmac[8];

	snprintf(given, sizeof(given), "%.*s", (int)(used ? used - 2 : 0), text + 1);
	if (used)
		ip_addr_parse(&addr, given);
	key_add_addr_hmac(ours ? key : PEER_KEY, ours ? PEER_KEY : key, ours ? 1 : 5, &addr,
			  ours ? p->config.local[1].port : 0, hmac);
	put_hex(out, hmac, sizeof(hmac));
	return used;
}

/* An HMAC as octets; returns how much of the text behind its name was used. */
static size_t put_hmac(const struct script_player *p, const char *name, const char *text, char *out)
{
	bool ours = name[0] == 'm' || name[0] == 'o';

	if (name[0] == 'a' || name[0] == 'o')
		return addr_hmac(p, ours, text, out);
	join_hmac(p, ours, out);
	return 0;
}

static bool number(const struct script_player *p, const char *name, uint64_t *v)
{
	bool ours = name[0] == 'm';

	switch (name[1]) {
	case 'k': *v = ours ? own_key(p) : PEER_KEY; return true;
	case 'd': *v = script_idsn(p, ours); return true;
	case 't': *v = key_token(p->config.version, ours ? own_key(p) : PEER_KEY); return true;
	case 'n': *v = ours ? p->nonce : PEER_NONCE; return true;
	default: return false;
	}
}

/* "pd4+17": returns how much of it was used; 0: there is no such name. */
static size_t value(const struct script_player *p, const char *text, char *out)
{
	bool half = text[0] && text[1] && text[2] == '4';
	size_t used = half ? 3 : 2;
	unsigned plus = 0;
	uint64_t v;
	int more = 0;

	if (!text[0] || !text[1])
		return 0;
	if (text[1] == 'h')
		return 2 + put_hmac(p, text, text + 2, out);
	if (!number(p, text, &v))
		return 0;
	if (sscanf(text + used, "+%u%n", &plus, &more) == 1)
		used += (size_t)more;
	sprintf(out, "0x%" PRIx64, half ? (v + plus) & 0xffffffff : v + plus);
	return used;
}

bool script_substitute(const struct script_player *p, const char *text, char out[SCRIPT_TEXT])
{
	char *end = out + SCRIPT_TEXT - 64;
	size_t used;

	while (*text && out < end) {
		if (*text != '$' || !strncmp(text, "$ok", 3)) {
			*out++ = *text++;
			continue;
		}
		used = value(p, text + 1, out);
		if (!used)
			return false;
		text += 1 + used;
		out += strlen(out);
	}
	*out = '\0';
	return !*text;
}
