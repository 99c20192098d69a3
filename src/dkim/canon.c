#include "dkim/canon.h"

#include "base/ascii.h"
#include "dkim/scan.h"

/* Octets of white space at p: WSP, or CRLF before WSP or at the end. */
static size_t folding(str s, size_t i)
{
	if (ascii_is(s.p[i], ASCII_WSP))
		return 1;
	if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' &&
	    (i + 2 == s.n || ascii_is(s.p[i + 2], ASCII_WSP)))
		return 2;
	return 0;
}

/* RFC 6376 3.4.2 */
static void relaxed_header(struct buf *out, str raw)
{
	size_t colon = str_find(raw, ':');
	str name = str_head(raw, colon), value = str_skip(raw, colon + 1);
	char *to = buf_room(out, raw.n);
	size_t n = 0;
	bool space = false;

	if (!to)
		return;
	while (name.n && ascii_is(name.p[name.n - 1], ASCII_SPACE))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		to[n++] = ascii_lower(name.p[i]);
	if (colon < raw.n)
		to[n++] = ':';

	size_t start = n;

	for (size_t i = 0, skip; i < value.n; i += skip ? skip : 1) {
		skip = folding(value, i);
		if (skip) {
			space = true;
			continue;
		}
		if (space && n > start)
			to[n++] = ' ';
		space = false;
		to[n++] = value.p[i];
	}
	out->n += n;
}

void canon_header(struct buf *out, enum canon canon, str raw)
{
	if (canon == CANON_SIMPLE)
		buf_put(out, raw);
	else
		relaxed_header(out, raw);
}

void canon_body_init(struct canon_body *b, enum canon canon,
		     void (*put)(void *arg, const char *p, size_t n), void *arg)
{
	b->canon = canon;
	b->put = put;
	b->arg = arg;
	b->newlines = 0;
	b->wsp = b->cr = b->content = false;
	b->staged = 0;
}

static void flush(struct canon_body *b)
{
	if (b->staged)
		b->put(b->arg, b->stage, b->staged);
	b->staged = 0;
}

static void stage(struct canon_body *b, char c)
{
	if (b->staged == sizeof b->stage)
		flush(b);
	b->stage[b->staged++] = c;
}

/* Content follows: what was held back was not trailing. */
static void release(struct canon_body *b)
{
	for (; b->newlines; b->newlines--) {
		stage(b, '\r');
		stage(b, '\n');
	}
	if (b->wsp)
		stage(b, ' ');
	b->wsp = false;
	b->content = true;
}

static void put_content(struct canon_body *b, char c)
{
	if (b->newlines || b->wsp || !b->content)
		release(b);
	stage(b, c);
}

static void one(struct canon_body *b, char c)
{
	bool cr = b->cr;

	b->cr = false;
	if (c == '\n' && cr) {
		b->wsp = false;
		b->newlines++;
		return;
	}
	if (cr)
		put_content(b, '\r');
	if (c == '\r')
		b->cr = true;
	else if (b->canon == CANON_RELAXED && ascii_is(c, ASCII_WSP))
		b->wsp = true;
	else
		put_content(b, c);
}

static void put_run(struct canon_body *b, const char *p, size_t n)
{
	b->content = true;
	if (n > sizeof b->stage - b->staged)
		flush(b);
	if (n > sizeof b->stage / 4) {
		flush(b);
		b->put(b->arg, p, n);
		return;
	}
	memcpy(b->stage + b->staged, p, n);
	b->staged += n;
}

/* A long run of octets that stay as they are; 0 when a decision is due. */
static size_t take_run(struct canon_body *b, const char *p, size_t n)
{
	size_t run = b->canon == CANON_RELAXED ? canon_scan_relaxed(p, n)
					       : canon_scan_simple(p, n);

	if (run && p[run - 1] == '\r')
		run--;
	if (run)
		put_run(b, p, run);
	return run;
}

void canon_body_feed(struct canon_body *b, str chunk)
{
	const char *p = chunk.p;
	size_t n = chunk.n;

	while (n) {
		bool holding = b->newlines || b->wsp || b->cr;
		size_t run = holding ? 0 : take_run(b, p, n);

		if (!run) {
			one(b, *p);
			run = 1;
		}
		p += run;
		n -= run;
	}
}

void canon_body_end(struct canon_body *b)
{
	if (b->cr) {
		b->cr = false;
		put_content(b, '\r');
	}
	/* 3.4.3: an empty body is a CRLF; 3.4.4: it is nothing */
	if (b->content || b->canon == CANON_SIMPLE) {
		stage(b, '\r');
		stage(b, '\n');
	}
	flush(b);
}
