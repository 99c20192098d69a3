/* smtpd: the server's side of SMTP (RFC 5321) as a state machine over octets,
 * for mail that our own MTA hands on: one recipient a transaction, no TLS.  No
 * input or output: replies are put into a buf that the owner writes out.
 *
 * The client's address and name come by XFORWARD or XCLIENT, as Postfix gives
 * them.  A line of the text ends with CRLF and with nothing else, so that no
 * other end of the text can be smuggled in. */
#ifndef INBOX_SMTPD_H
#define INBOX_SMTPD_H

#include "base/buf.h"
#include "base/cur.h"
#include "base/ip.h"

enum smtpd_verdict {
	SMTPD_OK,
	SMTPD_UNKNOWN, /* 550 */
	SMTPD_FULL, /* 452: later */
	SMTPD_TOO_LARGE, /* 552 */
	SMTPD_FAILED /* 451: later */
};

/* After data() == SMTPD_OK, chunk() comes any number of times and then end()
 * or abandon() exactly once. */
struct smtpd_handler {
	enum smtpd_verdict (*rcpt)(void *arg, str address);
	enum smtpd_verdict (*data)(void *arg);
	void (*chunk)(void *arg, str bytes);
	enum smtpd_verdict (*end)(void *arg);
	void (*abandon)(void *arg);
};

/* Who sent it, as far as it is said. */
struct smtpd_client {
	struct ip ip; /* IP_NONE: not said */
	char helo[256]; /* empty: not said */
};

enum { SMTPD_PATH = 1024 };

enum smtpd_state {
	SMTPD_START, /* before EHLO */
	SMTPD_READY,
	SMTPD_MAIL, /* a sender is given */
	SMTPD_RCPT, /* and a recipient */
	SMTPD_DATA,
	SMTPD_CLOSED
};

enum smtpd_text { TEXT_START, TEXT_LINE, TEXT_CR, TEXT_DOT, TEXT_DOT_CR };

struct smtpd {
	const struct smtpd_handler *handler;
	void *arg;
	const char *name; /* ours */
	struct buf *out;
	enum smtpd_state state;
	enum smtpd_text text;
	uint64_t octets; /* of this message */
	bool skipping; /* the rest of a line that was too long */
	unsigned errors;
	struct smtpd_client session, client; /* by XCLIENT; of this message */
	char mail_from[SMTPD_PATH]; /* with < > */
};

/* Puts the greeting.  All pointers are borrowed. */
void smtpd_init(struct smtpd *s, const struct smtpd_handler *handler, void *arg,
		const char *name, struct buf *out);
/* Takes what is whole from *in and advances it; what stays is the start of a
 * line.  False: close the connection after writing out. */
bool smtpd_input(struct smtpd *s, struct cur *in);
/* The connection is gone, or its time is over: then a last reply is put. */
void smtpd_end(struct smtpd *s, bool too_slow);

#endif
