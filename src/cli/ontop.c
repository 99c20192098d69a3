#include "cli/ontop.h"

static const char from_line[] = "From ";
enum { FROM_LINE = sizeof from_line - 1, NO_FROM_LINE };

static void on_chunk(void *arg, str bytes)
{
	struct ontop *t = arg;
	size_t newline = str_find(bytes, '\n');

	for (size_t i = 0; i < bytes.n && t->from_seen < FROM_LINE; i++)
		t->from_seen = bytes.p[i] == from_line[t->from_seen]
				       ? t->from_seen + 1
				       : NO_FROM_LINE;
	if (!t->line_seen && newline < bytes.n) {
		t->line_seen = true;
		t->lf = newline == 0 || bytes.p[newline - 1] != '\r';
	}
	feed_put(t->feed, bytes);
}

bool ontop_read(struct ontop *t, struct arena *arena, const char *path,
		const struct feed_sink *sink, bool only, struct err *e)
{
	bool ok;

	*t = (struct ontop){ .only = only, .feed = feed_new(arena, sink) };
	if (!source_open(&t->source, path, e))
		return false;
	ok = only ? source_read(&t->source, on_chunk, t, e)
		  : source_read_twice(&t->source, on_chunk, t, e);
	feed_end(t->feed);
	if (!ok)
		source_close(&t->source);
	return ok;
}

static void print_field(const struct ontop *t, str field)
{
	str line;

	while (str_split(&field, '\n', &line)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		printf("%.*s%s", STR_ARG(line), t->lf ? "\n" : "\r\n");
	}
}

bool ontop_write(struct ontop *t, const str *fields, size_t n, struct err *e)
{
	if (!t->only && t->from_seen == FROM_LINE &&
	    !source_copy_line(&t->source, e))
		return false;
	for (size_t i = 0; i < n; i++)
		print_field(t, fields[i]);
	return t->only || source_copy(&t->source, e);
}

void ontop_close(struct ontop *t)
{
	source_close(&t->source);
}
