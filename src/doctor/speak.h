/* speak: one SMTP server spoken to as a client would, up to where mail would
 * begin.  What it showed; nothing is judged here. */
#ifndef DOCTOR_SPEAK_H
#define DOCTOR_SPEAK_H

#include "net/dialog.h"

struct speak_options {
	struct ip ip;
	uint16_t port;
	bool tls_first; /* port 465 (RFC 8314) */
	bool no_tls; /* STARTTLS is looked for, not begun */
	const char *name; /* whom it should be (SNI) */
	const char *helo; /* who we are */
	const char *ca_file; /* or NULL: the system's roots */
	unsigned timeout_ms; /* of all of it */
};

struct speak_seen {
	bool reached; /* something listens */
	int problem; /* errno when it was not reached */
	bool greeted; /* 220, and EHLO was taken */
	bool starttls; /* offered */
	bool auth_in_clear; /* AUTH offered without TLS */
	bool tls; /* the handshake went well */
	bool auth; /* AUTH offered behind TLS */
	struct dialog_tls peer; /* with tls */
	str trouble; /* why it went no further; empty: it did */
};

void speak(struct arena *arena, const struct speak_options *o,
	   struct speak_seen *out);

#endif
