/* squeeze: the white space of a relaxed body (RFC 6376 3.4.4 a) as a function of
 * each octet and the two behind it, so that many can be done at once: WSP goes
 * when WSP or CRLF follows, else it becomes SP; all else stays. */
#ifndef DKIM_SQUEEZE_H
#define DKIM_SQUEEZE_H

#include <stddef.h>

enum { SQUEEZE_AHEAD = 2 };

struct squeeze {
	const char *name;
	/* How many of the n octets at p, from the first, surely stay as they
	 * are; it may stop early. */
	size_t (*clean)(const char *p, size_t n);
	/* Writes what stays of the n octets at p and returns how many that are.
	 * At `to` there is room for n + 64. */
	size_t (*squeeze)(const char *p, size_t n, char *to);
};
/* Both read SQUEEZE_AHEAD octets more than n, which must be there. */

/* One octet at a time: what the others are compared with. */
extern const struct squeeze squeeze_plain;

/* The i-th that this machine can run, squeeze_plain first; NULL: no more. */
const struct squeeze *squeeze_nth(size_t i);
const struct squeeze *squeeze_best(void);

#endif
