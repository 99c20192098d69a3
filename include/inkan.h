/* inkan.h: mail authentication for programs: verify messages (DKIM, SPF, DMARC,
 * ARC), sign messages (DKIM).
 *
 * Everything begins with a context (struct inkan), which holds where DNS answers
 * come from and the public keys seen.  A context and what is made from it
 * belong to one thread at a time; different contexts share nothing.  Messages
 * and signings are freed before their context.
 *
 * There are three ways to drive a verification, all with the same engine:
 *
 * Blocking:
 *	m = inkan_verify_new(ctx, NULL, &e);
 *	inkan_feed(m, bytes, n) ...		the message, in any pieces
 *	inkan_end(m);
 *	inkan_wait(m, 10000);
 *	for (i = 0; (row = inkan_dkim_row(m, i)); i++) ...
 *	inkan_free_message(m);
 *
 * In an event loop of the caller's: instead of inkan_wait
 *	while (!inkan_settled(m)) {
 *		inkan_poll(ctx, &fd, &ms);
 *		... until fd is readable or ms milliseconds have passed ...
 *		inkan_step(ctx);
 *	}
 *
 * With DNS of the caller's (options.dns = INKAN_DNS_CALLER):
 *	while (!inkan_settled(m)) {
 *		while (inkan_question(m, &q)) ... send q ...
 *		... when the answer to q.id is there ...
 *		inkan_answer(m, q.id, &answer), or inkan_answer_packet()
 *	}
 *
 * Questions are sent as soon as the header has ended: a program that looks
 * after them while the body still comes mostly waits for nothing at the end.
 *
 * Functions that can fail take a struct inkan_error, which may be NULL, and
 * return false or NULL; everything else cannot fail, whatever the message
 * holds.  What is wrong with a message is never an error but a result.  Running
 * out of memory is an error of code INKAN_INTERNAL or the result temperror, and
 * never ends the process. */
#ifndef INKAN_H
#define INKAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INKAN_API __attribute__((visibility("default")))

/* The numbers of sysexits(3), so that a tool can exit with them. */
enum inkan_code {
	INKAN_OK = 0,
	INKAN_USAGE = 64, /* a call that makes no sense */
	INKAN_DATA = 65, /* what was given cannot be read */
	INKAN_NO_INPUT = 66, /* no such file */
	INKAN_UNAVAILABLE = 69, /* no name server */
	INKAN_INTERNAL = 70, /* out of memory */
	INKAN_SYSTEM = 71, /* the system refused */
	INKAN_PERMISSION = 77,
	INKAN_CONFIG = 78 /* a file or an option says nonsense */
};

struct inkan_error {
	enum inkan_code code;
	char text[512]; /* a sentence for a person, in English, UTF-8 */
};

/* "0.1.0": of the library that runs, not of this header. */
INKAN_API const char *inkan_version(void);

/* Context ---------------------------------------------------------------- */

struct inkan;

enum inkan_dns {
	INKAN_DNS_SYSTEM, /* name servers, or zone files when there are any */
	INKAN_DNS_CALLER /* inkan_question() and inkan_answer() */
};

/* Begin with INKAN_OPTIONS_INIT; strings are copied or used during the call
 * only.  Fields may be added at the end; size tells the library which are
 * there. */
struct inkan_options {
	size_t size;
	enum inkan_dns dns;
	/* "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53".  None: those of
	 * /etc/resolv.conf. */
	const char *const *nameservers;
	size_t n_nameservers;
	/* RFC 1035 master files.  With any, only they answer and nothing leaves
	 * the machine. */
	const char *const *zones;
	size_t n_zones;
	/* File with DS or DNSKEY records: answers are validated (RFC 4035).
	 * NULL: not, and no key is ever `secure`. */
	const char *trust_anchor;
	/* Of one question with its retries, milliseconds; 0: 5000. */
	unsigned timeout_ms;
};

#define INKAN_OPTIONS_INIT                                                     \
	{                                                                      \
		sizeof(struct inkan_options), INKAN_DNS_SYSTEM, NULL, 0, NULL, \
			0, NULL, 0                                             \
	}

/* options: NULL for INKAN_OPTIONS_INIT.  NULL and *e: a name server that is no
 * address, no name server at all, a file that cannot be read. */
INKAN_API struct inkan *inkan_new(const struct inkan_options *options,
				  struct inkan_error *e);
INKAN_API void inkan_free(struct inkan *ctx); /* NULL is fine */

/* What to wait for before inkan_step: *fd readable, or *timeout_ms passed (-1:
 * no time limit).  *fd stays the same and stays the library's; it is -1 when
 * nothing ever needs waiting for (zone files, DNS of the caller's).  Ask again
 * before every wait.  False: no descriptor is left (INKAN_SYSTEM). */
