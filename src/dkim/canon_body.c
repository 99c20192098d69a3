/* canon, the body's half: RFC 6376 3.4.3 and 3.4.4 as two layers.  Relaxed
 * bodies first go through squeeze, which mends white space and knows no lines;
 * both kinds then go through put_lines, which holds back CRLFs that may be
 * trailing empty lines.  Long runs reach the hash from where they lie; small
 * pieces are put together first, since every call to a hash has its price. */
#include "base/ascii.h"
#include "dkim/canon.h"
#include "dkim/squeeze.h"

enum {
	STAGE = 4096,
	SLACK = 64, /* squeeze writes past what it makes */
	STEP = 2048, /* octets squeezed at a time */
	LONG_RUN = 4096 /* octets that are not worth copying */
};

/* What is staged in one piece must fit. */
_Static_assert((int)STEP <= (int)STAGE && (int)LONG_RUN <= (int)STAGE,
	       "the stage is too small");

/* One call's work, on its stack: a message that waits for the rest of its body
 * holds no stage. */
struct work {
	struct canon_body b;
	size_t staged;
	char stage[STAGE + SLACK]; /* small pieces, put together */
};

void canon_body_init(struct canon_body *b, enum canon canon,
		     void (*put)(void *arg, const char *p, size_t n), void *arg)
{
	b->canon = canon;
	b->put = put;
	b->arg = arg;
	b->squeeze = squeeze_best();
	b->newlines = 0;
	b->wsp = b->wsp_cr = b->cr = b->content = false;
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

static void flush(struct work *w)
{
	put_lines(&w->b, w->stage, w->staged);
	w->staged = 0;
}

/* Where n more octets can be staged. */
static char *room(struct work *w, size_t n)
{
	if (n > STAGE - w->staged)
		flush(w);
	return w->stage + w->staged;
}

static void put_run(struct work *w, const char *p, size_t n)
{
	if (n >= LONG_RUN) {
		flush(w);
		put_lines(&w->b, p, n);
		return;
	}
	memcpy(room(w, n), p, n);
	w->staged += n;
}

/* Content follows what was held back. */
static void release(struct work *w)
{
	if (w->b.wsp)
		put_run(w, " \r", w->b.wsp_cr ? 2 : 1);
	w->b.wsp = w->b.wsp_cr = false;
}

static void one(struct work *w, char c)
{
	if (ascii_is(c, ASCII_WSP)) {
		if (w->b.wsp_cr)
			release(w);
		w->b.wsp = true;
	} else if (c == '\r' && w->b.wsp && !w->b.wsp_cr) {
		w->b.wsp_cr = true;
	} else if (c == '\n' && w->b.wsp_cr) {
		w->b.wsp = w->b.wsp_cr = false;
		put_run(w, "\r\n", 2);
	} else {
		release(w);
		put_run(w, &c, 1);
	}
}

/* White space held back from the last chunk, decided by what begins here. */
static void decide(struct work *w, const char *p)
{
	bool ends = p[0] == '\r' && p[1] == '\n';

	if (ends || ascii_is(p[0], ASCII_WSP))
		w->b.wsp = false;
	else
		release(w);
}

static void feed_relaxed(struct work *w, str chunk)
{
	const char *p = chunk.p, *end = chunk.p + chunk.n;

	while (p < end && w->b.wsp_cr)
		one(w, *p++);
	while (end - p > SQUEEZE_AHEAD) {
		size_t n = (size_t)(end - p) - SQUEEZE_AHEAD;

		if (w->b.wsp)
			decide(w, p);

		size_t run = w->b.squeeze->clean(p, n);

		if (run >= STEP) {
			put_run(w, p, run);
			p += run;
			continue;
		}
		n = n < STEP ? n : STEP;
		w->staged += w->b.squeeze->squeeze(p, n, room(w, n));
		p += n;
	}
	while (p < end)
		one(w, *p++);
}

void canon_body_feed(struct canon_body *b, str chunk)
{
	struct work w;

	if (b->canon != CANON_RELAXED) {
		put_lines(b, chunk.p, chunk.n);
		return;
	}
	w.b = *b;
	w.staged = 0;
	feed_relaxed(&w, chunk);
	flush(&w);
	*b = w.b;
}

void canon_body_end(struct canon_body *b)
{
	if (b->wsp_cr)
		put_lines(b, " \r", 2);
	if (b->cr)
		put_content(b, "\r", 1);
	/* 3.4.3: an empty body is a CRLF; 3.4.4: it is nothing */
	if (b->content || b->canon == CANON_SIMPLE)
		b->put(b->arg, "\r\n", 2);
}
