/* sign: RFC 6376 5, one DKIM-Signature field made while a message streams by:
 * dkim_sign_new before the body, the body through the shared bodyhash,
 * dkim_sign_finish at the end. */
#ifndef DKIM_SIGN_H
#define DKIM_SIGN_H

#include "base/err.h"
#include "crypto/privkey.h"
#include "dkim/bodyhash.h"
#include "dkim/signature.h"

#include <stdint.h>

/* A set of field names: names, or patterns that end in "*". */
struct dkim_names {
	const str *names;
	size_t n;
};

/* What OpenDKIM signs (the SHOULD list of RFC 6376 5.4.1) and never signs. */
extern const struct dkim_names dkim_names_opendkim;
extern const struct dkim_names dkim_names_never;
/* What inkan recommends: the same with the MIME fields, Message-ID, Sender and
 * the list fields that RFC 8058 wants covered. */
extern const struct dkim_names dkim_names_recommended;
/* For an ARC-Message-Signature: the same and the DKIM-Signature fields; and
 * what it never covers (RFC 8617 4.1.2). */
extern const struct dkim_names dkim_names_arc;
extern const struct dkim_names dkim_names_arc_never;
/* What is recommended to be listed once more than it occurs. */
extern const struct dkim_names dkim_names_oversign;

bool dkim_names_hold(struct dkim_names set, str name);

struct dkim_sign_options {
	str domain, selector; /* d=, s= */
	struct privkey *key; /* its type gives a= */
	enum canon header_canon, body_canon;
	/* h=: every field that sign holds and never does not, in the order of
	 * the message, then each name of oversign once.  From is always signed.
	 * With exact, h= is just the names of sign in their order. */
	struct dkim_names sign, never, oversign;
	bool exact;
	str identity; /* i=, or empty */
	int64_t timestamp; /* t=, seconds; -1: none */
	int64_t lifetime; /* x= is t= + this, seconds; 0: none */
	int64_t body_length; /* l=: at most this many octets; -1: none */
	bool diagnostics; /* z= */
	bool request_reports; /* r=y, RFC 6651 */
	/* Not 0: the field is the ARC-Message-Signature of that instance (RFC
	 * 8617 4.1.2), and identity has no place in it. */
	unsigned instance;
};

struct dkim_sign;

/* options are copied, what they point to must live as long as the arena. */
struct dkim_sign *dkim_sign_new(struct arena *arena,
				const struct dkim_sign_options *options,
				struct bodyhash *bodyhash);

/* After bodyhash_end: the digest to sign, and the field around it.  Split in
 * two so that a signer elsewhere may hold the key.  The digest is SHA-256. */
str dkim_sign_digest(struct dkim_sign *s, const struct header *header,
		     const struct bodyhash *bodyhash, struct err *e);
/* The whole field: "DKIM-Signature: ...", folded with CRLF HTAB, without a
 * final CRLF; in the arena. */
str dkim_sign_field(struct dkim_sign *s, str signature);

/* Both, with the options' own key.  False: *e (the key cannot sign, the
 * message has no From, its header is over a limit). */
bool dkim_sign_finish(struct dkim_sign *s, const struct header *header,
		      const struct bodyhash *bodyhash, str *field,
		      struct err *e);

#endif
