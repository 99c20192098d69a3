/* verify: the conductor.  One struct verify judges one message: envelope,
 * header fields and body go in as they come, verdicts come out.
 *
 *	v = verify_new(&options, resolver);
 *	verify_envelope(v, ip, helo, mail_from);
 *	verify_header(v, name, value) ...
 *	verify_end_of_headers(v);	all questions known leave here
 *	verify_body(v, chunk) ...
 *	verify_end(v);
 *	while (!verify_run(v))
 *		wait for answers;	or verify_give_up(v) at the deadline
 *	verdict = verify_verdict(v);
 *	verify_free(v);
 *
 * A struct verify has its own arena and opens its boundary in every call, so
 * that running out of memory ends as a verdict (out_of_memory) and never comes
 * back to the caller in another way.  One thread at a time. */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "base/ip.h"
#include "dkim/sign.h"
#include "dns/resolver.h"
#include "mail/authres.h"
#include "verify/verdict.h"

struct verify;

enum verify_method {
	VERIFY_DKIM = 1,
	VERIFY_SPF = 2, /* MAIL FROM, or HELO's name for the null path */
	VERIFY_HELO = 4, /* SPF of the HELO identity besides */
	VERIFY_DMARC = 8, /* of what SPF and DKIM say, as far as they are on */
	VERIFY_IPREV = 16,
	VERIFY_ARC = 32
};

enum { VERIFY_EXCUSES_MAX = 8 };

struct verify_options {
	unsigned methods; /* of enum verify_method; 0: DKIM */
	str receiver; /* our name (SPF macro r); copied */
	const struct suffix_list
		*suffixes; /* DMARC without tree walk; or NULL */
	unsigned spf_lookups, spf_voids; /* 0: limits.h */
	/* Domains that excuse a client which may send for them by their own SPF
	 * records (verdict.spf_excuse); at most VERIFY_EXCUSES_MAX, must live
	 * as long as the struct verify. */
	const str *spf_excuses;
	size_t n_spf_excuses;
	bool trace; /* keep SPF's steps */

	int64_t now; /* seconds since 1970: when the message was received */
	int64_t drift; /* clock tolerance; negative: DKIM_DRIFT */
	unsigned max_signatures; /* evaluated; 0: LIMIT_SIGNATURES */
	unsigned max_questions; /* of DNS; 0: LIMIT_QUESTIONS */
	unsigned min_key_bits; /* RSA; less than 1024 is 1024 */
	struct dkim_cover cover; /* of the body by l=; zero: all of it */
	size_t max_header_bytes, max_header_fields; /* 0: limits.h */
	size_t max_memory; /* of one message; 0: LIMIT_MESSAGE_MEMORY */
	struct keycache *keys; /* the caller's, of this thread; or NULL */
};

/* The options of a program without configuration, at that time. */
struct verify_options verify_defaults(int64_t now);

/* NULL when there is no memory.  options are copied. */
struct verify *verify_new(const struct verify_options *options,
			  struct resolver *resolver);
/* Open questions are cancelled: no answer comes after this.  NULL is fine. */
void verify_free(struct verify *v);

/* fn is called after each answer that comes from outside a call of ours: time
 * for verify_run.  It must not free v. */
void verify_on_answer(struct verify *v, void (*fn)(void *), void *arg);

/* fn may make a DKIM row worse before DMARC believes it (policies of the
 * caller).  Called once, when all rows are settled, in v's arena. */
void verify_on_dkim(struct verify *v,
		    void (*fn)(void *, struct arena *,
			       struct verdict_dkim *rows, size_t n),
		    void *arg);

/* What somebody trusted found out about this message before us, for DMARC in
 * place of our own SPF and DKIM.  Any time before verify_end_of_headers. */
void verify_claim(struct verify *v, enum dmarc_mechanism mechanism,
		  enum dmarc_status status, str domain);

/* Before end_of_headers, if at all; SPF's questions leave here.  ip.family may
 * be IP_NONE (unknown). */
void verify_envelope(struct verify *v, struct ip ip, str helo, str mail_from);

/* From now on these are not judged any more.  Before end_of_headers. */
void verify_without(struct verify *v, unsigned methods);

/* As header_add and header_add_raw (mail/message.h).  False: over a limit; no
 * signature can pass any more, and there will be a row that says so. */
bool verify_header(struct verify *v, str name, str value);
bool verify_header_raw(struct verify *v, str raw);
/* All the fields of h instead, which are not copied: h's arena must outlive v. */
void verify_header_of(struct verify *v, const struct header *h);
/* A field so long that it was never collected has come. */
void verify_header_too_large(struct verify *v);
void verify_end_of_headers(struct verify *v);

/* Body as in SMTP: CRLF line ends, no dot-stuffing, cut anywhere. */
void verify_body(struct verify *v, str chunk);
/* False once no more body can change a verdict. */
bool verify_wants_body(const struct verify *v);
void verify_end(struct verify *v);

/* Goes as far as the answers allow, at any time: questions that hang on answers
 * leave here.  True: all is settled; only after verify_end.  False and no
 * question open cannot be, after verify_end. */
bool verify_run(struct verify *v);
/* The deadline: what is open becomes temperror, questions are cancelled. */
void verify_give_up(struct verify *v);
unsigned verify_open_questions(const struct verify *v);
const struct asks *verify_asks(const struct verify *v); /* for who waits */

/* After verify_run has returned true, or verify_give_up. */
const struct verdict *verify_verdict(const struct verify *v);

/* The chain; NULL: not judged, or the headers have not ended. */
const struct arc_chain *verify_chain(const struct verify *v);
/* One more ARC set (RFC 8617 5.1), made in v's memory: begun between
 * end_of_headers and the first octet of the body, options copied (their names
 * and key must live as long as v); finished when all is settled.  header: the
 * message as it leaves.  fields: as arc_seal_finish gives them.  False: no
 * memory, or *e. */
bool verify_seal_begin(struct verify *v,
		       const struct dkim_sign_options *options);
bool verify_seal_finish(struct verify *v, const struct header *header,
			const struct authres *results, str fields[3],
			struct err *e);

/* The fields so far; for a seal, the hash of the body that may be wanted from
 * between verify_end_of_headers and the first verify_body. */
const struct header *verify_fields(const struct verify *v);
struct bodyhash *verify_bodyhash(struct verify *v);

#endif
