#include "conf/conf.h"

#include "base/limits.h"
#include "conf/file.h"
#include "conf/lex.h"
#include "conf/nearest.h"
#include "conf/value.h"

#include <assert.h>
#include <unistd.h>

#define CONF_S_NOOP CONF_NOOP
#define CONF_S_WARN CONF_WARN
#define CONF_S_REJECT CONF_REFUSED

/* clang-format off */
static const struct conf_key keys[] = {
#define KEY(name, type, field, dflt, help) \
	{ name, CONF_TYPE_##type, CONF_WORKS, dflt, help, NULL, \
	  offsetof(struct conf, field) },
#define DEAD(name, type, status, help) \
	{ name, CONF_TYPE_##type, CONF_S_##status, "", help, NULL, 0 },
#define ALIAS(name, target, help) \
	{ name, CONF_TYPE_STRING, CONF_ALIAS, "", help, target, 0 },
#include "conf/keys.def"
#undef KEY
#undef DEAD
#undef ALIAS
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };

static_assert(sizeof(enum conf_action) == sizeof(int) &&
		      sizeof(enum conf_verdict) == sizeof(int) &&
		      sizeof(enum conf_algorithm) == sizeof(int),
	      "value_put writes enums as int");

const struct conf_key *conf_keys(size_t *n)
{
	*n = KEYS;
	return keys;
}

const struct conf_key *conf_key(str name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (str_ieq(name, str_of(keys[i].name)))
			return &keys[i];
	return NULL;
}

struct conf *conf_new(struct arena *arena, struct problems *problems)
{
	struct conf *c = arena_new_of(arena, struct conf);
	const char *want;

	c->arena = arena;
	c->problems = problems;
	c->found = arena_array_of(arena, const struct conf_value *, KEYS);
	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].status != CONF_WORKS)
			continue;

		bool ok = value_put(c, &keys[i], str_of(keys[i].dflt), &want);

		assert(ok || keys[i].type == CONF_TYPE_INCLUDE);
	}
	return c;
}

static bool unknown(struct conf *c, str name, str file, unsigned line)
{
	str best = { NULL, 0 };
	unsigned distance = 0;

	for (size_t i = 0; i < KEYS; i++)
		nearest_try(name, str_of(keys[i].name), &best, &distance);
	problem_add(c->problems, PROBLEM_ERROR, file, line,
		    "unknown setting \"%.*s\"%s%.*s%s",
		    STR_ARG(str_head(name, 64)),
		    best.p ? " (did you mean \"" : "", STR_ARG(best),
		    best.p ? "\"?)" : "");
	return false;
}

/* What is to be said about a name that does not simply work. */
static bool dead(struct conf *c, const struct conf_key *key, str file,
		 unsigned line)
{
	static const enum problem_level levels[] = {
		[CONF_WORKS] = PROBLEM_NOTE,   [CONF_NOOP] = PROBLEM_NOTE,
		[CONF_WARN] = PROBLEM_WARNING, [CONF_REFUSED] = PROBLEM_ERROR,
		[CONF_ALIAS] = PROBLEM_NOTE,
	};

	problem_add(c->problems, levels[key->status], file, line,
		    "\"%s\" %s: %s", key->name,
		    key->status == CONF_REFUSED ? "is not supported"
						: "has no effect",
		    key->help);
	return key->status != CONF_REFUSED;
}

static void remember(struct conf *c, const struct conf_key *key,
		     const struct conf_value *v)
{
	struct conf_value *new = arena_new_of(c->arena, struct conf_value);
	size_t i = (size_t)(key - keys);

	*new = *v;
	new->older = c->found[i];
	c->found[i] = new;
}

static bool put(struct conf *c, str name, const struct conf_value *v)
{
	const struct conf_key *key = conf_key(name);
	struct conf_value kept = *v;
	const char *want = "";

	if (key && key->status == CONF_ALIAS)
		key = conf_key(str_of(key->target));
	if (!key)
		return unknown(c, name, v->file, v->line);
	if (!v->value.n) {
		problem_add(c->problems, PROBLEM_ERROR, v->file, v->line,
			    "\"%s\" has no value", key->name);
		return false;
	}
	kept.value = arena_str(c->arena, v->value);
	remember(c, key, &kept);
	if (key->status != CONF_WORKS)
		return dead(c, key, v->file, v->line);
	if (value_put(c, key, kept.value, &want))
		return true;
	problem_add(c->problems, PROBLEM_ERROR, v->file, v->line,
		    "\"%s\" cannot be \"%.*s\": it is %s", key->name,
		    STR_ARG(str_head(v->value, 80)), want);
	return false;
}

bool conf_set(struct conf *c, str name, str value, str origin)
{
	struct conf_value v = { .value = str_trim(value), .file = origin };

	return put(c, name, &v);
}

