#include "conf/problems.h"

#include <stdarg.h>
#include <stdio.h>

/* A table of a million wrong lines must not become a million messages. */
enum { KEPT_PER_LEVEL = 200, TEXT_MAX = 1024 };

void problems_init(struct problems *p, struct arena *arena)
{
	*p = (struct problems){ .arena = arena };
	p->end = &p->first;
}

void problem_add(struct problems *p, enum problem_level level, str file,
		 unsigned line, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (p->count[level]++ >= KEPT_PER_LEVEL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);

	struct problem *new = arena_new_of(p->arena, struct problem);

	new->level = level;
	new->file = file.p ? arena_str(p->arena, file) : file;
	new->line = line;
	new->text = arena_str(p->arena, str_of(text));
	*p->end = new;
	p->end = &new->next;
}

static void put_printable(struct buf *b, str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		buf_putc(b, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

void problem_write(struct buf *b, const struct problem *p)
{
	static const char *const words[] = { "note", "warning", "error" };

	if (p->file.n) {
		put_printable(b, p->file);
		if (p->line)
			buf_printf(b, ":%u", p->line);
		buf_put(b, STR(": "));
	}
	buf_printf(b, "%s: ", words[p->level]);
	put_printable(b, p->text);
}
