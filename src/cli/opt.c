#include "cli/opt.h"

#include "cli/tr.h"
#include "conf/nearest.h"

#include <errno.h>
#include <stdlib.h>

const struct opt opt_common[] = {
	{ "nameserver", 0, "ADDR[:PORT]",
	  N_("ask this server instead of the system's (repeatable)") },
	{ "zone", 0, "FILE",
	  N_("answer DNS questions from this master file only (repeatable)") },
	{ "dns-timeout", 0, "SECONDS", N_("budget of one query, default 5") },
	{ "json", 0, NULL, N_("one JSON object on standard output") },
	{ "time", 0, "EPOCH", N_("the time to reckon with, default now") },
	{ "config", 'c', "FILE",
	  N_("configuration, default /etc/inkan/inkan.conf or "
	     "/etc/opendkim.conf") },
	{ "color", 0, "WHEN", N_("auto, always or never") },
	{ "lang", 0, "LANGUAGE", N_("en or ja, default from the locale") },
	{ "fail", 0, NULL, N_("exit with 1 when the verdict is negative") },
	{ "help", 'h', NULL, N_("this help") },
	{ NULL, 0, NULL, NULL },
};

static const struct opt *by_name(const struct opt *table, str name)
{
	for (const struct opt *o = table; o->name; o++)
		if (str_eq(str_of(o->name), name))
			return o;
	return NULL;
}

static const struct opt *by_letter(const struct opt *table, char letter)
{
	for (const struct opt *o = table; o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

/* The one option that begins like this, as getopt_long(3) takes it; *n counts
 * them. */
static const struct opt *by_prefix(const struct opt *table, str name, size_t *n)
{
	const struct opt *const tables[] = { table, opt_common };
	const struct opt *found = NULL;

	*n = 0;
	for (int i = 0; name.n && i < 2; i++)
		for (const struct opt *o = tables[i]; o->name; o++)
			if (str_starts(str_of(o->name), name)) {
				found = o;
				++*n;
			}
	return *n == 1 ? found : NULL;
}

static bool unknown(const struct opt *table, str name, struct err *e)
{
	const struct opt *const tables[] = { table, opt_common };
	str best = { NULL, 0 };
	unsigned distance = 0;

	name = str_head(name, 100);
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = tables[i]; o->name; o++)
			nearest_try(name, str_of(o->name), &best, &distance);
	if (best.p)
		return err_set(e, ERR_USAGE,
			       _("unknown option --%.*s: did you mean "
				 "--%.*s?"),
			       STR_ARG(name), STR_ARG(best));
	return err_set(e, ERR_USAGE, _("unknown option --%.*s"), STR_ARG(name));
}

struct reading {
	const struct opt *table;
	struct opt_set *set;
	size_t n;
	int argc, at;
	char *const *argv;
};

/* "[SECONDS]" */
static bool is_optional(const struct opt *o)
{
	return o->arg && o->arg[0] == '[';
}

static bool add(struct reading *r, const struct opt *o, const char *value,
		struct err *e)
{
	if (is_optional(o) && !value) {
		if (r->at < r->argc && r->argv[r->at][0] >= '0' &&
		    r->argv[r->at][0] <= '9')
			value = r->argv[r->at++];
	} else if (o->arg && !value) {
		if (r->at >= r->argc)
			return err_set(e, ERR_USAGE,
				       _("option --%s needs a value: %s"),
				       o->name, o->arg);
		value = r->argv[r->at++];
	}
	if (!o->arg && value)
		return err_set(e, ERR_USAGE, _("option --%s takes no value"),
			       o->name);
	r->set[r->n++] = (struct opt_set){ o, value };
	return true;
}

static bool take_long(struct reading *r, const char *text, struct err *e)
{
	size_t equals = strcspn(text, "="), n;
	str name = { text, equals };
	const struct opt *o = by_name(r->table, name);

	if (!o)
		o = by_name(opt_common, name);
	if (!o)
		o = by_prefix(r->table, name, &n);
	if (!o && n > 1)
		return err_set(e, ERR_USAGE,
			       _("option --%.*s is ambiguous: write it out"),
			       STR_ARG(str_head(name, 100)));
	if (!o)
		return unknown(r->table, name, e);
	return add(r, o, text[equals] ? text + equals + 1 : NULL, e);
}

/* -x, -xVALUE, -x VALUE; flags may stand together */
static bool take_short(struct reading *r, const char *text, struct err *e)
{
	for (; *text; text++) {
		const struct opt *o = by_letter(r->table, *text);

		if (!o)
			o = by_letter(opt_common, *text);
		if (!o)
			return err_set(e, ERR_USAGE, _("unknown option -%c"),
				       *text);
		if (o->arg)
			return add(r, o, text[1] ? text + 1 : NULL, e);
		if (!add(r, o, NULL, e))
			return false;
	}
	return true;
}

bool opt_parse(struct arena *arena, const struct opt *table, int argc,
	       char *const argv[], struct args *out, struct err *e)
{
	/* every letter of a bundle may be an option of its own */
	size_t letters = 0;

	for (int i = 1; i < argc; i++)
		letters += 1 + (argv[i][0] == '-' ? strlen(argv[i]) : 0);

	struct reading r = {
		.table = table,
		.set = arena_array_of(arena, struct opt_set, letters + 1),
		.argc = argc,
		.at = 1,
		.argv = argv,
	};
	const char **rest = arena_array_of(arena, const char *,
					   (size_t)argc + 1);
	bool options = true, ok = true;

	*out = (struct args){ .set = r.set, .rest = rest };
	while (ok && r.at < argc) {
		const char *text = argv[r.at++];

		if (!options || text[0] != '-' || !text[1])
			rest[out->n_rest++] = text;
		else if (strcmp(text, "--") == 0)
			options = false;
		else if (text[1] == '-')
			ok = take_long(&r, text + 2, e);
		else
			ok = take_short(&r, text + 1, e);
	}
	out->n_set = r.n;
	return ok;
}

bool opt_takes_next(const char *text)
{
	const struct opt *o = NULL;

	if (text[0] == '-' && text[1] == '-')
		o = by_name(opt_common, str_of(text + 2));
	else if (text[0] == '-' && text[1] && !text[2])
		o = by_letter(opt_common, text[1]);
	return o && o->arg;
}

bool args_has(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n_set; i++)
		if (strcmp(a->set[i].opt->name, name) == 0)
			return true;
	return false;
}

