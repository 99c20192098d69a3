/* session: the filter's side of one milter connection as a state machine over
 * packets.  No input or output: bytes come in by milter_session_input, replies
 * are put into a buf that the owner writes out in one go.
 *
 * What it takes off the filter: negotiation with any version from 2 to 6, which
 * commands are answered, commands out of order, K and repeated A, data in E,
 * refused recipients, the leading space of header values, and a verdict given
 * where the protocol has no answer (it is kept until there is one). */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "base/buf.h"
#include "base/cur.h"
#include "base/ip.h"
#include "milter/macros.h"
#include "milter/proto.h"

enum milter_verdict {
	MILTER_GO_ON,
	MILTER_ACCEPT,
	MILTER_REJECT,
	MILTER_TEMPFAIL,
	MILTER_DISCARD,
	MILTER_SKIP_BODY /* body() only: no more of it, but the end */
};

struct milter_peer {
	str host; /* the name the MTA found, or "[192.0.2.1]" */
	struct ip ip; /* IP_NONE: a unix socket or unknown */
};

struct milter_session;

/* Strings live as long as the call.  A NULL function goes on.  After mail(),
 * message_end() comes exactly once, whatever happens. */
struct milter_handler {
	enum milter_verdict (*connect)(void *arg,
				       const struct milter_peer *peer);
	enum milter_verdict (*helo)(void *arg, str name);
	/* path without angle brackets, empty for the null sender */
	enum milter_verdict (*mail)(void *arg, str path);
	enum milter_verdict (*rcpt)(void *arg, str path);
	/* lead is the space that the MTA cut off value, or empty: together they
	 * are what stands behind the colon */
	enum milter_verdict (*header)(void *arg, str name, str lead, str value);
	enum milter_verdict (*end_of_headers)(void *arg);
	enum milter_verdict (*body)(void *arg, str chunk);
	/* Calls milter_finish() now or later, with the changes just before. */
	void (*end)(void *arg);
	void (*message_end)(void *arg);
};

struct milter_wish {
	uint32_t actions; /* wanted; what the MTA lacks is left out */
	uint32_t steps;
	/* macro names by stage, or NULL for the MTA's own list */
	const char *symbols[MILTER_STAGES];
};

enum milter_state {
	MILTER_FRESH, /* before negotiation */
	MILTER_IDLE, /* between messages */
	MILTER_ENVELOPE,
	MILTER_IN_HEADER,
	MILTER_IN_BODY,
	MILTER_JUDGING, /* end() was called, milter_finish() not yet */
	MILTER_DECIDED, /* early: what still comes of this message is skipped */
	MILTER_CLOSED
};

struct milter_session {
	const struct milter_handler *handler;
	void *arg;
	const struct milter_wish *wish;
	struct buf *out; /* set by the owner before every call */
	struct milter_macros macros;
	uint32_t version, actions, steps; /* negotiated */
	enum milter_state state;
	bool in_message; /* message_end() is due */
	/* a verdict that waits for a command with an answer */
	enum milter_verdict kept;
	/* for the rest of the connection */
	enum milter_verdict connection;
	char code[4], enhanced[12], text[256]; /* of the kept verdict */
	size_t mark; /* out->n where the changes of this message begin */
	const char *problem; /* why the session was closed; NULL: in order */
};

/* arg, handler and wish are borrowed. */
void milter_session_init(struct milter_session *s,
			 const struct milter_handler *handler, void *arg,
			 const struct milter_wish *wish);
/* Ends the message and frees; the connection is gone. */
void milter_session_done(struct milter_session *s);

/* Handles all whole packets in *in and advances it; what stays is the start of
 * one.  False: close the connection after writing out (problem says why). */
bool milter_session_input(struct milter_session *s, struct cur *in);

/* For use in callbacks, with MILTER_REJECT or MILTER_TEMPFAIL: what the client
 * is told.  code "550", enhanced "5.7.1"; text is cut at 255 bytes. */
void milter_set_reply(struct milter_session *s, const char *code,
		      const char *enhanced, str text);

/* Changes: only between end() and milter_finish(), all in one go after
 * milter_changes().  value without leading space, folds as LF + space. */
void milter_changes(struct milter_session *s);
void milter_insert_header(struct milter_session *s, uint32_t index, str name,
			  str value);
void milter_add_header(struct milter_session *s, str name, str value);
/* index counts the fields of that name from 1 */
void milter_delete_header(struct milter_session *s, str name, uint32_t index);
void milter_quarantine(struct milter_session *s, str reason);
void milter_add_rcpt(struct milter_session *s, str path); /* adds < > */
void milter_delete_rcpt(struct milter_session *s, str path);

/* The answer to end().  If the changes did not fit, the message is tempfailed
 * and nothing of them is sent. */
void milter_finish(struct milter_session *s, enum milter_verdict v);
/* While judging: the MTA's patience starts again. */
void milter_progress(struct milter_session *s);

/* The value of a macro, absent if the MTA did not give it. */
str milter_session_macro(const struct milter_session *s, str name);

#endif