INKAN_API bool inkan_poll(struct inkan *ctx, int *fd, int *timeout_ms,
			  struct inkan_error *e);
/* Takes the DNS answers that are there, for all messages; never waits. */
INKAN_API void inkan_step(struct inkan *ctx);

/* Verifying -------------------------------------------------------------- */

struct inkan_message;

enum inkan_method { /* bits */
		    INKAN_METHOD_DKIM = 1,
		    INKAN_METHOD_SPF = 2, /* needs inkan_envelope() */
		    INKAN_METHOD_DMARC =
			    4, /* of what DKIM and SPF say, as far as asked for */
		    INKAN_METHOD_ARC = 8,
		    INKAN_METHOD_IPREV =
			    16 /* RFC 8601 3; needs inkan_envelope() */
};

struct inkan_verify_options {
	size_t size;
	/* When the message was received: seconds since 1970; -1: now. */
	int64_t now;
	/* Tolerance for clocks that differ, seconds; -1: 300. */
	int64_t clock_drift;
	/* Signatures that are evaluated, from the top; 0: 10. */
	unsigned max_signatures;
	/* RSA keys below never pass; 0, and anything less, is 1024 (RFC 8301
	 * 3.2). */
	unsigned min_key_bits;
	/* What is judged: bits of enum inkan_method; 0: DKIM. */
	unsigned methods;
	/* Name of this host, for SPF's macro r; NULL: not said. */
	const char *receiver;
};

#define INKAN_VERIFY_OPTIONS_INIT                                          \
	{                                                                  \
		sizeof(struct inkan_verify_options), -1, -1, 0, 0, 0, NULL \
	}

/* A message to be verified (RFC 6376 6).  options: NULL for the INIT values.
 * NULL and *e: out of memory, or a size that is none. */
INKAN_API struct inkan_message *inkan_verify_new(
	struct inkan *ctx, const struct inkan_verify_options *options,
	struct inkan_error *e);
/* Its rows and texts go with it; open questions are given up.  NULL is fine. */
INKAN_API void inkan_free_message(struct inkan_message *m);

/* Where the message came from, before its first octet: the client's address as
 * text, its HELO name, the reverse-path with or without <> (empty: a bounce).
 * SPF's questions leave here.  What a stranger wrote as names is judged, never an
 * error.  False and *e: ip is no address, or the header has ended. */
INKAN_API bool inkan_envelope(struct inkan_message *m, const char *ip,
			      const char *helo, const char *mail_from,
			      struct inkan_error *e);

/* A message in one stream, header and body, cut anywhere: lines end with LF or
 * CRLF.  Not together with the three functions after it. */
INKAN_API void inkan_feed(struct inkan_message *m, const void *bytes, size_t n);

/* Or in parts, as a mail server has them.  value: what stands behind the colon,
 * with its leading space, folds as LF or CRLF.  body: CRLF line ends, without
 * dot-stuffing. */
INKAN_API void inkan_header(struct inkan_message *m, const char *name,
			    const void *value, size_t n);
INKAN_API void inkan_end_of_headers(struct inkan_message *m);
INKAN_API void inkan_body(struct inkan_message *m, const void *bytes, size_t n);

/* No more comes. */
INKAN_API void inkan_end(struct inkan_message *m);

/* Goes as far as the answers allow.  True: all results are there; only after
 * inkan_end. */
INKAN_API bool inkan_settled(struct inkan_message *m);
/* After inkan_end: waits until all results are there.  After timeout_ms (0: no
 * limit but that of each question) what is open becomes temperror.  With DNS of
 * the caller's it does not wait: what is open becomes temperror at once. */
INKAN_API void inkan_wait(struct inkan_message *m, unsigned timeout_ms);
/* What is open becomes temperror now. */
INKAN_API void inkan_give_up(struct inkan_message *m);

/* RFC 8601 2.7.1 */
enum inkan_result {
	INKAN_NONE = 1, /* not signed */
	INKAN_PASS,
	INKAN_FAIL,
	INKAN_POLICY, /* valid, but not acceptable: the reason says why */
	INKAN_NEUTRAL, /* the signature could not be read */
	INKAN_TEMPERROR, /* try again later: DNS, memory */
	INKAN_PERMERROR, /* never: no key, a key that cannot be used */
	INKAN_SOFTFAIL /* of SPF: the client is not expected to send */
};

/* "pass", ...: the word of RFC 8601; "" for a number that is none. */
INKAN_API const char *inkan_result_word(enum inkan_result result);