/* policyd-spf.conf has "Name = value". */
static void undo_equals(str *name, str *value)
{
	size_t eq = str_find(*name, '=');

	if (eq < name->n && !value->n && eq > 0) {
		*value = str_trim(str_skip(*name, eq + 1));
		*name = str_head(*name, eq);
	} else if (eq + 1 == name->n && eq > 0) {
		name->n--;
	} else if (value->n && value->p[0] == '=') {
		*value = str_trim(str_skip(*value, 1));
	}
}

static bool include(struct conf *c, const struct conf_value *v, unsigned depth);

static bool line_ok(struct conf *c, const struct lex *l, str name, str value,
		    str file)
{
	const char *why = l->nul ? "holds a NUL byte: is this a text file?"
			  : name.n + value.n > LIMIT_CONFIG_LINE
				  ? "this line is too long"
				  : NULL;

	if (why)
		problem_add(c->problems, PROBLEM_ERROR, file, l->line, "%s",
			    why);
	return !why;
}

/* Recursion: bounded by LIMIT_INCLUDES through include().
 * NOLINTBEGIN(misc-no-recursion) */
static bool parse(struct conf *c, str text, str file, unsigned depth)
{
	struct lex l = lex_of(text);
	str name, value;
	bool ok = true;

	while (lex_next(&l, &name, &value)) {
		undo_equals(&name, &value);

		struct conf_value v = { .value = value,
					.file = file,
					.line = l.line };

		if (!line_ok(c, &l, name, value, file))
			ok = false;
		else if (value.n && str_ieq(name, STR("Include")))
			ok &= include(c, &v, depth);
		else
			ok &= put(c, name, &v);
	}
	return ok;
}

static bool read_file(struct conf *c, const char *path, str from, unsigned line,
		      unsigned depth)
{
	struct err e;
	str text;

	/* the customary way to say "only the command line" */
	if (strcmp(path, "/dev/null") == 0)
		return true;
	if (!file_read(c->arena, path, LIMIT_CONFIG_BYTES, &text, &e)) {
		problem_add(c->problems, PROBLEM_ERROR, from, line, "%s",
			    e.text);
		return false;
	}
	return parse(c, text, arena_str(c->arena, str_of(path)), depth);
}

static bool include(struct conf *c, const struct conf_value *v, unsigned depth)
{
	struct conf_value kept = *v;

	kept.value = arena_str(c->arena, v->value);
	remember(c, conf_key(STR("Include")), &kept);
	if (depth < LIMIT_INCLUDES)
		return read_file(c, kept.value.p, v->file, v->line, depth + 1);
	problem_add(c->problems, PROBLEM_ERROR, v->file, v->line,
		    "Include more than %d deep: do files include each other?",
		    LIMIT_INCLUDES);
	return false;
}
/* NOLINTEND(misc-no-recursion) */

bool conf_read(struct conf *c, const char *path)
{
	return read_file(c, path, str_of(path), 0, 0);
}

bool conf_parse(struct conf *c, str text, str file)
{
	return parse(c, text, file, LIMIT_INCLUDES);
}

const struct conf_value *conf_found(const struct conf *c, str name)
{
	const struct conf_key *key = conf_key(name);

	if (key && key->status == CONF_ALIAS)
		key = conf_key(str_of(key->target));
	return key ? c->found[key - keys] : NULL;
}

str conf_file(const struct conf *c, str name)
{
	const struct conf_value *v = conf_found(c, name);

	return v ? v->file : (str){ NULL, 0 };
}

unsigned conf_line(const struct conf *c, str name)
{
	const struct conf_value *v = conf_found(c, name);

	return v ? v->line : 0;
}

/* On-Default comes before all others, wherever its line stands. */
static void apply_default_action(struct conf *c)
{
	if (c->on_default == CONF_UNSET)
		return;
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].type == CONF_TYPE_ACTION && !c->found[i] &&
		    keys[i].status == CONF_WORKS)
			memcpy((char *)c + keys[i].offset, &c->on_default,
			       sizeof c->on_default);
}

