/* address, the parts of it that look for one address: the first of a field for
 * signing, the author of a message, the path of an SMTP command. */
#include "base/ascii.h"
#include "base/cur.h"
#include "mail/address.h"

/* The last "@" outside of quotes, s.n if none.  *balanced: quotes pair. */
static size_t last_at(str s, bool *balanced)
{
	size_t at = s.n;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '@' && !quoted)
			at = i;
	}
	*balanced = !quoted;
	return at;
}

static bool split(str s, str *local, str *domain)
{
	bool balanced;
	size_t at = last_at(s, &balanced);

	if (!balanced)
		at = str_rfind(s, '@');
	*local = at < s.n ? str_head(s, at) : s;
	*domain = str_skip(s, at + 1);
	return balanced;
}

/* Where the inside of the first <...> begins, s.n when there is none. */
static size_t find_angle(str s, bool heed_quotes)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char b = s.p[i];

		if (b == '<' && !quoted && !depth)
			return i + 1;
		if (!heed_quotes)
			continue;
		if (b == '\\' && (quoted || depth))
			i++;
		else if (b == '"' && !depth)
			quoted = !quoted;
		else if (b == '(' && !quoted)
			depth++;
		else if (b == ')' && !quoted && depth)
			depth--;
	}
	return s.n;
}

static bool ends_word(char c)
{
	return ascii_is(c, ASCII_SPACE) || c == ',' || c == ';' || c == '<' ||
	       c == '>' || c == '(' || c == ')';
}

/* The first word with an "@" in it; quotes keep a word together. */
static str word_with_at(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t start = i;
		bool quoted = false, at = false;

		for (; i < s.n && (quoted || !ends_word(s.p[i])); i++) {
			quoted = quoted != (s.p[i] == '"');
			at = at || (s.p[i] == '@' && !quoted);
		}
		if (at)
			return (str){ s.p + start, i - start };
	}
	return (str){ NULL, 0 };
}

static bool search(str value, struct mailbox *out)
{
	size_t angle = find_angle(value, true);

	if (angle == value.n)
		angle = find_angle(value, false);

	str s = str_skip(value, angle);

	s = angle < value.n ? str_trim(str_head(s, str_find(s, '>')))
			    : word_with_at(value);
	*out = (struct mailbox){ .obsolete = true };
	(void)split(s, &out->local, &out->domain);
	if (out->local.n > 1 && out->local.p[0] == '"' &&
	    out->local.p[out->local.n - 1] == '"')
		out->local = (str){ out->local.p + 1, out->local.n - 2 };
	for (size_t i = 0; i < out->domain.n; i++)
		if (ends_word(out->domain.p[i]) || out->domain.p[i] == '\0')
			out->domain.n = i;
	out->literal = out->domain.n && out->domain.p[0] == '[';
	return out->domain.n > 0;
}

bool mailbox_first(struct arena *arena, str value, struct mailbox *out)
{
	struct mailboxes list;

	if (!mailboxes_parse(arena, value, &list))
		return search(value, out);
	if (!list.n)
		return false;
	*out = list.box[0];
	return true;
}

static const char *author_trouble(const struct mailboxes *list)
{
	if (list->group)
		return "From names a group";
	for (size_t i = 0; i < list->n; i++) {
		if (list->box[i].literal)
			return "From has an address literal";
		if (list->box[i].obsolete)
			return "From has an address of obsolete form";
		if (!str_ieq(list->box[i].domain, list->box[0].domain))
			return "From names several domains";
	}
	return NULL;
}

static bool list_is_literal(const struct mailboxes *list)
{
	return list->n == 1 && list->box[0].literal;
}

bool author_of(struct arena *arena, const struct header *h, struct author *out)
{
	const struct field *from = header_find(h, STR("From"), 0);
	struct mailboxes list = { .n = 0 };

	*out = (struct author){ .why = NULL };
	if (h->too_large)
		out->why = "header too large";
	else if (!from)
		out->why = "no From field";
	else if (header_find(h, STR("From"), 1))
		out->why = "several From fields";
	else if (!mailboxes_parse(arena, from->value, &list))
		out->why = list.why;
	else
		out->why = author_trouble(&list);
	if (out->why) {
		out->literal = list_is_literal(&list);
		return false;
	}
	out->domain = list.box[0].domain;
	out->local = list.box[0].local;
	return true;
}

static void add_author(struct authors *a, str domain)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_ieq(a->domains[i], domain))
			return;
	if (domain.n && a->n < AUTHORS_MAX)
		a->domains[a->n++] = domain;
}

static void add_authors(struct arena *arena, struct authors *a, str value)
{
	struct mailboxes list;
	struct mailbox box;

	if (!mailboxes_parse(arena, value, &list)) {
		if (mailbox_first(arena, value, &box) && !box.literal)
			add_author(a, box.domain);
		return;
	}
	for (size_t i = 0; i < list.n; i++)
		if (!list.box[i].literal)
			add_author(a, list.box[i].domain);
}

void authors_of(struct arena *arena, const struct header *h,
		struct authors *out)
{
	*out = (struct authors){ .n = 0 };
	if (author_of(arena, h, &out->one)) {
		add_author(out, out->one.domain);
		return;
	}
	for (size_t i = 0; i < h->n && out->n < AUTHORS_MAX; i++)
		if (str_ieq(h->fields[i].name, STR("From")))
			add_authors(arena, out, h->fields[i].value);
}

/* A-d-l = "@" Domain *("," "@" Domain) ":" (RFC 5321 4.1.2) */
static str without_route(str s)
{
	struct cur c = cur_of(s);

	while (cur_char(&c, '@')) {
		if (cur_char(&c, '[')) {
			(void)cur_until(&c, ']');
			(void)cur_char(&c, ']');
		}
		while (!cur_done(&c) && *c.p != ',' && *c.p != ':' &&
		       *c.p != '@')
			c.p++;
		if (cur_char(&c, ':'))
			return cur_rest(&c);
		if (!cur_char(&c, ','))
			break;
	}
	return s;
}

/* Nothing but printable bytes, and white space and brackets in quotes only */
static bool path_bytes_ok(str s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char b = s.p[i];

		if ((unsigned char)b < ' ' || b == 0x7f)
			return false;
		if (b == '"')
			quoted = !quoted;
		else if (b == '\\' && quoted && i + 1 < s.n)
			i++;
		else if (!quoted && (b == ' ' || b == '<' || b == '>'))
			return false;
	}
	return true;
}

bool path_parse(str text, struct path *out)
{
	str s = text;
	bool ok = true;

	*out = (struct path){ .null = false };
	if (s.n && s.p[0] == '<') {
		s = str_skip(s, 1);
		ok = s.n && s.p[s.n - 1] == '>';
		if (ok)
			s.n--;
	}
	if (!s.n) {
		out->null = ok;
		return ok;
	}
	s = without_route(s);

	bool balanced = split(s, &out->local, &out->domain);

	return ok && balanced && path_bytes_ok(s) &&
	       str_find(out->domain, '"') == out->domain.n;
}
