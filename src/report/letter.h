/* letter: the mail that carries an aggregate report, and the names that RFC 9990
 * 3.5 gives to it and to the file in it.  Pure. */
#ifndef REPORT_LETTER_H
#define REPORT_LETTER_H

#include "base/buf.h"

#include <stdint.h>

/* One report to one address.  The names are domains in ASCII; report_id is a
 * dot-atom with "@" and a domain; unique is letters and digits. */
struct letter {
	str submitter; /* the domain of who reports */
	str domain; /* whom it is about: the policy domain */
	int64_t begin, end;
	str report_id, unique;
	str from, to; /* addresses */
	str message_id; /* without its brackets */
	int64_t date;
	str octets; /* the XML, in gzip */
};

/* "receiver!domain!begin!end!unique.xml.gz", in the arena. */
str letter_file_name(struct arena *arena, const struct letter *l);

/* The message, lines ended by LF as sendmail(1) takes them. */
void letter_write(struct buf *out, const struct letter *l);

/* "Tue, 24 Nov 2026 00:10:00 +0000" */
void letter_date(struct buf *out, int64_t seconds);

/* Base64 in lines of 76 octets. */
void letter_base64(struct buf *out, str octets);

/* An address that may stand in a command line and in a header field as it is:
 * a dot-atom of letters, digits and what no program takes for more than that,
 * "@", a domain.  Others are not written to. */
bool letter_address_ok(str address);

#endif
