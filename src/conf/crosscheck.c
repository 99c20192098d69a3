#include "conf/crosscheck.h"

#include "base/limits.h"
#include "sign/pattern.h"
#include "sign/signtable.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPENED_AT_START = 1000, /* about a second */
	OPENED_BY_CHECK = 10000,
	WEAK_RSA_BITS = 2048,
	COVERED_CHECKED_MAX = 20000
};

/* What to say about an entry, and where it stands. */
#define entry_problem(out, level, table, at, ...)      \
	problem_add((out), (level), table_name(table), \
		    table_line((table), (at)), __VA_ARGS__)

static enum problem_level structural(enum snapshot_purpose purpose)
{
	return purpose == SNAPSHOT_RELOAD ? PROBLEM_WARNING : PROBLEM_ERROR;
}

static void tell_unused(struct snapshot *s, const char *setting,
			const struct table *t, const struct table_entry *e,
			const struct table_entry *earlier)
{
	entry_problem(&s->problems, PROBLEM_WARNING, t, e->at,
		      "%s: this entry is never used, \"%.*s\" in line %u comes "
		      "first",
		      setting, STR_ARG(str_head(earlier->key, 80)),
		      table_line(t, earlier->at));
}

static void check_doubles(struct snapshot *s, const char *setting,
			  const struct table *t)
{
	struct table_entry earlier, later;
	size_t i = 0;

	while (table_next_double(t, &i, &earlier, &later))
		tell_unused(s, setting, t, &later, &earlier);
}

/* A pattern that an earlier one covers.  (Not in a very large table: there a
 * lookup for each line would take longer than all the rest.) */
static void check_covered(struct snapshot *s, const struct table *t,
			  const struct table_entry *e)
{
	struct table_entry first;

	if (table_kind(t) != TABLE_PATTERNS ||
	    table_count(t) > COVERED_CHECKED_MAX ||
	    pattern_kind(e->key) == PATTERN_REGEX ||
	    !table_find(t, e->key, &first) || first.at >= e->at ||
	    str_ieq(first.key, e->key))
		return;
	tell_unused(s, "SigningTable", t, e, &first);
}

/* One bit for each byte of the KeyTable's text: this entry is named. */
struct used {
	uint64_t *bits; /* NULL: not kept */
	bool unknown; /* a name depends on the sender */
	size_t guess; /* the entry behind the one found last */
};

static void used_init(struct used *u, const struct snapshot *s)
{
	const struct table *keys = s->rules.keys;

	*u = (struct used){ .bits = NULL };
	if (keys && table_kind(keys) != TABLE_PATTERNS)
		u->bits = calloc(table_size(keys) / 64 + 1, sizeof *u->bits);
}

/* Large tables are made by programs, which write both in the same order: the
 * next entry is likely the one. */
static bool find_key(const struct table *keys, str name, struct used *u)
{
	struct table_entry found;

	if (!table_next(keys, &u->guess, &found) || !str_eq(found.key, name)) {
		if (!table_find(keys, name, &found))
			return false;
		u->guess = found.at;
		(void)table_next(keys, &u->guess, &found);
	}
	if (u->bits)
		u->bits[found.at / 64] |= (uint64_t)1 << found.at % 64;
	return true;
}

static void check_sign_entry(struct snapshot *s, enum problem_level level,
			     const struct table_entry *e, struct used *u)
{
	const struct table *t = s->rules.signing, *keys = s->rules.keys;
	struct sign_entry se;

	if (!sign_entry_parse(e, &se)) {
		entry_problem(&s->problems, level, t, e->at,
			      "SigningTable: \"%.*s\" has no key name: write "
			      "SENDER KEYNAME",
			      STR_ARG(str_head(e->key, 80)));
		return;
	}
	if (str_eq(se.key_name, STR("%"))) {
		u->unknown = true;
		return;
	}
	if (keys && !find_key(keys, se.key_name, u) &&
	    s->conf->check_signing_table)
		entry_problem(&s->problems, level, t, e->at,
			      "SigningTable: there is no key \"%.*s\" in "
			      "KeyTable (%.*s)%s",
			      STR_ARG(str_head(se.key_name, 80)),
			      STR_ARG(table_name(keys)),
			      level == PROBLEM_ERROR
				      ? ""
				      : "; mail of this sender gets a "
					"temporary failure");
}

