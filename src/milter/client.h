/* client: the MTA's side of a milter connection, blocking, on a descriptor.
 * For tests, the doctor and the quickstart: a message goes in, what the filter
 * wants done with it comes out. */
#ifndef MILTER_CLIENT_H
#define MILTER_CLIENT_H

#include "base/arena.h"
#include "base/err.h"
#include "milter/codec.h"
#include "milter/proto.h"

struct milter_client {
	int fd; /* the caller's */
	struct buf in, out; /* heap */
	size_t taken; /* of in */
	uint32_t version, actions, steps; /* negotiated */
};

struct milter_envelope {
	str client_name; /* empty: "[ADDRESS]" */
	str client_ip; /* empty: a local connection of unknown family */
	str helo;
	str mail_from; /* without < > */
	const str *rcpts;
	size_t rcpt_count;
	str auth_type, auth_user; /* empty: not authenticated */
	str host; /* macro {j} */
	str daemon_name; /* empty: not given */
	str queue_id; /* macro i */
};

enum milter_change_kind {
	MILTER_CHANGE_INSERT,
	MILTER_CHANGE_ADD,
	MILTER_CHANGE_REPLACE, /* an empty value: delete */
	MILTER_CHANGE_QUARANTINE,
	MILTER_CHANGE_ADD_RCPT,
	MILTER_CHANGE_DELETE_RCPT,
	MILTER_CHANGE_OTHER
};

struct milter_change {
	struct milter_change *next;
	enum milter_change_kind kind;
	uint32_t index;
	str name, value; /* value as it stands behind the colon */
};

struct milter_outcome {
	char verdict; /* a letter of enum milter_reply */
	str text; /* of a reply code */
	struct milter_change *first, **end; /* in the order sent */
};

/* fd stays the caller's. */
void milter_client_init(struct milter_client *c, int fd);
void milter_client_done(struct milter_client *c);

/* Puts a packet; it leaves with the next flush or reply. */
void milter_client_put(struct milter_client *c, char command, str data);
bool milter_client_flush(struct milter_client *c, struct err *e);
/* Sends what was put and waits for a packet; *out lives until the next call. */
bool milter_client_reply(struct milter_client *c, struct milter_frame *out,
			 struct err *e);

/* Offers version, actions and steps; what the filter wants is in c. */
bool milter_client_negotiate(struct milter_client *c, uint32_t version,
			     uint32_t actions, uint32_t steps, struct err *e);

/* Connection and HELO, after negotiation.  False also when the filter ended it
 * early; *verdict is its last letter then. */
bool milter_client_hello(struct milter_client *c,
			 const struct milter_envelope *env, char *verdict,
			 struct err *e);

/* One message, CRLF or LF, on a greeted connection.  All in out lies in the
 * arena. */
bool milter_client_message(struct milter_client *c, struct arena *arena,
			   const struct milter_envelope *env, str message,
			   struct milter_outcome *out, struct err *e);
void milter_client_quit(struct milter_client *c);

/* The message as the MTA would go on with it, CRLF, header changes done. */
str milter_apply(struct arena *arena, const struct milter_outcome *o,
		 str message);

#endif
