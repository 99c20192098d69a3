/* address: whom a message names.  Lists of addresses as From and Sender hold
 * them (RFC 5322 3.4 with the obsolete forms of 4.4, UTF-8 by RFC 6532) and the
 * paths of SMTP commands (RFC 5321 4.1.2).
 *
 * Domains come back as they are written, without comments and white space:
 * whether one is a host name, and its A-labels, is dns/name's to say. */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "mail/message.h"

struct mailbox {
	str local; /* without quotes and comments, quoted pairs undone */
	str domain; /* or a literal with its brackets */
	bool literal; /* [192.0.2.1] */
	bool obsolete; /* a route, or CFWS inside: programs read it differently */
};

struct mailboxes {
	struct mailbox *box;
	size_t n;
	bool group; /* some stand in a group, or a group is empty */
	const char *why; /* NULL, or what is wrong, a static sentence */
};

/* A whole list, strictly: one thing wrong and nothing is believed (false, why
 * is set, n is 0).  At most LIMIT_ADDRESSES; linear time. */
bool mailboxes_parse(struct arena *arena, str value, struct mailboxes *out);

/* The first address of a field as a signer needs it, who must not refuse his
 * own users' crooked fields: what the strict parser cannot read is searched for
 * the first <...>, or else the first word with an "@".  False: there is none. */
bool mailbox_first(struct arena *arena, str value, struct mailbox *out);

/* The one author domain that DMARC judges (RFC 9989 5.3.1), or why there is
 * none: no From or several, a field that is no address list, a group, an
 * address literal, an obsolete form, several domains. */
struct author {
	str domain; /* absent when there is none */
	str local; /* of the first address */
	const char *why; /* NULL, or a static sentence */
	bool literal; /* that is what is wrong: an address literal */
};
bool author_of(struct arena *arena, const struct header *h, struct author *out);

/* All author domains of a message that has not exactly one, so that none of
 * them can hide behind another: as far as any program might read them, the
 * fields taken one by one, at most AUTHORS_MAX different ones. */
enum { AUTHORS_MAX = 5 };
struct authors {
	struct author one; /* domain absent: there is not one */
	str domains[AUTHORS_MAX]; /* as written */
	size_t n;
};
void authors_of(struct arena *arena, const struct header *h,
		struct authors *out);

/* The path of MAIL FROM or RCPT TO: <a@b>, a@b, <>, with or without a source
 * route, which is dropped.  The domain is what follows the last "@" outside
 * quotes.  False: unbalanced quotes or brackets, control bytes, white space
 * outside quotes; what can be told of the domain is still there then. */
struct path {
	str local; /* as written, with its quotes; empty without an "@" */
	str domain; /* empty when there is none */
	bool null; /* <> or nothing */
};
bool path_parse(str text, struct path *out);

#endif
