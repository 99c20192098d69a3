#include "mail/feed.h"

#include "base/ascii.h"
#include "base/limits.h"

#include <assert.h>

enum { STAGE_BYTES = 16384 };

enum state {
	FIRST_LINE, /* may still be an mbox's "From " */
	HEADER,
	BODY,
	ENDED
};

struct feed {
	struct arena *arena;
	struct feed_sink sink;
	enum state state;

	/* The field so far, its finished lines with CRLF. */
	char *field;
	size_t n, cap;
	bool skipping; /* it is too large: nothing is kept */
	size_t line_n; /* octets of the current line */
	bool cr; /* the last octet was a CR */

	/* Body whose line ends had to be mended, in large pieces. */
	size_t staged;
	char stage[STAGE_BYTES];
};

struct feed *feed_new(struct arena *arena, const struct feed_sink *sink)
{
	struct feed *f = arena_new_of(arena, struct feed);

	f->arena = arena;
	f->sink = *sink;
	return f;
}

static void keep(struct feed *f, const char *p, size_t n)
{
	if (f->skipping || !n)
		return;
	if (n > LIMIT_HEADER_BYTES - f->n) {
		f->skipping = true;
		if (f->sink.too_large)
			f->sink.too_large(f->sink.arg);
		return;
	}
	if (n > f->cap - f->n) {
		size_t cap = f->cap ? f->cap : 1024;

		while (n > cap - f->n)
			cap *= 2;
		f->field = arena_grow(f->arena, f->field, f->cap, cap);
		f->cap = cap;
	}
	memcpy(f->field + f->n, p, n);
	f->n += n;
}

/* "From someone date", which is not "From : someone" */
static bool is_mbox_line(str raw)
{
	if (!str_starts(raw, STR("From ")))
		return false;
	raw = str_trim(str_skip(raw, 5));
	return raw.n && raw.p[0] != ':';
}

static void put_field(struct feed *f)
{
	str raw = { f->field, f->n };

	if (f->n >= 2 && !f->skipping) {
		raw.n -= 2; /* the last line's CRLF */
		if (f->state != FIRST_LINE || !is_mbox_line(raw))
			f->sink.field(f->sink.arg, raw);
	}
	if (f->n || f->skipping)
		f->state = HEADER;
	f->n = 0;
	f->skipping = false;
}

static void end_header(struct feed *f)
{
	f->state = BODY;
	f->n = 0;
	if (f->sink.end_of_header)
		f->sink.end_of_header(f->sink.arg);
}

static void end_line(struct feed *f)
{
	bool empty = f->line_n == (f->cr ? 1 : 0);

	if (f->cr && !f->skipping)
		f->n--;
	f->line_n = 0;
	f->cr = false;
	if (empty)
		end_header(f);
	else
		keep(f, "\r\n", 2);
}

/* A piece of one header line, up to its LF or to the end of the chunk. */
static void put_header(struct feed *f, str piece, bool lf)
{
	bool in_field = f->n || f->skipping;
	char first = '\n';

	if (piece.n)
		first = piece.p[0];
	if (f->line_n == 0 && !(in_field && ascii_is(first, ASCII_WSP)))
		put_field(f);
	keep(f, piece.p, piece.n);
	f->line_n += piece.n;
	if (piece.n)
		f->cr = piece.p[piece.n - 1] == '\r';
	if (lf)
		end_line(f);
}

static void flush(struct feed *f)
{
	if (f->staged)
		f->sink.body(f->sink.arg, (str){ f->stage, f->staged });
	f->staged = 0;
}

static void put_run(struct feed *f, const char *p, size_t n)
{
	if (n > STAGE_BYTES - f->staged)
		flush(f);
	if (n > STAGE_BYTES / 2) {
		flush(f);
		f->sink.body(f->sink.arg, (str){ p, n });
	} else if (n) {
		memcpy(f->stage + f->staged, p, n);
		f->staged += n;
	}
}

static void put_body(struct feed *f, str chunk)
{
	const char *start = chunk.p, *at = chunk.p, *end = chunk.p + chunk.n;
	const char *lf;

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		bool cr = lf > chunk.p ? lf[-1] == '\r' : f->cr;

		at = lf + 1;
		if (cr)
			continue;
		put_run(f, start, (size_t)(lf - start));
		put_run(f, "\r\n", 2);
		start = at;
	}
	put_run(f, start, (size_t)(end - start));
	f->cr = end[-1] == '\r';
}

void feed_put(struct feed *f, str chunk)
{
	assert(f->state != ENDED);
	while (chunk.n && f->state != BODY) {
		size_t n = str_find(chunk, '\n');
		bool lf = n < chunk.n;

		put_header(f, str_head(chunk, n), lf);
		chunk = str_skip(chunk, n + lf);
	}
	if (chunk.n)
		put_body(f, chunk);
}

void feed_end(struct feed *f)
{
	assert(f->state != ENDED);
	if (f->state != BODY && f->line_n)
		end_line(f);
	if (f->state != BODY) {
		put_field(f);
		end_header(f);
	}
	flush(f);
	f->state = ENDED;
}
