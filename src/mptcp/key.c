#include "mptcp/key.h"

#include <string.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "packet/checksum.h"
#include "util/octets.h"

/* Writes the key's digest and returns its length: SHA-1 for version 0, SHA-256 for 1. */
static size_t digest(uint8_t version, uint64_t key, uint8_t out[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx sha256;
	struct sha1_ctx sha1;
	uint8_t octets[8];

	store_u64(octets, key);
	if (version == 0) {
		sha1_init(&sha1);
		sha1_update(&sha1, sizeof(octets), octets);
		sha1_digest(&sha1, SHA1_DIGEST_SIZE, out);
		return SHA1_DIGEST_SIZE;
	}
	sha256_init(&sha256);
	sha256_update(&sha256, sizeof(octets), octets);
	sha256_digest(&sha256, SHA256_DIGEST_SIZE, out);
	return SHA256_DIGEST_SIZE;
}

uint32_t key_token(uint8_t version, uint64_t key)
{
	uint8_t hash[SHA256_DIGEST_SIZE];

	digest(version, key, hash);
	return load_u32(hash);
}

uint64_t key_idsn(uint8_t version, uint64_t key)
{
	uint8_t hash[SHA256_DIGEST_SIZE];
	size_t len = digest(version, key, hash);

	return load_u64(hash + len - 8);
}

/* HMAC with key `first || second`. */
static size_t hmac(uint8_t version, uint64_t first, uint64_t second, struct span message,
		   uint8_t out[KEY_HMAC_MAX])
{
	struct hmac_sha256_ctx sha256;
	struct hmac_sha1_ctx sha1;
	uint8_t key[16];

	store_u64(key, first);
	store_u64(key + 8, second);
	if (version == 0) {
		hmac_sha1_set_key(&sha1, sizeof(key), key);
		hmac_sha1_update(&sha1, message.len, message.at);
		hmac_sha1_digest(&sha1, SHA1_DIGEST_SIZE, out);
		return SHA1_DIGEST_SIZE;
	}
	hmac_sha256_set_key(&sha256, sizeof(key), key);
	hmac_sha256_update(&sha256, message.len, message.at);
	hmac_sha256_digest(&sha256, SHA256_DIGEST_SIZE, out);
	return SHA256_DIGEST_SIZE;
}

size_t key_join_hmac(uint8_t version, uint64_t mine, uint64_t theirs, uint32_t my_nonce,
		     uint32_t their_nonce, uint8_t out[KEY_HMAC_MAX])
{
	uint8_t message[8];

	store_u32(message, my_nonce);
	store_u32(message + 4, their_nonce);
	return hmac(version, mine, theirs, span_of(message, sizeof(message)), out);
}

void key_add_addr_hmac(uint64_t sender, uint64_t receiver, uint8_t address_id,
		       const struct ip_addr *addr, uint16_t port, uint8_t out[8])
{
	uint8_t message[1 + 16 + 2], whole[KEY_HMAC_MAX];
	size_t len = addr->family == 6 ? 16 : 4, whole_len;

	message[0] = address_id;
	memcpy(message + 1, addr->octets, len);
	store_u16(message + 1 + len, port);
	whole_len = hmac(1, sender, receiver, span_of(message, 1 + len + 2), whole);
	memcpy(out, whole + whole_len - 8, 8);
}

uint16_t key_dss_checksum(uint64_t dsn, uint32_t ssn, uint16_t data_len, uint64_t payload_sum)
{
	uint8_t pseudo[16];

	store_u64(pseudo, dsn);
	store_u32(pseudo + 8, ssn);
	store_u16(pseudo + 12, data_len);
	store_u16(pseudo + 14, 0);
	return checksum_finish(checksum_add(checksum_fold(payload_sum), pseudo, sizeof(pseudo)));
}

bool key_equal(const void *a, const void *b, size_t len)
{
	return memeql_sec(a, b, len);
}