/* One signature.  Texts are never NULL unless said so, end with NUL, hold no
 * control characters and live as long as the message.  Names are ASCII
 * (A-labels); what a stranger wrote otherwise is empty.  Fields may be added at
 * the end. */
struct inkan_dkim {
	enum inkan_result result;
	const char *reason; /* a sentence, English; NULL for pass */
	const char *domain, *selector; /* d=, s= */
	const char *identity; /* i=, or "@" and d= */
	const char *algorithm; /* a= */
	const char *b; /* the signature itself: base64 without white space */
	unsigned key_bits; /* RSA modulus, 256 for Ed25519; 0: no key seen */
	bool testing; /* t=y in the key record */
	bool secure; /* the key's answer was validated by DNSSEC */
	bool bogus; /* its validation failed (result is temperror) */
	/* Octets of the canonical body behind what l= covers: anybody may have
	 * added them.  0 without l=. */
	uint64_t unsigned_octets;
};

/* All results here: after inkan_settled() was true, inkan_wait() or
 * inkan_give_up(); before, INKAN_NONE and no rows. */

/* All signatures in one word: pass when one passes. */
INKAN_API enum inkan_result inkan_dkim_result(const struct inkan_message *m);
/* The i-th signature from the top, from 0; NULL past the last. */
INKAN_API const struct inkan_dkim *inkan_dkim_row(const struct inkan_message *m,
						  size_t i);

/* RFC 7208.  Texts as in struct inkan_dkim, unless they say that they may be
 * NULL. */
struct inkan_spf {
	enum inkan_result result;
	const char *domain; /* that was checked; empty: none usable */
	bool helo; /* its HELO name, for the null reverse-path */
	const char *mechanism; /* that decided, as "-all"; or NULL */
	const char *explanation; /* of a fail, the owner's words; or NULL */
	const char *reason; /* of temperror and permerror; or NULL */
	unsigned lookups, void_lookups;
};

enum inkan_policy {
	INKAN_POLICY_ABSENT, /* no record applies */
	INKAN_POLICY_NONE,
	INKAN_POLICY_QUARANTINE,
	INKAN_POLICY_REJECT
};

/* RFC 9989. */
struct inkan_dmarc {
	enum inkan_result result;
	const char *reason; /* or NULL */
	const char *domain; /* the author domain; empty: none usable */
	const char *organizational_domain; /* empty: not known */
	enum inkan_policy policy; /* that applies, after sp, np and t */
	/* What the owner wants done with this message: none unless it failed.
	 * Of several author domains the strictest that failed. */
	enum inkan_policy disposition;
	bool dkim_aligned, spf_aligned;
	const char *record; /* or NULL */
};

/* RFC 8617. */
struct inkan_arc {
	enum inkan_result result; /* none, pass or fail */
	const char *reason; /* or NULL */
	unsigned instances; /* sets found */
	bool temporary; /* a fail for want of an answer */
};

/* NULL: not judged, or not settled yet, or no memory. */
INKAN_API const struct inkan_spf *inkan_spf(const struct inkan_message *m);
INKAN_API const struct inkan_dmarc *inkan_dmarc(const struct inkan_message *m);
INKAN_API const struct inkan_arc *inkan_arc(const struct inkan_message *m);

/* The field "Authentication-Results: authserv_id; dkim=..." (RFC 8601), folded
 * with CRLF, without a final CRLF; lives as long as the message.  authserv_id:
 * the name of the server that judges.  Remove fields of that name that came
 * with the message (RFC 8601 5).  NULL and *e: not settled, no memory, or an
 * authserv_id that is no name. */
INKAN_API const char *inkan_authres(struct inkan_message *m,
				    const char *authserv_id,
				    struct inkan_error *e);

/* DNS of the caller's ---------------------------------------------------- */

struct inkan_dns_question {
	unsigned id; /* of this message only */
	unsigned type; /* 16 for TXT, RFC 1035 3.2.2 */
	const char *name; /* without final dot; lives as long as the message */
};

enum inkan_dns_status {
	INKAN_DNS_OK, /* one record or more */
	INKAN_DNS_NODATA, /* the name exists, without such records */
	INKAN_DNS_NXDOMAIN,
	INKAN_DNS_TEMPFAIL /* timeout, SERVFAIL, refused, bogus */
};

/* data: TXT: its strings joined.  A, AAAA: 4 or 16 octets.  MX, PTR, CNAME: the
 * name as text without final dot.  Copied. */
struct inkan_dns_record {
	const void *data;
	size_t n; /* octets, at most 65535 */
	unsigned preference; /* of MX, 0 to 65535 */
};

