/* apply: what an MTA makes of a filter's header changes (Postfix's rules: an
 * index of insertion counts all fields from 0, of change those of the name from
 * 1, one past the end appends). */
#include "base/limits.h"
#include "milter/client.h"

struct line {
	struct line *next;
	str name, text; /* text: the whole field with its CRLF */
};

static str field_text(struct arena *arena, str name, str value)
{
	struct buf b = buf_of(arena, name.n + 2 * value.n + 3);

	buf_put(&b, name);
	buf_putc(&b, ':');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			buf_putc(&b, '\r');
		buf_putc(&b, value.p[i]);
	}
	buf_put(&b, STR("\r\n"));
	return buf_str(&b);
}

static void insert(struct arena *arena, struct line **at, str name, str value)
{
	struct line *l = arena_new_of(arena, struct line);

	*l = (struct line){ *at, name, field_text(arena, name, value) };
	*at = l;
}

static struct line **nth(struct line **first, uint32_t n)
{
	while (*first && n-- > 0)
		first = &(*first)->next;
	return first;
}

static struct line **nth_named(struct line **first, str name, uint32_t n)
{
	for (; *first; first = &(*first)->next)
		if (str_ieq((*first)->name, name) && n-- <= 1)
			break;
	return first;
}

static void change(struct arena *arena, struct line **first,
		   const struct milter_change *ch)
{
	struct line **at;

	switch (ch->kind) {
	case MILTER_CHANGE_INSERT:
		insert(arena, nth(first, ch->index), ch->name, ch->value);
		break;
	case MILTER_CHANGE_ADD:
		insert(arena, nth(first, UINT32_MAX), ch->name, ch->value);
		break;
	case MILTER_CHANGE_REPLACE:
		at = nth_named(first, ch->name, ch->index);
		if (*at)
			*at = (*at)->next;
		if (ch->value.n)
			insert(arena, at, ch->name, ch->value);
		break;
	default:
		break;
	}
}

/* With its CRLF made right; false at the blank line, which is taken. */
static bool take_field(struct arena *arena, str *rest, struct line *out)
{
	struct buf b = buf_of(arena, 2 * rest->n + 2);

	do {
		size_t n = str_find(*rest, '\n');
		str line = str_head(*rest, n);

		*rest = str_skip(*rest, n + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n && !b.n)
			return false;
		buf_put(&b, line);
		buf_put(&b, STR("\r\n"));
	} while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t'));
	out->text = buf_str(&b);
	out->name = str_trim(str_head(out->text, str_find(out->text, ':')));
	return true;
}

str milter_apply(struct arena *arena, const struct milter_outcome *o,
		 str message)
{
	struct line *first = NULL, **end = &first, l = { 0 };
	struct buf b = buf_of(arena, 4 * message.n + LIMIT_HEADER_BYTES);

	while (message.n && take_field(arena, &message, &l)) {
		*end = arena_new_of(arena, struct line);
		**end = (struct line){ NULL, l.name, l.text };
		end = &(*end)->next;
	}
	for (const struct milter_change *ch = o->first; ch; ch = ch->next)
		change(arena, &first, ch);
	for (const struct line *p = first; p; p = p->next)
		buf_put(&b, p->text);
	buf_put(&b, STR("\r\n"));
	while (message.n) {
		size_t n = str_find(message, '\n');
		str line = str_head(message, n);

		message = str_skip(message, n + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		buf_put(&b, line);
		buf_put(&b, STR("\r\n"));
	}
	return buf_str(&b);
}