const char *args_get(const struct args *a, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < a->n_set; i++)
		if (strcmp(a->set[i].opt->name, name) == 0)
			value = a->set[i].value;
	return value;
}

const char *const *args_all(const struct args *a, struct arena *arena,
			    const char *name, size_t *n)
{
	const char **all = arena_array_of(arena, const char *, a->n_set + 1);

	*n = 0;
	for (size_t i = 0; i < a->n_set; i++)
		if (strcmp(a->set[i].opt->name, name) == 0)
			all[(*n)++] = a->set[i].value;
	return all;
}

bool args_number(const struct args *a, const char *name, int64_t least,
		 int64_t most, int64_t otherwise, int64_t *out, struct err *e)
{
	const char *text = args_get(a, name);
	char *end;
	long long value;

	*out = otherwise;
	if (!text)
		return true;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		return err_set(e, ERR_USAGE,
			       _("--%s is a number from %lld to %lld, not "
				 "\"%.60s\""),
			       name, (long long)least, (long long)most, text);
	*out = value;
	return true;
}

void opt_help(FILE *to, const struct opt *table)
{
	for (const struct opt *o = table; o->name; o++) {
		char left[64];
		int n = snprintf(left, sizeof left, "  %c%c%s--%s%s%s",
				 o->letter ? '-' : ' ',
				 o->letter ? o->letter : ' ',
				 o->letter ? ", " : "  ", o->name,
				 o->arg ? " " : "", o->arg ? o->arg : "");

		fprintf(to, "%s%*s%s\n", left, n < 32 ? 32 - n : 1, "",
			_(o->help));
	}
}
