/* privkey: private keys, from their file to a signature over a digest.  Their
 * octets never leave this module but by privkey_write. */
#ifndef CRYPTO_PRIVKEY_H
#define CRYPTO_PRIVKEY_H

#include "base/err.h"
#include "crypto/pubkey.h"

struct privkey;

/* PEM (PKCS#1, PKCS#8; not encrypted), base64 of DER, or DER. */
struct privkey *privkey_parse(str text, struct err *e);

enum privkey_rules {
	PRIVKEY_ANY, /* read what can be read */
	PRIVKEY_SAFE /* refuse a file that others can read or change */
};

/* Opens a regular file of at most LIMIT_KEY_FILE bytes; what it is and who may
 * read it is judged on the descriptor.  With PRIVKEY_SAFE: owned by root or
 * this process's user, no write for group, nothing for others.  Never waits
 * (a FIFO is refused). */
struct privkey *privkey_read(const char *path, enum privkey_rules rules,
			     struct err *e);
/* The same from a descriptor that the caller has judged by rules of its own;
 * it stays open.  path is for messages. */
struct privkey *privkey_read_fd(int fd, const char *path, struct err *e);

/* bits: 1024..8192 for RSA, ignored for Ed25519.  NULL on failure. */
struct privkey *privkey_generate(enum key_type type, unsigned bits,
				 struct err *e);

struct privkey *privkey_share(struct privkey *key); /* one more owner */
void privkey_free(struct privkey *key); /* NULL is fine; any thread */

/* Creates path with mode 0600 and PKCS#8 PEM in it, synced; never overwrites,
 * never follows a link (ERR_CREATE). */
bool privkey_write(const struct privkey *key, const char *path, struct err *e);

/* For privkey_write and selfsigned: PKCS#8 PEM to an OpenSSL BIO, and what is
 * in that to a file; and the key as OpenSSL has it. */
struct bio_st;
struct evp_pkey_st;
bool privkey_to_pem(const struct privkey *key, struct bio_st *bio);
bool privkey_write_pem(struct bio_st *bio, const char *path, struct err *e);
struct evp_pkey_st *privkey_pkey(const struct privkey *key);

enum key_type privkey_type(const struct privkey *key);
unsigned privkey_bits(const struct privkey *key);

/* p= of the key's record, not yet base64: RSA as SubjectPublicKeyInfo, Ed25519
 * as 32 octets.  In the arena. */
str privkey_public(const struct privkey *key, struct arena *arena);

/* The signature over a SHA-256 digest, in the arena.  Any thread, many at a
 * time. */
bool privkey_sign(const struct privkey *key, struct arena *arena, str digest,
		  str *signature, struct err *e);

#endif
