#include "doctor/dovecot.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"

struct parse {
	struct dovecot *d;
	str file;
	unsigned line;
	str sections[LIMIT_DOVECOT_DEPTH + 1]; /* whole paths; [0] is empty */
	unsigned depth;
	dovecot_include *include;
	void *arg;
};

void dovecot_init(struct dovecot *d, struct arena *arena)
{
	*d = (struct dovecot){ .arena = arena };
	d->end = &d->first;
}

static void add(struct parse *p, str name, str value)
{
	struct dovecot_item *i = arena_new_of(p->d->arena, struct dovecot_item);

	*i = (struct dovecot_item){ .section = p->sections[p->depth],
				    .name = name,
				    .value = value,
				    .file = p->file,
				    .line = p->line };
	*p->d->end = i;
	p->d->end = &i->next;
}

static void bad(struct parse *p)
{
	if (p->d->bad_line)
		return;
	p->d->bad_file = p->file;
	p->d->bad_line = p->line;
}

/* Without a comment: "#" after white space, outside of quotes. */
static str content(str line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (c == '"' && (i == 0 || line.p[i - 1] != '\\'))
			quoted = !quoted;
		if (c == '#' && !quoted &&
		    (i == 0 || ascii_is(line.p[i - 1], ASCII_SPACE)))
			return str_trim(str_head(line, i));
	}
	return str_trim(line);
}

static str unquoted(str s)
{
	if (s.n >= 2 && (*s.p == '"' || *s.p == '\'') && s.p[s.n - 1] == *s.p)
		return (str){ s.p + 1, s.n - 2 };
	return s;
}

/* "service auth", "unix_listener /path": words apart by one space. */
static void open_section(struct parse *p, str head)
{
	struct buf b = buf_of(p->d->arena, head.n + 512);
	size_t at = 0;
	str kind;

	while (at < head.n && !ascii_is(head.p[at], ASCII_SPACE))
		at++;
	kind = str_head(head, at);
	if (p->depth == LIMIT_DOVECOT_DEPTH) {
		bad(p);
		return;
	}
	b.max += p->sections[p->depth].n;
	if (p->depth) {
		buf_put(&b, p->sections[p->depth]);
		buf_putc(&b, '/');
	}
	buf_put(&b, kind);
	head = unquoted(str_trim(str_skip(head, at)));
	if (head.n)
		buf_putc(&b, ' ');
	/* a path's "//" is "/" */
	for (size_t i = 0; i < head.n; i++)
		if (head.p[i] != '/' || b.p[b.n - 1] != '/')
			buf_putc(&b, head.p[i]);
	p->sections[++p->depth] = buf_str(&b);
	add(p, STR(""), STR(""));
}

static bool included(struct parse *p, str line)
{
	bool try = str_starts(line, STR("!include_try"));

	if (!try && !str_starts(line, STR("!include")))
		return false;
	line = str_trim(str_skip(line, try ? 12 : 8));
	p->include(p->arg, unquoted(line));
	return true;
}

static void statement(struct parse *p, str line)
{
	size_t eq = str_find(line, '=');

	if (included(p, line))
		return;
	if (str_eq(line, STR("}"))) {
		if (p->depth)
			p->depth--;
		else
			bad(p);
		return;
	}
	if (eq < line.n) {
		add(p, str_trim(str_head(line, eq)),
		    unquoted(str_trim(str_skip(line, eq + 1))));
		return;
	}
	if (line.p[line.n - 1] == '{')
		open_section(p, str_trim(str_head(line, line.n - 1)));
	else
		bad(p);
}

/* A line, with those that a "\" at the end joins to it. */
static str whole_line(struct parse *p, struct cur *c)
{
	str line = content(cur_until(c, '\n'));
	struct buf b;

	(void)cur_char(c, '\n');
	p->line++;
	if (!line.n || line.p[line.n - 1] != '\\')
		return line;
	b = buf_of(p->d->arena, line.n + (size_t)(c->end - c->p));
	while (line.n && line.p[line.n - 1] == '\\') {
		buf_put(&b, str_head(line, line.n - 1));
		line = content(cur_until(c, '\n'));
		(void)cur_char(c, '\n');
		p->line++;
	}
	buf_put(&b, line);
	return buf_str(&b);
}

void dovecot_parse(struct dovecot *d, str text, str file,
		   dovecot_include *include, void *arg)
{
	struct parse p = { .d = d,
			   .file = file,
			   .include = include,
			   .arg = arg };
	struct cur c = cur_of(text);

	p.sections[0] = STR("");
	while (!cur_done(&c)) {
		str line = whole_line(&p, &c);

		if (line.n)
			statement(&p, line);
	}
	if (p.depth)
		bad(&p);
}

const struct dovecot_item *dovecot_find(const struct dovecot *d, str section,
					str name)
{
	const struct dovecot_item *found = NULL;

	for (const struct dovecot_item *i = d->first; i; i = i->next)
		if (str_eq(i->name, name) && str_eq(i->section, section))
			found = i;
	return found;
}

bool dovecot_has_section(const struct dovecot *d, str section)
{
	for (const struct dovecot_item *i = d->first; i; i = i->next)
		if (str_eq(i->section, section))
			return true;
	return false;
}
