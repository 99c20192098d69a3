/* rotation: where a change of a domain's DKIM keys stands, on disk.
 *
 *	key	new private keys are made
 *	publish	their records are put into DNS, and waited for
 *	switch	the tables name the new keys, the daemon uses them
 *	hold	mail signed with the old keys is still under way
 *	clean	the old keys leave the KeyTable
 *	revoke	their records get an empty p=, and that is waited for
 *	done
 *
 * A stage is written down before its work begins, and all work can be done
 * twice: whoever comes after a crash does the stage again.  The switch happens
 * only while every name server shows every new key. */
#ifndef ROTATE_ROTATION_H
#define ROTATE_ROTATION_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/pubkey.h"

#include <stdint.h>

enum rotate_stage {
	ROTATE_KEY,
	ROTATE_PUBLISH,
	ROTATE_SWITCH,
	ROTATE_HOLD,
	ROTATE_CLEAN,
	ROTATE_REVOKE,
	ROTATE_DONE
};

enum rotate_method {
	ROTATE_MANUAL, /* somebody pastes the records */
	ROTATE_UPDATE, /* RFC 2136 */
	ROTATE_HOOK /* a command of the user's */
};

struct rotate_side {
	str name; /* in the KeyTable */
	str selector;
	str path; /* of the private key */
};

struct rotate_key {
	struct rotate_side old, new;
	enum key_type type;
	unsigned bits;
	str sender; /* an address that is signed with it */
};

enum { ROTATE_KEYS_MAX = 8 };

struct rotation {
	str domain;
	enum rotate_stage stage;
	int64_t started, since; /* of the whole, of this stage */
	int64_t hold; /* seconds */
	int64_t ttl;
	enum rotate_method method;
	str server; /* of ROTATE_UPDATE; empty: by SOA */
	str tsig; /* a path, or empty */
	str hook; /* a command */
	str config; /* a path */
	str reload; /* a command, or empty */
	bool taken_back; /* by abort: old and new have changed places */
	struct rotate_key keys[ROTATE_KEYS_MAX];
	size_t n_keys;
};

extern const char *const rotate_stages[]; /* by enum rotate_stage */

struct rotate_store {
	const char *directory;
	int lock; /* -1: none is held */
};

/* Makes the directory (0700) when it is missing, and keeps others away from the
 * domain until rotate_close.  False: *e; somebody else is at it. */
bool rotate_open(struct rotate_store *s, struct arena *arena, str domain,
		 struct err *e);
void rotate_close(struct rotate_store *s);

/* *found false: there is none. */
bool rotate_load(const struct rotate_store *s, struct arena *arena, str domain,
		 struct rotation *out, bool *found, struct err *e);
/* Replaces the file at once or not at all; on the disk when it returns. */
bool rotate_save(const struct rotate_store *s, struct arena *arena,
		 const struct rotation *r, struct err *e);

/* For rotate_load and its fuzzer. */
bool rotate_parse(struct arena *arena, str text, struct rotation *out,
		  struct err *e);

/* Every domain that has a file; in the arena. */
bool rotate_domains(const char *directory, struct arena *arena, str **out,
		    size_t *n, struct err *e);

#endif
