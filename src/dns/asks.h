/* asks: the DNS questions of one message and the answers so far.
 *
 * The checks are plain functions that run from the top whenever answers came
 * in.  They call ask(); a NULL means "not known yet": note it, go on with what
 * does not depend on it, and return PENDING.  The question has been sent; the
 * next run finds the answer here.  A timeout is an answer too (DNS_TEMPFAIL),
 * so every check ends.  Answers lie in the message's arena. */
#ifndef DNS_ASKS_H
#define DNS_ASKS_H

#include "base/arena.h"

#include <stdint.h>

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
	DNS_CAA = 257
};

enum dns_status {
	DNS_OK, /* one record or more */
	DNS_NODATA, /* the name exists, without records of this type */
	DNS_NXDOMAIN,
	DNS_TEMPFAIL /* timeout, SERVFAIL, refused, nonsense, bogus */
};

struct dns_rr {
	/* TXT: all strings joined.  A, AAAA: 4 or 16 bytes.  MX, PTR, NS,
	 * CNAME: the name as text without final dot.  Others: the rdata. */
	str data;
	uint16_t preference; /* MX */
};

struct dns_answer {
	enum dns_status status;
	bool secure; /* DNSSEC-validated */
	bool bogus; /* DNSSEC validation failed (status is DNS_TEMPFAIL) */
	uint32_t ttl; /* seconds, the least of all; 0 when unknown */
	size_t n;
	const struct dns_rr *rr;
};

/* A deep copy in another arena. */
struct dns_answer *dns_answer_copy(struct arena *arena,
				   const struct dns_answer *a);

struct asks;
struct resolver;

/* max: questions allowed (LIMIT_QUESTIONS); above it ask() answers
 * DNS_TEMPFAIL at once. */
struct asks *asks_new(struct arena *arena, struct resolver *r, unsigned max);

/* name: text without final dot, at most 253 bytes, any ASCII case; a name that
 * cannot be a DNS name is answered DNS_NXDOMAIN without a query.  NULL: asked,
 * not answered yet. */
const struct dns_answer *ask(struct asks *as, enum dns_type type, str name);

/* The owner's side: the answer to question id; later ones are ignored.  `a` and
 * all it points to must live as long as asks_arena(). */
void asks_answer(struct asks *as, unsigned id, const struct dns_answer *a);
/* The same with a copy, for answers that live elsewhere.  When memory runs out
 * it is a DNS_TEMPFAIL; nothing is jumped over. */
void asks_answer_copy(struct asks *as, unsigned id, const struct dns_answer *a);
struct arena *asks_arena(const struct asks *as);
unsigned asks_outstanding(const struct asks *as); /* questions without answer */
unsigned asks_count(const struct asks *as); /* questions sent */
/* Every question that is answered, in the order they were asked. */
void asks_each(const struct asks *as,
	       void (*fn)(void *arg, enum dns_type type, str name,
			  const struct dns_answer *answer),
	       void *arg);

/* Called after every answer that comes from outside ask(), never inside it. */
void asks_on_answer(struct asks *as, void (*fn)(void *), void *arg);

/* The resolver is told, no answer comes after this. */
void asks_cancel(struct asks *as);
/* The deadline: what is open, and what is asked from now on, is answered
 * DNS_TEMPFAIL, so that the next run of every check is its last. */
void asks_give_up(struct asks *as);

#endif
