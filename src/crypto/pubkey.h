/* pubkey: public keys as DKIM records carry them in p= (RFC 6376 3.6.1, RFC
 * 8463 4), and the verification of signatures over a digest. */
#ifndef CRYPTO_PUBKEY_H
#define CRYPTO_PUBKEY_H

#include "crypto/hash.h"

enum key_type { KEY_RSA, KEY_ED25519 };

const char *key_type_name(enum key_type type); /* "rsa", "ed25519" */

struct pubkey;

/* bytes: RSA as SubjectPublicKeyInfo or RSAPublicKey (PKCS#1), Ed25519 as 32
 * octets or SubjectPublicKeyInfo.  Size and exponent are judged before any
 * cryptography sees the key: up to LIMIT_RSA_BITS_MAX bits, an odd exponent
 * from 3 to 2^32; Ed25519 keys of small order or not
 * canonical are refused.  Short RSA keys are
 * read, so that their size can be told: the caller decides (pubkey_bits).
 * NULL: *why says what is wrong.  One thread at a time may use a key. */
struct pubkey *pubkey_new(enum key_type type, str bytes, const char **why);
struct pubkey *pubkey_share(struct pubkey *key); /* one more owner */
void pubkey_free(struct pubkey *key); /* NULL is fine */

enum key_type pubkey_type(const struct pubkey *key);
unsigned pubkey_bits(const struct pubkey *key); /* 256 for Ed25519 */

/* RSA: PKCS#1 v1.5 over the digest.  Ed25519: PureEdDSA over the digest's
 * octets (RFC 8463 3); S must be canonical. */
bool pubkey_verify(struct pubkey *key, enum hash_algorithm algorithm,
		   str digest, str signature);

#endif