/* "*@domain" has its meaning in refile: only. */
static void check_stars(struct snapshot *s, const struct table_entry *e)
{
	const struct table *t = s->rules.signing;
	size_t star = str_find(e->key, '*');
	bool known = str_eq(e->key, STR("*")) ||
		     (str_iends(e->key, STR("@*")) && star == e->key.n - 1);

	if (table_kind(t) == TABLE_PATTERNS || star == e->key.n || known)
		return;
	entry_problem(&s->problems, PROBLEM_WARNING, t, e->at,
		      "SigningTable: \"%.*s\" matches nobody, patterns need "
		      "\"SigningTable refile:%.*s\"",
		      STR_ARG(str_head(e->key, 80)), STR_ARG(table_name(t)));
}

static void check_signing(struct snapshot *s, enum problem_level level,
			  struct used *u)
{
	const struct table *t = s->rules.signing;
	struct table_entry e;
	size_t at = 0;

	while (t && table_next(t, &at, &e)) {
		check_sign_entry(s, level, &e, u);
		check_stars(s, &e);
		if (!s->rules.multiple)
			check_covered(s, t, &e);
	}
	if (t && !(s->rules.multiple && table_kind(t) == TABLE_PATTERNS))
		check_doubles(s, "SigningTable", t);
}

static void check_keys(struct snapshot *s, enum problem_level level,
		       const struct used *u)
{
	const struct table *t = s->rules.keys;
	struct table_entry e;
	size_t at = 0;

	while (t && table_next(t, &at, &e)) {
		struct key_entry k;
		const char *why = key_entry_parse(&e, &k);

		if (why)
			entry_problem(&s->problems, level, t, e.at,
				      "KeyTable: \"%.*s\" %s",
				      STR_ARG(str_head(e.key, 80)), why);
		if (u->bits && !u->unknown && s->rules.signing &&
		    !(u->bits[e.at / 64] >> e.at % 64 & 1))
			entry_problem(&s->problems, PROBLEM_NOTE, t, e.at,
				      "KeyTable: no line of SigningTable uses "
				      "\"%.*s\"",
				      STR_ARG(str_head(e.key, 80)));
	}
	if (t)
		check_doubles(s, "KeyTable", t);
}

static void check_hosts(struct snapshot *s, const char *setting,
			const struct hosts *h)
{
	struct table_entry e;
	size_t at = 0;

	while (h && table_next(h->table, &at, &e)) {
		struct ip_prefix p;
		bool slash = str_find(e.key, '/') < e.key.n;

		if (hosts_entry_network(e.key, &p)) {
			if (ip_prefix_has_host_bits(p))
				entry_problem(&s->problems, PROBLEM_WARNING,
					      h->table, e.at,
					      "%s: \"%.*s\" is taken as the "
					      "whole network of that length "
					      "(opendkim matched nothing); "
					      "write the network's own address",
					      setting, STR_ARG(e.key));
		} else if (slash && table_kind(h->table) != TABLE_PATTERNS) {
			entry_problem(&s->problems, PROBLEM_ERROR, h->table,
				      e.at, "%s: \"%.*s\" is no network",
				      setting, STR_ARG(str_head(e.key, 80)));
		}
	}
}

static bool is_named(const struct snapshot *s, str path)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		const struct conf_value *v = conf_found(s->conf,
							str_of(keys[i].name));

		if (v && str_iends(v->value, path))
			return true;
	}
	return false;
}

