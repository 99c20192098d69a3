/* imap_read: what an IMAP server says (RFC 9051 7), as far as fetching mail needs
 * it: responses taken off a stream, with one literal looked at, and what is sent
 * in quotes.  Pure. */
#ifndef REPORT_IMAP_READ_H
#define REPORT_IMAP_READ_H

#include "base/buf.h"

#include <stdint.h>

/* One response without its final CRLF. */
struct imap_response {
	str head; /* up to the first literal, or all of it */
	str literal; /* the first; absent: there is none */
};

enum imap_got { IMAP_MORE, IMAP_RESPONSE, IMAP_NONSENSE };

/* Looks at the octets that came and were not used yet.  *used: those of the
 * response. */
enum imap_got imap_take(str octets, struct imap_response *out, size_t *used);

/* "* SEARCH 3 5": the next number; false at the end. */
bool imap_search(str *rest, uint32_t *uid);
/* Is this "* WORD ..."?  *rest: what follows. */
bool imap_untagged(str line, str word, str *rest);

/* A quoted string.  False: it has octets that none may have. */
bool imap_quote(struct buf *out, str s);

struct imap_url {
	bool tls; /* imaps */
	str user; /* decoded; or empty */
	str host; /* without brackets */
	uint16_t port; /* 0: the usual one */
	str folder; /* decoded; INBOX when there is none */
	bool secret; /* a password is in it */
};

/* imap://user@host:port/folder, in the arena.  False: no such URL. */
bool imap_url_parse(struct arena *arena, str text, struct imap_url *out);

#endif