/* opendkim(8): which settings signing needs together. */
static void check_signing(struct conf *c)
{
	if (!(c->mode & CONF_MODE_SIGN))
		return;
	if (c->signing_table.p && !c->key_table.p)
		conf_problem(c, PROBLEM_ERROR, "SigningTable",
			     "SigningTable names keys, but there is no "
			     "KeyTable: add \"KeyTable FILE\"");
	if (c->key_table.p && !c->signing_table.p)
		conf_problem(c, PROBLEM_ERROR, "KeyTable",
			     "KeyTable without SigningTable: nothing says "
			     "whose mail is signed; add \"SigningTable "
			     "refile:FILE\" with \"*@DOMAIN KEYNAME\"");
	if (c->key_table.p || c->signing_table.p)
		return;
	if (c->domain.p && !(c->key_file.p && c->selector.p))
		conf_problem(c, PROBLEM_ERROR, "Domain",
			     "Domain needs KeyFile and Selector too");
	if (c->key_file.p && !(c->domain.p && c->selector.p))
		conf_problem(c, PROBLEM_ERROR, "KeyFile",
			     "KeyFile needs Domain and Selector too");
	if (c->selector.p && !c->key_file.p && !c->domain.p)
		conf_problem(c, PROBLEM_ERROR, "Selector",
			     "Selector needs KeyFile and Domain too");
	if (!c->key_file.p && conf_found(c, STR("Mode")))
		conf_problem(c, PROBLEM_WARNING, "Mode",
			     "nothing is signed: neither KeyTable and "
			     "SigningTable nor Domain, KeyFile and Selector "
			     "are there");
}

static void check_unused(struct conf *c)
{
	static const char *const single[] = { "Domain", "KeyFile", "Selector" };

	if (!c->key_table.p)
		return;
	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		const struct conf_value *v = conf_found(c, str_of(single[i]));

		if (v)
			problem_add(c->problems, PROBLEM_NOTE, v->file, v->line,
				    "%s is not used because KeyTable is set",
				    single[i]);
	}
}

/* A setting of another program's file calls for what that program does. */
static bool any_found(const struct conf *c, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (conf_found(c, str_of(names[i])))
			return true;
	return false;
}

static void find_methods(struct conf *c)
{
	static const char *const dmarc[] = {
		"HistoryFile",
		"HoldQuarantinedMessages",
		"IgnoreMailFrom",
		"IgnoreMailTo",
		"OwnDomainSpoofed",
		"PolicyDiscovery",
		"PublicSuffixList",
		"RejectFailures",
		"RejectMultiValueFrom",
		"RequiredFrom",
		"SPFIgnoreResults",
		"SPFSelfValidate",
		"Store",
		"TrustedAuthservIDs",
	};
	static const char *const spf[] = {
		"debugLevel",       "Header_Type",      "HELO_reject",
		"Mail_From_reject", "PermError_reject", "TempError_Defer",
		"TestOnly",         "skip_addresses",
	};

	c->policyd = any_found(c, spf, sizeof spf / sizeof *spf);
	if (c->verify)
		c->methods = c->verify;
	else if (!c->opendmarc)
		c->methods = CONF_DKIM | (c->policyd ? CONF_SPF : 0);
	if (!c->verify &&
	    (c->opendmarc || any_found(c, dmarc, sizeof dmarc / sizeof *dmarc)))
		c->methods |= CONF_DMARC;
	if ((c->methods & CONF_DMARC) && !c->opendmarc)
		c->methods |= CONF_DKIM | CONF_SPF;
	if (c->opendmarc) /* signatures count there too, unreported */
		c->methods |= CONF_DKIM | (c->spf_self_validate ? CONF_SPF : 0);
	if (c->seal.n || c->domain_whitelist.n || c->domain_whitelist_file.n)
		c->methods |= CONF_ARC;
	if (!c->mail_from_reject)
		c->mail_from_reject = c->policyd ? CONF_SPF_FAIL
						 : CONF_SPF_NEVER;
	if (!c->helo_reject)
		c->helo_reject = c->policyd ? CONF_SPF_FAIL : CONF_SPF_NO_CHECK;
}

void conf_as_opendmarc(struct conf *c)
{
	c->opendmarc = true;
}

/* What is recorded is what DMARC says. */
static void check_store(struct conf *c)
{
	if (c->store.n && !(c->methods & CONF_DMARC))
		conf_problem(c, PROBLEM_WARNING, "Store",
			     "nothing is recorded, because DMARC does not "
			     "judge: add dmarc to Verify");
	if (c->failure_reports && !c->store.n)
		conf_problem(c, PROBLEM_WARNING, "FailureReports",
			     "nothing is kept for failure reports: add Store, "
			     "or delete the line");
	if (c->store.n && c->store_queue < 1)
		conf_problem(c, PROBLEM_ERROR, "StoreQueue",
			     "StoreQueue 0 has no room for a verdict: delete "
			     "the line, or Store");
}

bool conf_finish(struct conf *c)
{
	apply_default_action(c);
	find_methods(c);
	check_signing(c);
	check_unused(c);
	check_store(c);
	return !problems_fatal(c->problems);
}

const char *conf_default_path(void)
{
	static const char *const paths[] = { "/etc/inkan/inkan.conf",
					     "/etc/opendkim.conf" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	return NULL;
}