/* The tutorials' TrustedHosts: made, but named by no setting. */
static void check_forgotten(struct snapshot *s, str beside)
{
	static const char *const names[] = { "TrustedHosts", "trusted.hosts",
					     "trusted_hosts", "trustedhosts" };
	size_t slash = str_rfind(beside, '/');
	char path[PATH_MAX];

	if (slash == beside.n || slash > PATH_MAX - 32)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		str name = str_of(names[i]);
		size_t n = slash + 1 + name.n;

		memcpy(path, beside.p, slash + 1);
		memcpy(path + slash + 1, name.p, name.n + 1);
		if (access(path, F_OK) == 0 && !is_named(s, (str){ path, n }))
			problem_add(&s->problems, PROBLEM_NOTE,
				    (str){ path, n }, 0,
				    "no setting names this file, so it has no "
				    "effect; to sign mail of these hosts add "
				    "\"InternalHosts refile:%s\"",
				    path);
	}
}

void crosscheck_tables(struct snapshot *s, enum snapshot_purpose purpose)
{
	enum problem_level level = structural(purpose);
	struct used u;

	used_init(&u, s);
	check_signing(s, level, &u);
	check_keys(s, level, &u);
	free(u.bits);
	check_hosts(s, "InternalHosts", s->rules.internal);
	check_hosts(s, "PeerList", s->rules.peers);
	check_hosts(s, "ExternalIgnoreList", s->rules.external_ignore);
	if (s->rules.keys)
		check_forgotten(s, table_name(s->rules.keys));
	else if (s->rules.signing)
		check_forgotten(s, table_name(s->rules.signing));
}

/* SignatureAlgorithm is of all keys that say nothing else; a key signs by its
 * type.  Told once: the keys of a table mostly are of one kind. */
static void check_algorithm(const struct snapshot *s, const struct privkey *key,
			    struct problems *out)
{
	static const char *const words[] = {
		[CONF_RSA_SHA256] = "rsa-sha256",
		[CONF_ED25519_SHA256] = "ed25519-sha256"
	};
	enum conf_algorithm is = privkey_type(key) == KEY_RSA
					 ? CONF_RSA_SHA256
					 : CONF_ED25519_SHA256;

	if (!conf_found(s->conf, STR("SignatureAlgorithm")) ||
	    s->conf->signature_algorithm == is || out->algorithm_told)
		return;
	out->algorithm_told = true;
	problem_add(out, PROBLEM_WARNING,
		    conf_file(s->conf, STR("SignatureAlgorithm")),
		    conf_line(s->conf, STR("SignatureAlgorithm")),
		    "SignatureAlgorithm is %s, but a key signs with %s: delete "
		    "the line, or make a key for it (inkan keygen --algorithm "
		    "%s)",
		    words[s->conf->signature_algorithm], words[is],
		    is == CONF_RSA_SHA256 ? "ed25519" : "rsa");
}

static void check_kind(const struct snapshot *s, const struct key_entry *k,
		       const struct privkey *key, struct problems *out)
{
	bool rsa = privkey_type(key) == KEY_RSA;
	unsigned bits = privkey_bits(key);

	if ((rsa && k->algorithm == KEY_ALGORITHM_ED25519) ||
	    (!rsa && k->algorithm == KEY_ALGORITHM_RSA))
		entry_problem(out, PROBLEM_WARNING, s->rules.keys, k->at,
			      "KeyTable: \"%.*s\" says %.*s, but its key is "
			      "%s, and so it signs",
			      STR_ARG(str_head(k->name, 80)),
			      STR_ARG(k->algorithm_text),
			      rsa ? "RSA" : "Ed25519");
	if (k->algorithm == KEY_ALGORITHM_ANY)
		check_algorithm(s, key, out);
	if (rsa && bits < WEAK_RSA_BITS)
		entry_problem(out, PROBLEM_NOTE, s->rules.keys, k->at,
			      "KeyTable: the key of \"%.*s\" has %u bits, 2048 "
			      "are usual today",
			      STR_ARG(str_head(k->name, 80)), bits);
}

