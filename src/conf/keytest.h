/* keytest: one published key record against a private key, in the words of
 * opendkim-testkey. */
#ifndef CONF_KEYTEST_H
#define CONF_KEYTEST_H

#include "crypto/privkey.h"
#include "dns/client.h"

enum keytest_result {
	KEYTEST_OK,
	KEYTEST_NOT_FOUND, /* no such record */
	KEYTEST_TIMEOUT, /* no usable answer */
	KEYTEST_BOGUS, /* DNSSEC says it is forged */
	KEYTEST_INVALID, /* a record, but no usable key */
	KEYTEST_REVOKED,
	KEYTEST_MISMATCH /* another key */
};

struct keytest {
	enum keytest_result result;
	bool secure; /* DNSSEC */
	bool testing; /* t=y */
	unsigned bits; /* of the published key, 0: none */
	str name; /* of the record */
	const char *why; /* of KEYTEST_INVALID, a static sentence */
};

/* key: NULL only looks at the record. */
struct keytest keytest_run(struct arena *arena, struct dns_client *dns,
			   str domain, str selector, const struct privkey *key);

/* The same from an answer that is there; t->name is set. */
void keytest_judge(struct arena *arena, const struct dns_answer *a,
		   const struct privkey *key, struct keytest *t);

/* "key OK", "keys do not match", "'NAME' record not found" ... in the arena. */
str keytest_words(struct arena *arena, const struct keytest *t);

#endif
