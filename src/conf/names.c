#include "conf/names.h"

#include "base/ascii.h"

/* RFC 5322 3.6.8: printable ASCII without the colon. */
static bool good_name(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_PRINT) || s.p[i] == ' ' ||
		    s.p[i] == ':')
			return false;
	return s.n > 0;
}

struct list {
	str *names;
	size_t n;
};

static void add(struct list *l, str name)
{
	l->names[l->n++] = name;
}

static void take_out(struct list *l, str name)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!str_ieq(l->names[i], name))
			l->names[kept++] = l->names[i];
	l->n = kept;
}

/* A sign in front has its meaning only beside "*". */
static void apply(struct list *l, str entry, bool delta, str *wrong)
{
	char sign = *entry.p;
	bool signed_entry = delta && (sign == '+' || sign == '-');
	str name = signed_entry ? str_skip(entry, 1) : entry;

	if (delta && str_eq(entry, STR("*")))
		return;
	if (!good_name(name)) {
		*wrong = entry;
		return;
	}
	take_out(l, name);
	if (!signed_entry || sign == '+')
		add(l, name);
}

struct dkim_names names_edit(struct arena *arena, const struct table *t,
			     struct dkim_names standard, str *wrong)
{
	struct table_entry e;
	struct list l;
	size_t at = 0;
	bool delta;

	*wrong = (str){ NULL, 0 };
	if (!t)
		return standard;
	delta = table_find(t, STR("*"), &e);
	l = (struct list){
		arena_array_of(arena, str, table_count(t) + standard.n), 0
	};
	for (size_t i = 0; delta && i < standard.n; i++)
		add(&l, standard.names[i]);
	while (table_next(t, &at, &e))
		apply(&l, e.key, delta, wrong);
	return (struct dkim_names){ l.names, l.n };
}
