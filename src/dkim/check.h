/* check: one signature judged (RFC 6376 6.1), step by step until settled.  ARC
 * message signatures are checked by the same steps (RFC 8617). */
#ifndef DKIM_CHECK_H
#define DKIM_CHECK_H

#include "dkim/bodyhash.h"
#include "dkim/keycache.h"
#include "dkim/record.h"
#include "dkim/signature.h"
#include "dns/asks.h"

/* How much of the canonical body a signature with l= must cover to pass. */
enum dkim_part {
	DKIM_ALL, /* the default: what is appended can show anything */
	DKIM_OCTETS, /* n, or the whole of a shorter body */
	DKIM_PERCENT, /* n */
	DKIM_ALL_BUT /* n octets at most may be uncovered */
};

struct dkim_cover {
	enum dkim_part part;
	uint32_t n;
};

struct dkim_policy {
	int64_t now; /* seconds since 1970 */
	int64_t drift; /* clock tolerance, seconds; DKIM_DRIFT */
	unsigned min_key_bits; /* of RSA; never below 1024 */
	struct dkim_cover cover;
	struct keycache *cache; /* or NULL */
	struct buf *scratch; /* for header hashing, of the message; or NULL */
};

enum { DKIM_DRIFT = 300 };

struct dkim_check {
	struct dkim_signature sig;
	bool readable; /* sig could be read whole */
	enum dkim_result result; /* DKIM_PENDING until settled */
	const char *why; /* static text; NULL for pass */
	unsigned key_bits; /* 0: no key seen */
	enum key_type key_type;
	bool testing; /* t=y in the key record */
	bool secure, bogus; /* of the key's answer */
	bool key_missing; /* the record is not there, or revoked */
	uint64_t unsigned_octets; /* of the canonical body, past l= */
	str key_name; /* SELECTOR._domainkey.DOMAIN */

	/* inside */
	struct arena *arena;
	struct dkim_policy policy;
	unsigned body_id;
	bool bodyless; /* an ARC-Seal: no bh= and l= */
	str header_digest;
};

/* Reads the field and judges what needs no more than it: syntax, times.
 * The check may be settled after this. */
void dkim_check_init(struct dkim_check *c, struct arena *arena,
		     const struct field *field,
		     const struct dkim_policy *policy);

/* The same for a signature of another kind, already read: sig->field, b= and
 * what names the key are set. */
void dkim_check_adopt(struct dkim_check *c, struct arena *arena,
		      const struct dkim_signature *sig,
		      const struct dkim_policy *policy);

/* At the end of the headers: the header digest is taken, the body hash wanted
 * and the key asked for.  Nothing when settled. */
void dkim_check_headers(struct dkim_check *c, const struct header *header,
			struct bodyhash *bodyhash);
/* Its two halves, for who may come to do without the first. */
void dkim_check_hash(struct dkim_check *c, const struct header *header);
void dkim_check_want(struct dkim_check *c, struct bodyhash *bodyhash);
void dkim_check_ask(struct dkim_check *c, struct asks *asks);

/* Goes as far as it can.  bodyhash: NULL until the body has ended. */
void dkim_check_step(struct dkim_check *c, struct asks *asks,
		     const struct bodyhash *bodyhash);

void dkim_check_settle(struct dkim_check *c, enum dkim_result result,
		       const char *why);

/* Settles as temperror what waits for an answer or a body. */
void dkim_check_give_up(struct dkim_check *c);

/* The name of the key record, in the arena; empty when it would be too long
 * to be a name. */
str dkim_key_name(struct arena *arena, str selector, str domain);

#endif
