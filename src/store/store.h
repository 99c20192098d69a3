/* store: what is known of who sends as us: the reports of others, and later
 * inkand's own verdicts.  One interface; SQLite and PostgreSQL behind it.
 *
 * A writer opens a batch, puts reports into it one after the other, their rows
 * as they come (little is kept in memory), and commits.  A batch is there whole or not
 * at all, whatever happens to the program or the machine.  A report that the
 * store has already is dropped, by the digest of what it says: importing twice
 * counts once.  Two reports under one id that say different things are both
 * kept.
 *
 * The policy domain is the first column of every primary key, so that a large
 * installation can distribute the tables by it. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

struct store;

enum store_kind { STORE_AGGREGATE, STORE_TLS, STORE_FAILURE };

/* How a record's mail came to be sent: what tells sources apart. */
enum store_hint {
	STORE_HINT_FORWARDED = 1, /* a receiver says: forwarder, mailing list */
	STORE_HINT_BROKEN = 2, /* a signature of ours that did not verify */
	STORE_HINT_SPF_OURS = 4 /* the envelope names us, SPF did not pass */
};

struct store_head {
	enum store_kind kind;
	str domain; /* policy domain: lower case, A-labels, not empty */
	str org, email, contact, report_id;
	int64_t begin, end; /* seconds since 1970; begin <= end */
	str p; /* none, quarantine, reject; absent when it is no policy's */
	str policy; /* all that was published, JSON */
};

struct store_record {
	str source_ip; /* canonical text */
	uint64_t messages;
	str disposition; /* none, pass, quarantine, reject */
	bool dkim, spf; /* aligned and passed */
	str header_from, envelope_from,
		envelope_to; /* the last two may be absent */
	str reasons; /* JSON, or absent */
	str auth; /* JSON */
	str raw; /* JSON: words that no standard has; or absent */
	unsigned hints; /* enum store_hint */
	str selector; /* of an aligned signature that passed, or empty */
	str via; /* another's domain that passed, or empty */
};

/* RFC 8460: the sessions of one policy that went well (result empty), or that
 * failed for one reason. */
struct store_tls {
	str policy_type, mx, result;
	str sending_ip, receiving_host, receiving_ip, reason;
	uint64_t sessions;
};

/* RFC 9991, RFC 6591: one message that failed. */
struct store_failure {
	str source_ip; /* canonical, or absent */
	str auth_failure, identity_alignment, delivery_result;
	str mail_from, rcpt_to, header_from, subject, message_id;
	str authres; /* Authentication-Results */
	uint64_t incidents;
};

struct store_tail {
	str ident; /* digest of all that the report says */
	uint64_t skipped; /* rows that could not be read */
	str warnings; /* words, with spaces between them */
	str file; /* where it came from */
	int64_t now;
	str original; /* as it came, packed (originals.h); or absent */
};

struct store_counts {
	uint64_t reports, records, duplicates;
	uint64_t reused; /* of the reports: under an id that was there */
};

/* "sqlite:PATH", a path from / on, or "postgresql://...".  With create it is
 * made, and brought to this program's schema; without, it must be there.  NULL:
 * *e. */
struct store *store_open(const char *url, bool create, struct err *e);
/* With create, and told how far it has come when a store of an older inkan is
 * brought to this one's schema, which takes seconds for a million rows.  Either may be NULL. */
struct store_telling {
	void (*fn)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};
struct store *store_open_telling(const char *url,
				 const struct store_telling *telling,
				 struct err *e);
/* As with create, for a program that only puts verdicts, may write no other
 * files and does not wait long for others. */
struct store *store_open_recorder(const char *url, struct err *e);
/* Can there be such a store?  Nothing is opened. */
bool store_url_check(const char *url, struct err *e);
const char *store_file(const char *url); /* NULL: no SQLite */
void store_close(struct store *s); /* what was not committed is gone */

bool store_begin(struct store *s, struct err *e);
bool store_commit(struct store *s, struct store_counts *added, struct err *e);
void store_rollback(struct store *s);

/* Before a report begins: is it there already?  Then it is counted as one that
 * is, and need not begin.  One that is found to be known later is dropped. */
bool store_skip_known(struct store *s, const struct store_head *h, str ident,
		      uint64_t rows, bool *known, struct err *e);
bool store_report_begin(struct store *s, const struct store_head *h,
			struct err *e);
bool store_put_records(struct store *s, const struct store_record *r, size_t n,
		       struct err *e);
bool store_put_tls(struct store *s, const struct store_tls *r, struct err *e);
bool store_put_failure(struct store *s, const struct store_failure *r,
		       struct err *e);
bool store_report_end(struct store *s, const struct store_tail *t,
		      struct err *e);
/* The report that is being put is given up; the batch goes on. */
bool store_report_cancel(struct store *s, struct err *e);

/* Rows of a question in SQL that both backends understand, with parameters $1,
 * $2 ... (text; integers are cast in the question).  A NULL is an absent str.
 * False: *e, or fn gave up. */
typedef bool store_row_fn(void *arg, const str *columns);
bool store_query(struct store *s, const char *sql, const str *params, size_t n,
		 store_row_fn *fn, void *arg, struct err *e);

/* Between these the questions see one state of the store, write nothing, and
 * one that takes longer than STORE_READ_MS ends with an error. */
enum { STORE_READ_MS = 20000 };
bool store_read_begin(struct store *s, struct err *e);
void store_read_end(struct store *s);

#endif
