/* verdicts: what we found out ourselves about the mail that came here: a row for
 * each message that DMARC judged, kept for a number of days, and its sums by
 * day.  Reports about others are made of them (RFC 9990), and they stand beside
 * what others report. */
#ifndef STORE_VERDICTS_H
#define STORE_VERDICTS_H

#include "store/store.h"

/* A policy record as it was found.  What has no tag there is empty. */
struct store_policy {
	str p; /* none, quarantine, reject; empty: there is no policy */
	str sp, np;
	str adkim, aspf; /* r, s */
	str testing; /* y, n */
	str fo; /* 0, 1, d, s, with colons between them */
	str discovery; /* treewalk, psl */
	str rua; /* URIs, with commas between them */
};

struct store_verdict {
	uint64_t n; /* below 2^63; of one writer never the same again */
	int64_t time; /* seconds since 1970 */
	/* Policy domain: lower case, A-labels, not empty: where the policy is;
	 * without one, the author's organizational domain. */
	str domain;
	struct store_policy policy;
	str source_ip; /* canonical text; empty: not known */
	str header_from; /* the author domain */
	str envelope_from; /* a domain; empty: null reverse-path; or absent */
	str envelope_to; /* a domain; absent: not known, or several */
	str result; /* dmarc= */
	str disposition; /* none, pass, quarantine, reject */
	bool dkim, spf; /* aligned and passed */
	str reasons; /* JSON as in struct store_record, or absent */
	str auth; /* JSON as in struct store_record */
	str action; /* accept, quarantine, discard, reject */
};

/* Who judges: a process, by a random number of 63 bits, on a machine. */
struct store_writer {
	uint64_t id;
	str node;
};

/* A batch of its own, there whole or not at all.  After an error it may be put
 * again, also when it has arrived after all: what is there is not counted
 * twice.  *added: the rows that are new. */
bool store_put_verdicts(struct store *s, const struct store_writer *w,
			const struct store_verdict *v, size_t n,
			uint64_t *added, struct err *e);

/* Removes the days before that one (of 1970).  *removed: messages. */
bool store_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			  struct err *e);

/* The policy domains that are owed a report (they name rua) about a day, by
 * name.  The strings live during the call, here and below. */
typedef bool store_domain_fn(void *arg, str domain);
bool store_verdict_domains(struct store *s, int64_t day, store_domain_fn *fn,
			   void *arg, struct err *e);

/* Messages of a domain and a day that are alike in all that a report says. */
struct store_verdict_row {
	str policy_id; /* tells the policies of the day apart */
	struct store_policy policy;
	str source_ip, disposition;
	bool dkim, spf;
	str header_from, envelope_from,
		envelope_to; /* the last two or absent */
	str reasons, auth;
	uint64_t messages;
	int64_t first, last; /* time of the first and the last of them */
};

/* Ordered by policy, then as a report would be: the same each time. */
typedef bool store_verdict_row_fn(void *arg, const struct store_verdict_row *r);
bool store_verdict_rows(struct store *s, str domain, int64_t day,
			store_verdict_row_fn *fn, void *arg, struct err *e);

#endif
