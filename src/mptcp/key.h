/* Keys and what is derived from them (RFC 8684 §3.1-3.4, RFC 6824 §3.1-3.4). Pure functions over
 * Nettle's SHA-1 and SHA-256; `version` is 0 or 1. */
#ifndef MBOXTRACE_MPTCP_KEY_H
#define MBOXTRACE_MPTCP_KEY_H

#include <stdbool.h>

#include "packet/ip_addr.h"
#include "util/span.h"

#define KEY_HMAC_MAX 32

/* The most significant 32 bits of the key's hash, and its least significant 64. */
uint32_t key_token(uint8_t version, uint64_t key);
uint64_t key_idsn(uint8_t version, uint64_t key);

/* HMAC with key `mine || theirs` over `my_nonce || their_nonce`. Writes 32 octets (v1) or 20 (v0)
 * and returns how many. A SYN/ACK carries the first 8, the third ACK the first 20. */
size_t key_join_hmac(uint8_t version, uint64_t mine, uint64_t theirs, uint32_t my_nonce,
		     uint32_t their_nonce, uint8_t out[KEY_HMAC_MAX]);

/* The last 8 octets of the HMAC of ADD_ADDR (v1 only), `sender` being who announces; port 0: none.
 */
void key_add_addr_hmac(uint64_t sender, uint64_t receiver, uint8_t address_id,
		       const struct ip_addr *addr, uint16_t port, uint8_t out[8]);

/* The DSS checksum (RFC 8684 §3.3.1) over pseudo-header and payload; always the 64-bit DSN.
 * `sum` is checksum_add() over the payload, whose length need not be even. */
uint16_t key_dss_checksum(uint64_t dsn, uint32_t ssn, uint16_t data_len, uint64_t payload_sum);

bool key_equal(const void *a, const void *b, size_t len); /* in constant time */

#endif
