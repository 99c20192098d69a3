/* outbox: which reports about others are owed, made and sent.  A report of a
 * domain and a day is the work of one program at a time, of however many that
 * share the store: who has the lease.  It is renewed before every mail; who lost
 * it stops.  What sendmail took is noted mail by mail, so that after kill -9 the
 * next one goes on behind it. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/store.h"

enum { OUTBOX_TOKEN = 16 }; /* octets of a holder, a token: hexadecimal */

struct store_unit {
	str domain; /* policy domain */
	int64_t day; /* of 1970 */
	bool failures; /* its reports about single messages */
	char holder[OUTBOX_TOKEN + 1]; /* who asks */
	/* Out: */
	char token[OUTBOX_TOKEN + 1]; /* that of the first who held it */
	uint64_t attempts; /* with this one */
};

/* The policy domains that are owed a report about a day and that nobody works
 * on, by name.  No other call while it runs. */
typedef bool store_owed_fn(void *arg, str domain);
bool store_owed(struct store *s, int64_t day, int64_t now, store_owed_fn *fn,
		void *arg, struct err *e);

/* Takes the lease until then.  *taken: we have it.  token: a new random one. */
bool store_claim(struct store *s, struct store_unit *u, const char *token,
		 int64_t now, int64_t lease, bool *taken, struct err *e);
bool store_renew(struct store *s, const struct store_unit *u, int64_t lease,
		 bool *ours, struct err *e);

enum store_done { STORE_LATER, STORE_SENT, STORE_GIVEN_UP };

/* The end of the work, or not before `lease` again. */
bool store_finish(struct store *s, const struct store_unit *u,
		  enum store_done done, int64_t lease, str why, struct err *e);

/* All there is now is done; more may come, so that nothing of it is kept. */
bool store_release(struct store *s, const struct store_unit *u, struct err *e);

struct store_mail {
	str report_id, address, message_id;
	uint64_t records, messages;
	int64_t now;
};

bool store_was_sent(struct store *s, const struct store_unit *u, str report_id,
		    str address, bool *was, struct err *e);
bool store_put_sent(struct store *s, const struct store_unit *u,
		    const struct store_mail *m, struct err *e);
/* The address that a mail of ours went to; empty: it is none of ours. */
bool store_sent_to(struct store *s, str message_id, struct arena *arena,
		   str *address, struct err *e);

struct store_suppressed {
	str address;
	int64_t since, until;
	str why;
};

/* domain: that of the address, in lower case.  *why: absent when it is not. */
bool store_suppress(struct store *s, str domain,
		    const struct store_suppressed *x, struct err *e);
bool store_unsuppress(struct store *s, str domain, str address, bool *was,
		      struct err *e);
bool store_is_suppressed(struct store *s, str domain, str address, int64_t now,
			 bool *is, struct err *e);
typedef bool store_suppressed_fn(void *arg, const struct store_suppressed *x);
bool store_suppressions(struct store *s, int64_t now, store_suppressed_fn *fn,
			void *arg, struct err *e);

/* Forgets what is older than that day. */
bool store_prune_outbox(struct store *s, int64_t before, struct err *e);

#endif