struct inkan_dns_answer {
	size_t size;
	enum inkan_dns_status status;
	bool secure, bogus; /* DNSSEC; bogus makes it a TEMPFAIL */
	const struct inkan_dns_record
		*records; /* CNAMEs are followed already */
	size_t n_records; /* what is above 64 is left out */
};

#define INKAN_ANSWER_INIT                                                   \
	{                                                                   \
		sizeof(struct inkan_dns_answer), INKAN_DNS_TEMPFAIL, false, \
			false, NULL, 0                                      \
	}

/* The next question that was not handed out yet; false when there is none. */
INKAN_API bool inkan_question(struct inkan_message *m,
			      struct inkan_dns_question *q);
/* The answer to question id.  False: no such question is open (answered, given
 * up, never asked), or the answer makes no sense: an address of the wrong
 * length, OK without records. */
INKAN_API bool inkan_answer(struct inkan_message *m, unsigned id,
			    const struct inkan_dns_answer *answer);
/* The same from a reply packet as it came from a server (RFC 1035 4), 12 to
 * 65535 octets; one that cannot be read is a TEMPFAIL. */
INKAN_API bool inkan_answer_packet(struct inkan_message *m, unsigned id,
				   const void *packet, size_t n);

/* Signing ---------------------------------------------------------------- */

struct inkan_key; /* a private key; any thread, many at a time */

/* A file of PEM (PKCS#1, PKCS#8, not encrypted), base64 or DER: RSA of 1024
 * bits at least, or Ed25519 (RFC 8463).  Its permissions are the caller's
 * business. */
INKAN_API struct inkan_key *inkan_key_read(const char *path,
					   struct inkan_error *e);
INKAN_API struct inkan_key *inkan_key_parse(const void *text, size_t n,
					    struct inkan_error *e);
INKAN_API void inkan_key_free(struct inkan_key *key); /* NULL is fine */
/* The DNS record "v=DKIM1; ...; p=..." for SELECTOR._domainkey.DOMAIN; lives as
 * long as the key. */
INKAN_API const char *inkan_key_record(const struct inkan_key *key);

enum inkan_canonicalization { INKAN_SIMPLE, INKAN_RELAXED }; /* RFC 6376 3.4 */

/* One signature (RFC 6376 3.5).  Begin with INKAN_SIGN_OPTIONS_INIT and set
 * domain, selector and key.  All is copied or shared during the call. */
struct inkan_sign_options {
	size_t size;
	const char *domain, *selector; /* d=, s=; UTF-8 becomes A-labels */
	struct inkan_key *key;
	enum inkan_canonicalization header, body; /* c= */
	/* Names of fields to sign; "List-*" stands for all that begin so.
	 * NULL: what inkan recommends.  From is always signed. */
	const char *const *fields;
	size_t n_fields;
	/* Listed once more than they occur, so that none can be added.  NULL:
	 * what inkan recommends; none: any pointer and n_oversign 0. */
	const char *const *oversign;
	size_t n_oversign;
	const char *identity; /* i=, or NULL */
	int64_t timestamp; /* t=, seconds since 1970; -1: now; -2: none */
	int64_t lifetime; /* x= is t= and this many seconds; 0: no x= */
};

#define INKAN_SIGN_OPTIONS_INIT                                               \
	{                                                                     \
		sizeof(struct inkan_sign_options), NULL, NULL, NULL,          \
			INKAN_RELAXED, INKAN_RELAXED, NULL, 0, NULL, 0, NULL, \
			-1, 0                                                 \
	}

struct inkan_signing;

/* Begins n signatures (1 to 16) over one message; needs no context.  NULL and
 * *e: a name that is none, a key that is missing, no memory. */
INKAN_API struct inkan_signing *inkan_sign_new(
	const struct inkan_sign_options *options, size_t n,
	struct inkan_error *e);
INKAN_API void inkan_sign_free(struct inkan_signing *s); /* NULL is fine */

/* The message, as inkan_feed() or in parts takes it. */
INKAN_API void inkan_sign_feed(struct inkan_signing *s, const void *bytes,
			       size_t n);
INKAN_API void inkan_sign_header(struct inkan_signing *s, const char *name,
				 const void *value, size_t n);
INKAN_API void inkan_sign_body(struct inkan_signing *s, const void *bytes,
			       size_t n);

/* The message has ended: the fields to put on top of it, the first signature
 * first, each with its CRLF; lives as long as s.  NULL and *e: no From field, a
 * header over 1 MB or 2000 fields, a key that cannot sign, no memory. */
INKAN_API const char *inkan_sign_finish(struct inkan_signing *s,
					struct inkan_error *e);

#ifdef __cplusplus
}
#endif

#endif
