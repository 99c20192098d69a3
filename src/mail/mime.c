#include "mail/mime.h"

#include "base/ascii.h"
#include "base/limits.h"

struct walk {
	struct arena *arena;
	mime_fn *fn;
	void *arg;
	unsigned parts;
};

/* The line at the start of s with its end. */
static str line_of(str s)
{
	size_t n = str_find(s, '\n');

	return str_head(s, n < s.n ? n + 1 : n);
}

static str without_end(str line)
{
	while (line.n &&
	       (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

/* One field with its folded lines. */
static str take_field(str *s)
{
	str field = line_of(*s);

	*s = str_skip(*s, field.n);
	while (s->n && ascii_is(s->p[0], ASCII_WSP) &&
	       without_end(line_of(*s)).n) {
		str more = line_of(*s);

		field.n += more.n;
		*s = str_skip(*s, more.n);
	}
	return field;
}

struct header mime_header(struct arena *arena, str message, str *body)
{
	struct header h = header_of(arena, 0, 0);

	if (str_starts(message, STR("From ")) ||
	    str_starts(message, STR(">From ")))
		message = str_skip(message, line_of(message).n);
	while (message.n && without_end(line_of(message)).n) {
		str field = without_end(take_field(&message));

		if (field.n)
			(void)header_add_raw(&h, field);
	}
	*body = str_skip(message, line_of(message).n);
	return h;
}

static str lower(struct arena *arena, str s)
{
	char *p = arena_alloc(arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (str){ p, s.n };
}

static str value_of(const struct header *h, str name)
{
	const struct field *f = header_find(h, name, 0);

	return f ? str_trim(f->value) : STR("");
}

static bool is_name_end(char c)
{
	return c == ';' || c == '=' || ascii_is(c, ASCII_SPACE);
}

/* A quoted string or a token; *rest is behind it. */
static str take_value(struct arena *arena, str *rest)
{
	str s = *rest;
	size_t n = 0;

	if (!s.n || s.p[0] != '"') {
		while (n < s.n && s.p[n] != ';' &&
		       !ascii_is(s.p[n], ASCII_SPACE))
			n++;
		*rest = str_skip(s, n);
		return str_head(s, n);
	}

	size_t end = 1;

	while (end < s.n && s.p[end] != '"')
		end += s.p[end] == '\\' && end + 1 < s.n ? 2 : 1;

	char *to = arena_alloc(arena, end);

	for (size_t i = 1; i < end && i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			to[n++] = s.p[i];
	}
	*rest = str_skip(s, end + 1);
	return (str){ to, n };
}

/* Parameters: "; name=value".  fn is given each. */
static void parameters(struct arena *arena, str value,
		       void (*fn)(void *arg, str name, str v), void *arg)
{
	str rest = str_skip(value, str_find(value, ';'));
	unsigned n = 0;

	while (rest.n && n++ < LIMIT_TAGS) {
		size_t end = 0;
		str name;

		while (rest.n &&
		       (rest.p[0] == ';' || ascii_is(rest.p[0], ASCII_SPACE)))
			rest = str_skip(rest, 1);
		while (end < rest.n && !is_name_end(rest.p[end]))
			end++;
		name = str_head(rest, end);
		rest = str_skip(rest, end);
		while (rest.n && ascii_is(rest.p[0], ASCII_SPACE))
			rest = str_skip(rest, 1);
		if (!rest.n || rest.p[0] != '=') {
			rest = str_skip(rest, str_find(rest, ';'));
			continue;
		}
		rest = str_skip(rest, 1);
		while (rest.n && ascii_is(rest.p[0], ASCII_SPACE))
			rest = str_skip(rest, 1);
		fn(arg, name, take_value(arena, &rest));
	}
}

static void find_boundary(void *arg, str name, str v)
{
	str *boundary = arg;

	if (str_ieq(name, STR("boundary")) && !boundary->n)
		*boundary = v;
}

struct filename {
	struct arena *arena;
	str plain;
	struct buf
		parts; /* filename*0=, filename*1*= and so on, as they come */
};

/* RFC 2231 4: %XX, behind a character set and a language. */
static void put_percent(struct buf *out, str v)
{
	for (size_t i = 0; i < v.n; i++) {
		int high = i + 2 < v.n ? ascii_hex(v.p[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex(v.p[i + 2]) : -1;

		if (v.p[i] == '%' && low >= 0) {
			buf_putc(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_putc(out, v.p[i]);
		}
	}
}

static str behind_charset(str v)
{
	size_t one = str_find(v, '\'');
	str rest = str_skip(v, one + 1);
	size_t two = str_find(rest, '\'');

	return one < v.n && two < rest.n ? str_skip(rest, two + 1) : v;
}

static void find_filename(void *arg, str name, str v)
{
	struct filename *f = arg;
	str base = str_head(name, str_find(name, '*'));

	if (!str_ieq(base, STR("filename")) && !str_ieq(base, STR("name")))
		return;
	if (base.n == name.n) {
		if (!f->plain.n)
			f->plain = mime_words(f->arena, v);
		return;
	}
	if (name.p[name.n - 1] == '*')
		put_percent(&f->parts, f->parts.n ? v : behind_charset(v));
	else
		buf_put(&f->parts, v);
}

static str read_filename(struct arena *arena, const struct header *h)
{
	struct filename f = { arena, STR_INIT(""), buf_of(arena, 1024) };

	parameters(arena, value_of(h, STR("Content-Disposition")),
		   find_filename, &f);
	if (!f.parts.n && !f.plain.n)
		parameters(arena, value_of(h, STR("Content-Type")),
			   find_filename, &f);
	return f.parts.n ? buf_str(&f.parts) : f.plain;
}

static bool take_part(struct walk *w, struct header header, str body,
		      unsigned depth);

/* Is what follows the boundary on its line nothing, or the end's "--"? */
static bool is_boundary_end(str rest)
{
	return !rest.n || ascii_is(rest.p[0], ASCII_SPACE) ||
	       str_starts(rest, STR("--"));
}

/* Where the next line "--boundary" begins at or behind `at`; s.n when there is
 * none. */
static size_t find_line(str s, size_t at, str marker)
{
	while (at < s.n) {
		const char *p = memmem(s.p + at, s.n - at, marker.p, marker.n);

		if (!p)
			return s.n;
		at = (size_t)(p - s.p);
		if ((!at || s.p[at - 1] == '\n') &&
		    is_boundary_end(str_skip(s, at + marker.n)))
			return at;
		at++;
	}
	return s.n;
}

/* Recursion ends at LIMIT_MIME_DEPTH.  NOLINTBEGIN(misc-no-recursion) */
static bool take_multipart(struct walk *w, str body, str boundary,
			   unsigned depth)
{
	struct buf marker = buf_of(w->arena, 1024);
	size_t at;

	buf_put(&marker, STR("--"));
	buf_put(&marker, boundary);
	at = find_line(body, 0, buf_str(&marker));
	while (at < body.n) {
		size_t start = at + line_of(str_skip(body, at)).n;
		size_t behind = at + marker.n;
		str part, inner;
		struct header h;

		if (str_starts(str_skip(body, behind), STR("--")))
			break;
		at = find_line(body, start, buf_str(&marker));
		part = (str){ body.p + start, at - start };
		h = mime_header(w->arena, part, &inner);
		if (!take_part(w, h, inner, depth))
			return false;
	}
	return true;
}

static bool take_message(struct walk *w, const struct mime_part *p)
{
	str body;
	struct header h = mime_header(w->arena, p->body, &body);

	return take_part(w, h, body, p->depth + 1);
}

static bool take_part(struct walk *w, struct header header, str body,
		      unsigned depth)
{
	struct mime_part p = { .header = header, .body = body, .depth = depth };
	str type = value_of(&header, STR("Content-Type"));
	str boundary = STR("");

	if (++w->parts > LIMIT_MIME_PARTS)
		return true;
	p.type = lower(w->arena, str_trim(str_head(type, str_find(type, ';'))));
	p.encoding = lower(
		w->arena,
		str_trim(value_of(&header, STR("Content-Transfer-Encoding"))));
	if (depth < LIMIT_MIME_DEPTH && str_starts(p.type, STR("multipart/"))) {
		parameters(w->arena, type, find_boundary, &boundary);
		if (boundary.n)
			return take_multipart(w, body, boundary, depth + 1);
	}
	p.filename = read_filename(w->arena, &header);
	if (!w->fn(w->arg, &p))
		return false;
	if (depth < LIMIT_MIME_DEPTH && str_eq(p.type, STR("message/rfc822")))
		return take_message(w, &p);
	return true;
}
/* NOLINTEND(misc-no-recursion) */

bool mime_walk(struct arena *arena, str message, struct header *top,
	       mime_fn *fn, void *arg)
{
	struct walk w = { arena, fn, arg, 0 };
	str body;
	struct header h = mime_header(arena, message, &body);

	if (top)
		*top = h;
	return take_part(&w, h, body, 0);
}
