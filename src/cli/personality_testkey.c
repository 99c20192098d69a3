/* opendkim-testkey: the same options, words and exit statuses; but a KeyTable
 * with a bad key does not end with 0, and goes on behind a bad line. */
#include "cli/cli.h"
#include "conf/dataset.h"
#include "conf/keytest.h"
#include "sign/keytable.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char default_config[] = "/etc/opendkim.conf";

struct testkey {
	struct arena *arena;
	const char *domain, *selector, *key, *config;
	str trust_anchor, nameservers;
	long dns_timeout;
	const struct table *table; /* walked when nothing was named */
	struct dns_client *dns;
	int verbose;
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	struct buf b;
	char raw[2048];
	va_list ap;
	struct arena *arena = arena_new(8192);

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is not */
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	if (!arena)
		return;
	b = buf_of(arena, sizeof raw);
	buf_put(&b, out_text(arena, str_of(raw)));
	fprintf(stderr, "opendkim-testkey: %.*s\n", STR_ARG(buf_str(&b)));
	arena_free(arena);
}

static int usage(void)
{
	fputs("opendkim-testkey: usage: opendkim-testkey [options]\n"
	      "\t-d domain  \tdomain name\n"
	      "\t-k keypath \tpath to private key\n"
	      "\t-s selector\tselector name\n"
	      "\t-v         \tincrease verbose output\n"
	      "\t-x conffile\tconfiguration file\n",
	      stderr);
	return 78;
}

static int status_of(enum keytest_result r)
{
	return r == KEYTEST_OK ? 0 : r == KEYTEST_MISMATCH ? 65 : 69;
}

static str words_of(struct arena *arena, const struct keytest *t)
{
	return t->result == KEYTEST_REVOKED ? STR("Revoked key")
					    : keytest_words(arena, t);
}

static struct privkey *load_path(const char *path, int *status)
{
	struct privkey *key;
	struct stat st;
	struct err e;

