/* Keys, nonces, ISNs and cookies come from a secret through HMAC-SHA-256: what was seen of them
 * tells nothing of the others (RFC 6528, RFC 8684 §5). The same seed gives the same run. */
#include <string.h>

#include <nettle/hmac.h>

#include "mptcp/endpoint_state.h"
#include "util/octets.h"

void secret_init(struct endpoint *e)
{
	struct sha256_ctx ctx;
	uint8_t seed[8];

	store_u64(seed, e->config.seed);
	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(seed), seed);
	sha256_digest(&ctx, sizeof(e->secret), e->secret);
	for (uint64_t i = 0; i < 2; i++)
		e->table_key.k[i] = secret_hash(e, PURPOSE_TABLE, NULL, i);
}

static size_t put_addr(uint8_t *out, const struct ip_addr *a)
{
	memcpy(out, a->octets, sizeof(a->octets));
	return sizeof(a->octets);
}

uint64_t secret_hash(const struct endpoint *e, uint32_t purpose, const struct tuple *t,
		     uint64_t extra)
{
	uint8_t message[48] = {0}, digest[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx ctx;
	size_t len = 0;

	store_u32(message, purpose);
	store_u64(message + 4, extra);
	len = 12;
	if (t) {
		len += put_addr(message + len, &t->local);
		len += put_addr(message + len, &t->remote);
		store_u16(message + len, t->local_port);
		store_u16(message + len + 2, t->remote_port);
		len += 4;
	}
	hmac_sha256_set_key(&ctx, sizeof(e->secret), e->secret);
	hmac_sha256_update(&ctx, len, message);
	hmac_sha256_digest(&ctx, sizeof(digest), digest);
	return load_u64(digest);
}

uint64_t endpoint_random(struct endpoint *e)
{
	return secret_hash(e, PURPOSE_RANDOM, NULL, e->drawn++);
}

uint32_t endpoint_isn(struct endpoint *e, const struct tuple *t, int64_t now_ns)
{
	return (uint32_t)secret_hash(e, PURPOSE_ISN, t, 0) + (uint32_t)(now_ns / 4000);
}

uint32_t endpoint_ts_offset(struct endpoint *e, const struct tuple *t)
{
	return (uint32_t)secret_hash(e, PURPOSE_TS, t, 0);
}
