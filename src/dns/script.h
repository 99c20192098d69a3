/* script: a resolver whose answers are written down beforehand, for tests and
 * fuzzing.  Time is virtual: it goes on when script_next() is called, and
 * nothing waits.  Any answer, any delay, any order. */
#ifndef DNS_SCRIPT_H
#define DNS_SCRIPT_H

#include "dns/resolver.h"

struct script;

enum { SCRIPT_ANY = 0, SCRIPT_TIMEOUT_MS = 5000 };

/* All its memory is the arena's; the resolver needs no free. */
struct script *script_new(struct arena *arena);
struct resolver *script_resolver(struct script *s);

/* The answer to (name, type); type SCRIPT_ANY for every type that has none of
 * its own.  After delay_ms; 0: inside ask().  The name is matched without case;
 * a later one replaces an earlier one.  What is not listed is DNS_NXDOMAIN at
 * once (see script_default).  Copied. */
void script_answer(struct script *s, const char *name, unsigned type,
		   const struct dns_answer *answer, unsigned delay_ms);
void script_status(struct script *s, const char *name, unsigned type,
		   enum dns_status status, unsigned delay_ms);
/* One record more of that name and type (TXT: the joined text). */
void script_record(struct script *s, const char *name, enum dns_type type,
		   str data, uint16_t preference, unsigned delay_ms);
void script_txt(struct script *s, const char *name, const char *text,
		unsigned delay_ms);
/* Never answered: DNS_TEMPFAIL after SCRIPT_TIMEOUT_MS. */
void script_timeout(struct script *s, const char *name);
void script_bogus(struct script *s, const char *name, unsigned delay_ms);
void script_default(struct script *s, enum dns_status status,
		    unsigned delay_ms);

/* From now on answers come in an order that follows from the seed, none inside
 * ask(), whatever their delay. */
void script_shuffle(struct script *s, uint64_t seed);

/* From now on what is not listed is answered from these bytes (a fuzzer's):
 * one says which kind of answer, then text up to a line end. */
void script_feed(struct script *s, str bytes);

/* Gives the next answer that is due; false when no question is open. */
bool script_next(struct script *s);
uint64_t script_now(const struct script *s); /* virtual ms since its birth */
unsigned script_questions(const struct script *s);

#endif
