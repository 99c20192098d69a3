/* incidents: messages that failed and whose author's domain wants to be told of
 * each (RFC 9991), as far as failure reports need them: what they say and a few
 * header fields, both without the names of recipients.  Messages of a day that
 * are alike are one row that counts them; a domain and day have a number of rows
 * at most (LIMIT_INCIDENTS), so that a flood fills no disk.  Kept for days, not
 * for as long as verdicts are. */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

#include "store/outbox.h"
#include "store/verdicts.h"

enum { INCIDENT_DAYS = 7 };

/* All of it ASCII without controls but LF. */
struct store_incident {
	uint64_t n; /* that of the message's verdict */
	int64_t time;
	str domain; /* policy domain */
	str source_ip, envelope_from, alignment; /* what is alike */
	str feedback; /* fields of message/feedback-report, lines with LF */
	str header; /* of the message, lines with LF */
};

/* A batch of its own, in the order of n.  As store_put_verdicts: what is put
 * again counts once. */
bool store_put_incidents(struct store *s, const struct store_writer *w,
			 const struct store_incident *list, size_t n,
			 struct err *e);

/* Removes the days before that one. */
bool store_prune_incidents(struct store *s, int64_t before, struct err *e);

/* The domains and days with something to tell, that nobody works on: what was
 * never told, and what came behind it once the day is over.  all: whoever works
 * on it. */
typedef bool store_incident_unit_fn(void *arg, str domain, int64_t day);
bool store_incidents_owed(struct store *s, int64_t now, bool all,
			  store_incident_unit_fn *fn, void *arg, struct err *e);

struct store_incident_row {
	uint64_t writer;
	str source_ip, envelope_from, alignment, feedback, header;
	int64_t first, last; /* time of the first and the last message */
	uint64_t incidents, reported; /* messages; those that were told of */
};

/* Those to tell of now.  The strings live during the call. */
typedef bool store_incident_fn(void *arg, const struct store_incident_row *r);
bool store_incidents(struct store *s, const struct store_unit *u, int64_t now,
		     store_incident_fn *fn, void *arg, struct err *e);
/* All r->incidents of it are told. */
bool store_incident_told(struct store *s, const struct store_unit *u,
			 const struct store_incident_row *r, struct err *e);
/* Mails about failures of that domain and day that were sent. */
bool store_incident_mails(struct store *s, const struct store_unit *u,
			  uint64_t *n, struct err *e);

/* What their report_id in `sent` begins with. */
#define INCIDENT_ID "failure."

#endif
