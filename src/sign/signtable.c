#include "sign/signtable.h"

#include "base/buf.h"
#include "sign/keytable.h"

enum step { STEP_DOMAIN, STEP_PARENTS, STEP_USER, STEP_ANY, STEP_END };

bool sign_entry_parse(const struct table_entry *from, struct sign_entry *out)
{
	str value = from->value;

	*out = (struct sign_entry){ .pattern = from->key, .at = from->at };
	if (str_find(value, ':') == value.n) {
		out->key_name = str_trim(value);
		return out->key_name.n > 0;
	}
	out->key_name = table_field(&value, 2);
	out->identity = table_field(&value, 1);
	return out->key_name.n > 0;
}

void signtable_start(struct signtable_walk *w, const struct table *t,
		     struct arena *arena, str user, str domain)
{
	*w = (struct signtable_walk){ .table = t,
				      .arena = arena,
				      .user = user,
				      .domain = domain,
				      .last = TABLE_START };
}

static str joined(struct arena *arena, str user, str domain)
{
	struct buf b = buf_of(arena, user.n + domain.n + 2);

	buf_put(&b, user);
	buf_putc(&b, '@');
	buf_put(&b, domain);
	return buf_str(&b);
}

/* The forms of the address in turn, each with the user and then without.
 * False when there is no further one. */
static bool next_form(struct signtable_walk *w, str *form)
{
	bool with_user = w->step % 2 == 0;
	str domain = w->domain;

	if (w->step == 2 * STEP_PARENTS) {
		w->dot += str_find(str_skip(domain, w->dot), '.');
		if (w->dot >= domain.n)
			w->step = 2 * STEP_USER;
	}
	switch ((enum step)(w->step / 2)) {
	case STEP_DOMAIN:
		w->step++;
		break;
	case STEP_PARENTS:
		domain = str_skip(domain, w->dot);
		w->dot += !with_user; /* then on to the parent's parent */
		w->step = 2 * STEP_PARENTS + with_user;
		break;
	case STEP_USER:
		w->step = 2 * STEP_ANY;
		domain = STR("*");
		break;
	case STEP_ANY:
		w->step = 2 * STEP_END;
		*form = STR("*");
		return true;
	case STEP_END:
		return false;
	}
	*form = with_user ? joined(w->arena, w->user, domain) : domain;
	return true;
}

static bool next_match(struct signtable_walk *w, struct table_entry *e)
{
	str form;

	if (table_kind(w->table) == TABLE_PATTERNS) {
		if (w->step++ && w->last == TABLE_START)
			return false;
		form = joined(w->arena, w->user, w->domain);
		if (!table_find_next(w->table, form, w->last, e)) {
			w->last = TABLE_START;
			return false;
		}
		w->last = e->at;
		return true;
	}
	while (next_form(w, &form))
		if (table_find(w->table, form, e))
			return true;
	return false;
}

bool signtable_next(struct signtable_walk *w, struct sign_entry *out)
{
	struct table_entry e;

	if (!next_match(w, &e))
		return false;
	(void)sign_entry_parse(&e, out);
	if (str_eq(out->key_name, STR("%")))
		out->key_name = w->domain;
	out->identity = percent_replace(w->arena, out->identity, w->domain);
	return true;
}

bool address_set_find(const struct table *t, struct arena *arena, str user,
		      str domain, struct table_entry *by)
{
	struct signtable_walk w;

	signtable_start(&w, t, arena, user, domain);
	return next_match(&w, by);
}
