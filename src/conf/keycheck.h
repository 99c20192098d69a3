/* keycheck: every key of a configuration against its record in DNS, one after
 * the other, for a background thread: a key file that was replaced, a record
 * that was forgotten or mangled is named before receivers notice. */
#ifndef CONF_KEYCHECK_H
#define CONF_KEYCHECK_H

#include "conf/keytest.h"
#include "conf/snapshot.h"

struct keycheck;

typedef void keycheck_tell(void *arg, const struct problem *p);

/* Holds s until keycheck_free.  tell gets what is wrong, in the thread that
 * calls keycheck_next.  NULL: out of memory. */
struct keycheck *keycheck_new(struct snapshot *s, keycheck_tell *tell,
			      void *arg);

/* Looks at one key: opens it if that was not done at load, asks, waits for the
 * answer (at most the client's timeout).  The caller sets the pace.  False when
 * all are done. */
bool keycheck_next(struct keycheck *k, struct dns_client *dns);

size_t keycheck_done(const struct keycheck *k); /* keys looked at */
size_t keycheck_wrong(const struct keycheck *k); /* of them with a complaint */
void keycheck_free(struct keycheck *k); /* NULL is fine */

#endif