	if (stat(path, &st) < 0) {
		say("%s: stat(): %s", path,
		    strerror_l(errno, uselocale((locale_t)0)));
		*status = 71;
		return NULL;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		say("%s: WARNING: unsafe permissions", path);
	key = privkey_read(path, PRIVKEY_ANY, &e);
	if (!key) {
		say("%s", e.text);
		*status = 69;
	}
	return key;
}

static const char *secure_word(const struct keytest *t)
{
	return t->secure ? "secure" : "not secure";
}

static int test_one(const struct testkey *o, const struct privkey *key)
{
	struct keytest t;

	if (o->verbose > 1)
		say("checking key '%s._domainkey.%s'", o->selector, o->domain);
	t = keytest_run(o->arena, o->dns, str_of(o->domain),
			str_of(o->selector), key);
	if (o->verbose &&
	    (t.result == KEYTEST_OK || t.result == KEYTEST_MISMATCH))
		say("key %s", secure_word(&t));
	if (t.result != KEYTEST_OK || o->verbose > 2)
		say("%.*s", STR_ARG(words_of(o->arena, &t)));
	return status_of(t.result);
}

static int test_line(const struct testkey *o, const struct table_entry *from,
		     const char *name)
{
	struct key_entry k;
	const char *wrong = key_entry_parse(from, &k);
	struct privkey *key;
	struct keytest t;
	int status = 69;
	struct err e;

	if (!wrong && key_entry_has_percent(&k))
		wrong = "depends on the sender (%)";
	if (wrong) {
		say("key %s: %s", name, wrong);
		return 69;
	}
	if (k.is_path) {
		key = load_path(arena_cstr(o->arena, k.key), &status);
	} else {
		key = privkey_parse(k.key, &e);
		if (!key)
			say("key %s: %s", name, e.text);
	}
	if (!key)
		return status;
	if (o->verbose > 1)
		say("checking key '%s'", name);
	t = keytest_run(o->arena, o->dns, k.domain, k.selector, key);
	privkey_free(key);
	if (t.result != KEYTEST_OK)
		say("key %s: %.*s", name, STR_ARG(words_of(o->arena, &t)));
	if (o->verbose &&
	    (t.result == KEYTEST_OK || t.result == KEYTEST_MISMATCH))
		say("key %s %s", name, secure_word(&t));
	if (t.result == KEYTEST_OK && o->verbose > 2)
		say("key %s: OK", name);
	return status_of(t.result);
}

static int test_table(const struct testkey *o)
{
	struct table_entry e;
	size_t at = 0;
	int pass = 0, failed = 0, status = 0;

	while (table_next(o->table, &at, &e)) {
		const char *name = arena_cstr(o->arena, e.key);
		int one;

		if (o->verbose > 2)
			say("record %d for '%s' retrieved", pass + failed,
			    name);
		one = test_line(o, &e, name);
		if (one)
			status = one;
		one ? failed++ : pass++;
	}
	if (o->verbose)
		say("%d key%s checked; %d pass, %d fail", pass + failed,
		    pass + failed == 1 ? "" : "s", pass, failed);
	return status;
}

/* What the command line has not said already. */
static void take_settings(struct testkey *o, struct conf *c)
{
	bool named = o->domain || o->selector || o->key;
	struct dataset_options options = { .fold = false };

	o->trust_anchor = c->trust_anchor_file;
	o->nameservers = c->nameservers;
	o->dns_timeout = c->dns_timeout;
	if (getrandom(&options.seed, sizeof options.seed, 0) < 0 || !named)
		o->table = c->key_table.p ? dataset_open(c, STR("KeyTable"),
							 c->key_table, &options)
					  : NULL;
	if (o->table || c->key_table.p)
		return;
	if (!o->domain && c->domain.p)
		o->domain = c->domain.p;
	if (!o->selector && c->selector.p)
		o->selector = c->selector.p;
	if (!o->key && c->key_file.p)
		o->key = c->key_file.p;
}

static bool read_config(struct testkey *o)
{
	struct problems problems;
	struct conf *c;

	if (!o->config && access(default_config, R_OK) < 0)
		return true;
	if (!o->config && o->verbose > 1)
		say("using default configfile %s", default_config);
	problems_init(&problems, o->arena);
	c = conf_new(o->arena, &problems);
	(void)conf_read(c, o->config ? o->config : default_config);
	take_settings(o, c);
	for (const struct problem *p = problems.first; p; p = p->next) {
		struct buf b = buf_of(o->arena, 4096);

		if (p->level != PROBLEM_ERROR)
			continue;
		problem_write(&b, p);
		say("%.*s", STR_ARG(buf_str(&b)));
	}
	return !problems_fatal(&problems);
}

static struct dns_client *open_dns(const struct testkey *o)
{
	struct dns_client_options d = { .trust_anchor = o->trust_anchor.p };
	str rest = o->nameservers, one;
	const char **servers = arena_array_of(o->arena, const char *,
					      rest.n + 1);
	struct dns_client *dns;
	struct err e;

	while (str_split(&rest, ',', &one))
		if (str_trim(one).n)
			servers[d.n_nameservers++] = arena_cstr(o->arena,
								str_trim(one));
	d.nameservers = servers;
	if (o->dns_timeout > 0 && o->dns_timeout < 3600)
		d.timeout_ms = (unsigned)o->dns_timeout * 1000;
	dns = dns_client_new(&d, &e);
	if (!dns)
		say("%s", e.text);
	return dns;
}

static int test(struct testkey *o)
{
	struct privkey *key = NULL;
	int status = 69;

	if (!o->table && (!o->domain || !o->selector))
		return usage();
	if (!o->table && o->key) {
		key = load_path(o->key, &status);
		if (!key)
			return status;
		if (o->verbose > 1)
			say("key loaded from %s", o->key);
	}
	o->dns = open_dns(o);
	if (o->dns)
		status = o->table ? test_table(o) : test_one(o, key);
	dns_client_free(o->dns);
	privkey_free(key);
	return status;
}

static bool parse(struct testkey *o, int argc, char *argv[])
{
	int c;

	opterr = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((c = getopt(argc, argv, "d:k:s:vx:")) != -1)
		switch (c) {
		case 'd':
			o->domain = optarg;
			break;
		case 'k':
			o->key = optarg;
			break;
		case 's':
			o->selector = optarg;
			break;
		case 'v':
			o->verbose++;
			break;
		case 'x':
			o->config = optarg;
			break;
		default:
			say("invalid option -- '%c'", optopt);
			return false;
		}
	return true;
}

int testkey_main(struct arena *arena, int argc, char *argv[])
{
	struct testkey o = { .arena = arena };

	if (!parse(&o, argc, argv))
		return usage();
	return read_config(&o) ? test(&o) : 78;
}
