#include "cli/out.h"

#include "base/utf8.h"
#include "cli/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool colors;

bool out_color(const char *when)
{
	if (!when || strcmp(when, "auto") == 0)
		colors = isatty(STDOUT_FILENO);
	else if (strcmp(when, "always") == 0)
		colors = true;
	else if (strcmp(when, "never") == 0)
		colors = false;
	else
		return false;
	return true;
}

const char *out_begin(enum out_style style)
{
	static const char *const begin[] = {
		[OUT_PLAIN] = "",         [OUT_GOOD] = "\033[32m",
		[OUT_BAD] = "\033[31m",   [OUT_WARN] = "\033[33m",
		[OUT_STRONG] = "\033[1m", [OUT_DIM] = "\033[2m",
	};

	return colors ? begin[style] : "";
}

const char *out_end(void)
{
	return colors ? "\033[0m" : "";
}

/* C0, DEL, and C1 in UTF-8 (U+0080 to U+009F) */
static bool is_control(str s, size_t n)
{
	unsigned char c = (unsigned char)s.p[0];

	if (n == 1)
		return c < 0x20 || c == 0x7f;
	return n == 2 && c == 0xc2 && (unsigned char)s.p[1] < 0xa0;
}

/* A line end within a field: CRLF or LF before white space (RFC 5322 2.2.3). */
static size_t fold_at(str s)
{
	size_t n = s.n > 1 && s.p[0] == '\r' ? 1 : 0;

	if (n + 1 < s.n && s.p[n] == '\n' &&
	    (s.p[n + 1] == ' ' || s.p[n + 1] == '\t'))
		return n + 1;
	return 0;
}

/* to has room for s.n octets */
static size_t clean(char *to, str s)
{
	size_t n = 0;

	while (s.n) {
		size_t len = utf8_at(s), fold = fold_at(s);

		if (fold) {
			len = fold;
		} else if (s.p[0] == '\t') {
			to[n++] = ' ';
		} else if (!len || is_control(s, len)) {
			to[n++] = '?';
			len = len ? len : 1;
		} else {
			memcpy(to + n, s.p, len);
			n += len;
		}
		s = str_skip(s, len);
	}
	return n;
}

str out_text(struct arena *arena, str s)
{
	char *to = arena_alloc(arena, s.n + 1);

	return (str){ to, clean(to, s) };
}

json_t *json_of(str s)
{
	char *text;
	json_t *j;

	if (!s.p)
		return json_null();
	text = malloc(s.n + 1);
	j = text ? json_stringn(text, clean(text, s)) : NULL;
	free(text);
	return j ? j : json_null();
}

json_t *json_lines(str s)
{
	char *text = malloc(s.n + 1);
	size_t n = 0;
	json_t *j;

	while (text && s.n) {
		str line = str_head(s, str_find(s, '\n'));

		n += clean(text + n, line);
		s = str_skip(s, line.n);
		if (s.n) {
			text[n++] = '\n';
			s = str_skip(s, 1);
		}
	}
	j = text ? json_stringn(text, n) : NULL;
	free(text);
	return j ? j : json_null();
}

json_t *json_words(const char *s)
{
	return json_of(str_of(s));
}

void out_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

void out_warning(const char *sentence)
{
	char text[sizeof((struct err *)NULL)->text];
	size_t n = clean(text, str_head(str_of(sentence), sizeof text));

	fflush(stdout);
	fprintf(stderr, "inkan: %.*s\n", (int)n, text);
}

int out_error(const struct err *e)
{
	out_warning(e->text);
	return err_exit(e);
}

int out_finish(int status)
{
	struct err e;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* an earlier write may have failed, its errno is gone */
	if (!errno)
		(void)err_set(&e, ERR_CREATE,
			      _("cannot write to standard output"));
	else if (errno != EPIPE)
		(void)err_sys(&e, _("cannot write to standard output"));
	else
		return 73;
	e.code = ERR_CREATE;
	return out_error(&e);
}
