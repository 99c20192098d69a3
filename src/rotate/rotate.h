/* rotate: a rotation taken as far as it can go now. */
#ifndef ROTATE_ROTATE_H
#define ROTATE_ROTATE_H

#include "dns/client.h"
#include "rotate/rotation.h"
#include "rotate/seen.h"

struct rotate_env {
	struct arena *arena;
	struct rotate_store store;
	/* A resolver without memory of earlier answers; NULL and *e. */
	struct dns_client *(*open_dns)(void *arg, struct err *e);
	void *arg;
	unsigned timeout_ms; /* of one name server */
	int64_t now;
	/* Told after every stage that is done. */
	void (*tell)(void *arg, const struct rotation *r);
};

enum rotate_wait {
	WAIT_NOTHING, /* done */
	WAIT_DNS, /* published, not seen everywhere yet */
	WAIT_PASTE, /* somebody has to publish the records */
	WAIT_TIME /* until hold is over */
};

struct rotate_record {
	str name, value; /* TXT */
	struct seen seen;
};

struct rotate_progress {
	enum rotate_wait wait;
	int64_t until; /* of WAIT_TIME */
	/* of WAIT_DNS and WAIT_PASTE: what is not everywhere yet */
	struct rotate_record record[ROTATE_KEYS_MAX];
	size_t n_records;
};

/* A new rotation of r->domain: finds the keys in use and chooses selectors
 * (selector: of the only key, or NULL).  Nothing is written but r. */
bool rotate_plan(struct rotate_env *env, struct rotation *r,
		 const char *selector, struct err *e);

/* False: *e says what is in the way; what was done is written down. */
bool rotate_advance(struct rotate_env *env, struct rotation *r,
		    struct rotate_progress *out, struct err *e);

/* Goes back to the old keys: they and the new ones change places, and the way
 * is gone again.  False: too late. */
bool rotate_take_back(struct rotate_env *env, struct rotation *r,
		      struct err *e);

#endif
