/* signature: RFC 6376 3.5, one DKIM-Signature field read.  Also the reader of
 * ARC-Message-Signature, which has the same tags but i= (RFC 8617 4.1.2). */
#ifndef DKIM_SIGNATURE_H
#define DKIM_SIGNATURE_H

#include "crypto/hash.h"
#include "dkim/canon.h"
#include "dkim/result.h"
#include "dkim/tags.h"

#include <stdint.h>

enum dkim_algorithm {
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256,
	DKIM_RSA_SHA1 /* read, never accepted: RFC 8301 */
};

const char *dkim_algorithm_name(enum dkim_algorithm a); /* "rsa-sha256" */
bool dkim_algorithm_parse(str name, enum dkim_algorithm *out);
enum hash_algorithm dkim_algorithm_hash(enum dkim_algorithm a);

struct dkim_signature {
	const struct field *field;
	str room; /* of b=, inside field->raw: what is emptied for hashing */
	enum dkim_algorithm algorithm;
	str algorithm_text; /* a= as written, also when it is not known */
	enum canon header_canon, body_canon;
	str domain; /* d= as written */
	str domain_ascii; /* as A-labels */
	str selector, selector_ascii;
	str identity; /* i= decoded, or "@d" */
	str identity_domain; /* of it, as A-labels */
	bool has_identity;
	str b, bh; /* decoded */
	str b_text; /* b= without white space */
	const str *names; /* h=, in order */
	size_t n_names;
	bool empty_name; /* h= has one: DKIM refuses it, ARC does not */
	int64_t length; /* l=, -1 when absent */
	int64_t timestamp, expiry; /* t=, x=, seconds; -1 when absent */
	bool reports; /* r=y, RFC 6651 */
};

/* Reads the field.  False: it is not a signature that could be verified, and
 * *result (neutral or permerror) and *why say so; domain and selector are set
 * as far as they could be read.  Times are not judged here. */
bool dkim_signature_parse(struct arena *arena, const struct field *field,
			  struct dkim_signature *out, enum dkim_result *result,
			  const char **why);

/* For an ARC-Seal: d=, s=, b= and a=, which it shares with signatures.  NULL, or
 * what is wrong with them. */
const char *dkim_signature_read_key(struct arena *arena,
				    const struct tags *tags,
				    struct dkim_signature *s);

/* For an ARC-Message-Signature: the tags of a signature, already split, but for
 * v= and i=. */
bool dkim_signature_read_tags(struct arena *arena, const struct tags *tags,
			      struct dkim_signature *out,
			      enum dkim_result *result, const char **why);

/* b= or bh=: base64 with FWS anywhere; text gets it without white space. */
bool dkim_signature_base64(struct arena *arena, str value, str *bytes,
			   str *text);

/* 1 to 12 digits.  False when it is none. */
bool dkim_signature_time(str value, int64_t *out);

#endif
