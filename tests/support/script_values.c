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

static void addr_hmac(const struct script_player *p, bool ours, char *out)
{
	struct ip_addr addr = ours ? script_addr(0, 2) : script_addr(1, 9);
	uint64_t key = own_key(p);
	uint8_t hmac[8];

	key_add_addr_hmac(ours ? key : PEER_KEY, ours ? PEER_KEY : key, ours ? 1 : 5, &addr,
			  ours ? p->config.local[1].port : 0, hmac);
	put_hex(out, hmac, sizeof(hmac));
}

/* A number, or an HMAC as octets. */
static bool value(const struct script_player *p, const char *name, uint64_t plus, char *out)
{
	bool ours = name[0] == 'm' || name[0] == 'o';
	uint64_t v;

	switch (name[1]) {
	case 'k': v = ours ? own_key(p) : PEER_KEY; break;
	case 'd': v = script_idsn(p, ours); break;
	case 't': v = key_token(p->config.version, ours ? own_key(p) : PEER_KEY); break;
	case 'n': v = ours ? p->nonce : PEER_NONCE; break;
	case 'h':
		if (name[0] == 'a' || name[0] == 'o')
			addr_hmac(p, ours, out);
		else
			join_hmac(p, ours, out);
		return true;
	default: return false;
	}
	v += plus;
	sprintf(out, "0x%" PRIx64, name[2] == '4' ? v & 0xffffffff : v);
	return true;
}

bool script_substitute(const struct script_player *p, const char *text, char out[SCRIPT_TEXT])
{
	char *end = out + SCRIPT_TEXT - 64;

	while (*text && out < end) {
		char name[4] = {0};
		unsigned plus = 0;
		int used = 0;

		if (*text != '$' || !strncmp(text, "$ok", 3)) {
			*out++ = *text++;
			continue;
		}
		memcpy(name, text + 1, text[1] ? 2 : 1);
		text += 1 + strlen(name);
		if (*text == '4')
			name[2] = *text++;
		if (sscanf(text, "+%u%n", &plus, &used) == 1)
			text += used;
		if (!value(p, name, plus, out))
			return false;
		out += strlen(out);
	}
	*out = '\0';
	return !*text;
}
