/* canon, the body's half: RFC 6376 3.4.3 and 3.4.4 as two layers.  Relaxed
 * bodies first go through squeeze, which mends white space and knows no lines;
 * both kinds then go through put_lines, which holds back CRLFs that may be
 * trailing empty lines.  Long runs reach the hash from where they lie; small
 * pieces are put together first, since every call to a hash has its price. */
#include "base/ascii.h"
#include "dkim/canon.h"
#include "dkim/squeeze.h"

enum {
	STEP = 2048, /* octets squeezed at a time */
	LONG_RUN = 4096 /* octets that are not worth copying */
};

/* What is staged in one piece must fit. */
_Static_assert((int)STEP <= (int)CANON_STAGE &&
		       (int)LONG_RUN <= (int)CANON_STAGE,
	       "the stage is too small");

void canon_body_init(struct canon_body *b, enum canon canon,
		     void (*put)(void *arg, const char *p, size_t n), void *arg)
{
	b->canon = canon;
	b->put = put;
	b->arg = arg;
	b->squeeze = squeeze_best();
	b->newlines = 0;
	b->wsp = b->wsp_cr = b->cr = b->content = false;
	b->staged = 0;
}

/* Octets that are not CRLFs at the end: those held back belong before them. */
static void put_content(struct canon_body *b, const char *p, size_t n)
{
#define CRLFS_8 "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
#define CRLFS_64 CRLFS_8 CRLFS_8 CRLFS_8 CRLFS_8 CRLFS_8 CRLFS_8 CRLFS_8 CRLFS_8
	static const char crlfs[] = CRLFS_64 CRLFS_64 CRLFS_64 CRLFS_64;
#undef CRLFS_8
#undef CRLFS_64
	const uint64_t most = sizeof crlfs / 2;

	while (b->newlines) {
		uint64_t now = b->newlines < most ? b->newlines : most;

		b->put(b->arg, crlfs, 2 * (size_t)now);
		b->newlines -= now;
	}
	b->content = true;
	b->put(b->arg, p, n);
}

static void put_lines(struct canon_body *b, const char *p, size_t n)
{
	uint64_t newlines = 0;

	if (n && b->cr) {
		b->cr = false;
		if (*p == '\n') {
			b->newlines++;
			p++;
			n--;
		} else {
			put_content(b, "\r", 1);
		}
	}
	if (n && p[n - 1] == '\r') {
		b->cr = true;
		n--;
	}
	for (; n >= 2 && p[n - 2] == '\r' && p[n - 1] == '\n'; n -= 2)
		newlines++;
	if (n)
		put_content(b, p, n);
	b->newlines += newlines;
}

static void flush(struct canon_body *b)
{
	put_lines(b, b->stage, b->staged);
	b->staged = 0;
}

/* Where n more octets can be staged. */
static char *room(struct canon_body *b, size_t n)
{
	if (n > CANON_STAGE - b->staged)
		flush(b);
	return b->stage + b->staged;
}

static void put_run(struct canon_body *b, const char *p, size_t n)
{
	if (n >= LONG_RUN) {
		flush(b);
		put_lines(b, p, n);
		return;
	}
	memcpy(room(b, n), p, n);
	b->staged += n;
}

/* Content follows what was held back. */
static void release(struct canon_body *b)
{
	if (b->wsp)
		put_run(b, " \r", b->wsp_cr ? 2 : 1);
	b->wsp = b->wsp_cr = false;
}

static void one(struct canon_body *b, char c)
{
	if (ascii_is(c, ASCII_WSP)) {
		if (b->wsp_cr)
			release(b);
		b->wsp = true;
	} else if (c == '\r' && b->wsp && !b->wsp_cr) {
		b->wsp_cr = true;
	} else if (c == '\n' && b->wsp_cr) {
		b->wsp = b->wsp_cr = false;
		put_run(b, "\r\n", 2);
	} else {
		release(b);
		put_run(b, &c, 1);
	}
}

/* White space held back from the last chunk, decided by what begins here. */
static void decide(struct canon_body *b, const char *p)
{
	bool ends = p[0] == '\r' && p[1] == '\n';

	if (ends || ascii_is(p[0], ASCII_WSP))
		b->wsp = false;
	else
		release(b);
}

static void feed_relaxed(struct canon_body *b, str chunk)
{
	const char *p = chunk.p, *end = chunk.p + chunk.n;

	while (p < end && b->wsp_cr)
		one(b, *p++);
	while (end - p > SQUEEZE_AHEAD) {
		size_t n = (size_t)(end - p) - SQUEEZE_AHEAD;

		if (b->wsp)
			decide(b, p);

		size_t run = b->squeeze->clean(p, n);

		if (run >= STEP) {
			put_run(b, p, run);
			p += run;
			continue;
		}
		n = n < STEP ? n : STEP;
		b->staged += b->squeeze->squeeze(p, n, room(b, n));
		p += n;
	}
	while (p < end)
		one(b, *p++);
}

void canon_body_feed(struct canon_body *b, str chunk)
{
	if (b->canon == CANON_RELAXED)
		feed_relaxed(b, chunk);
	else if (chunk.n)
		put_run(b, chunk.p, chunk.n);
}

void canon_body_end(struct canon_body *b)
{
	if (b->wsp_cr)
		release(b);
	flush(b);
	if (b->cr)
		put_content(b, "\r", 1);
	/* 3.4.3: an empty body is a CRLF; 3.4.4: it is nothing */
	if (b->content || b->canon == CANON_SIMPLE)
		b->put(b->arg, "\r\n", 2);
}