bool crosscheck_key(const struct snapshot *s, const struct key_entry *k,
		    enum problem_level level, struct problems *out)
{
	enum keystore_news news;
	struct err e;
	struct privkey *key = keystore_get(s->keys, k, &news, &e);
	bool told = news == KEYSTORE_UNSAFE && out->unsafe_key_told;
	const char *what =
		news == KEYSTORE_UNSAFE ? "; RequireSafeKeys is off, so this "
					  "key and others like it are used"
		: news == KEYSTORE_KEPT ? "; the key that was loaded before "
					  "stays in use"
		: news == KEYSTORE_ROOT_ONLY
			? "; a reload will keep the one it has"
		: news == KEYSTORE_FAILED && level == PROBLEM_WARNING
			? "; mail of this entry gets a temporary failure"
			: "";

	out->unsafe_key_told |= news == KEYSTORE_UNSAFE;
	if (news != KEYSTORE_FINE && !told)
		entry_problem(out,
			      news == KEYSTORE_FAILED ? level : PROBLEM_WARNING,
			      s->rules.keys, k->at, "KeyTable: \"%.*s\": %s%s",
			      STR_ARG(str_head(k->name, 80)), e.text, what);
	if (key)
		check_kind(s, k, key, out);
	privkey_free(key);
	return key != NULL;
}

/* Domain, Selector, KeyFile: there is only this key. */
static void check_key_file(struct snapshot *s)
{
	struct key_entry k = { .key = s->rules.key_file, .is_path = true };
	enum keystore_news news;
	struct err e;
	struct privkey *key;

	if (!k.key.p || s->rules.keys || s->rules.signing)
		return;
	key = keystore_get(s->keys, &k, &news, &e);
	if (news != KEYSTORE_FINE)
		conf_problem(s->conf, key ? PROBLEM_WARNING : PROBLEM_ERROR,
			     "KeyFile", "KeyFile: %s%s", e.text,
			     news == KEYSTORE_KEPT ? "; the key that was "
						     "loaded before stays in "
						     "use"
						   : "");
	if (key)
		check_algorithm(s, key, &s->problems);
	if (key && privkey_type(key) == KEY_RSA &&
	    privkey_bits(key) < WEAK_RSA_BITS)
		conf_problem(s->conf, PROBLEM_NOTE, "KeyFile",
			     "KeyFile: the key has %u bits, 2048 are usual "
			     "today",
			     privkey_bits(key));
	privkey_free(key);
}

void crosscheck_keys(struct snapshot *s, enum snapshot_purpose purpose)
{
	size_t max = purpose == SNAPSHOT_CHECK ? OPENED_BY_CHECK
					       : OPENED_AT_START;
	const struct table *t = s->rules.keys;
	enum problem_level level = purpose == SNAPSHOT_CHECK ? PROBLEM_ERROR
							     : PROBLEM_WARNING;
	size_t good = 0, bad = 0;
	struct table_entry e;

	check_key_file(s);
	while (t && good + bad < max &&
	       table_next(t, &s->keys_checked_to, &e)) {
		struct key_entry k;

		if (key_entry_parse(&e, &k) || key_entry_has_percent(&k))
			continue;
		if (crosscheck_key(s, &k, level, &s->problems))
			good++;
		else
			bad++;
	}
	if (bad && !good && bad < max && purpose == SNAPSHOT_START)
		conf_problem(s->conf, PROBLEM_ERROR, "KeyTable",
			     "no key of KeyTable can be loaded");
	if (purpose == SNAPSHOT_CHECK && good + bad == max)
		conf_problem(s->conf, PROBLEM_NOTE, "KeyTable",
			     "of this large table the first %zu keys were "
			     "opened",
			     max);
}
