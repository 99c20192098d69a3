/* inkan testkey: is the key in DNS the key we sign with? */
#include "cli/config.h"
#include "conf/keytest.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN", N_("the signing domain") },
	{ "selector", 's', "SELECTOR", N_("the selector") },
	{ "key", 'k', "FILE", N_("the private key to compare with") },
	{ NULL, 0, NULL, NULL },
};

static json_t *result_json(struct arena *arena, const struct keytest *t)
{
	static const char *const words[] = {
		[KEYTEST_OK] = "ok",
		[KEYTEST_NOT_FOUND] = "not-found",
		[KEYTEST_TIMEOUT] = "timeout",
		[KEYTEST_BOGUS] = "bogus",
		[KEYTEST_INVALID] = "invalid",
		[KEYTEST_REVOKED] = "revoked",
		[KEYTEST_MISMATCH] = "mismatch",
	};

	return json_pack("{s:o, s:s, s:o, s:b, s:b, s:i}", "name",
			 json_of(t->name), "result", words[t->result], "text",
			 json_of(keytest_words(arena, t)), "dnssec",
			 (int)t->secure, "testing", (int)t->testing, "bits",
			 (int)t->bits);
}

static const char *cure(enum keytest_result result)
{
	static const char *const cures[] = {
		[KEYTEST_NOT_FOUND] = N_(
			"publish the record of this selector (SELECTOR.txt "
			"beside the key), then wait for its TTL"),
		[KEYTEST_TIMEOUT] = N_(
			"no name server answered: try again, or name one "
			"with --nameserver"),
		[KEYTEST_BOGUS] = N_("DNSSEC of this zone is broken: ask who "
				     "runs its name servers"),
		[KEYTEST_INVALID] = N_(
			"publish it again in one piece, without line "
			"breaks, quotes or backslashes of your own"),
		[KEYTEST_REVOKED] = N_(
			"p= is empty: this key was withdrawn; make a new "
			"selector"),
		[KEYTEST_MISMATCH] = N_(
			"the record belongs to another key: publish this "
			"key's record, or sign with that key"),
	};

	return cures[result] ? _(cures[result]) : NULL;
}

static void print(struct cli *cli, const struct keytest *t)
{
	str words = out_text(cli->arena, keytest_words(cli->arena, t));
	bool ok = t->result == KEYTEST_OK;

	printf("%.*s: %s%.*s%s", STR_ARG(t->name),
	       out_begin(ok ? OUT_GOOD : OUT_BAD), STR_ARG(words), out_end());
	if (ok)
		printf("  (%u bits; DNSSEC: %s%s)", t->bits,
		       t->secure ? _("yes") : _("no"),
		       t->testing ? _("; marked as testing") : "");
	putchar('\n');
	if (cure(t->result))
		printf("  %s\n", cure(t->result));
}

struct testing {
	struct cli *cli;
	struct dns_client *dns;
	json_t *all; /* of many keys */
	bool timeout, bad;
};

static void test_one(struct testing *t, str domain, str selector,
		     const struct privkey *key)
{
	struct keytest k = keytest_run(t->cli->arena, t->dns, domain, selector,
				       key);

	t->timeout |= k.result == KEYTEST_TIMEOUT;
	t->bad |= k.result != KEYTEST_OK;
	if (!t->cli->json)
		print(t->cli, &k);
	else if (t->all)
		json_array_append_new(t->all, result_json(t->cli->arena, &k));
	else
		out_json(result_json(t->cli->arena, &k));
}

/* A line whose key cannot be loaded. */
static void report_line(struct testing *t, const struct key_entry *k,
			const char *place, const char *text)
{
	t->bad = true;
	if (t->cli->json)
		json_array_append_new(t->all,
				      json_pack("{s:o, s:s, s:s, s:s}", "name",
						json_of(k->name), "result",
						"key-file", "text", text,
						"line", place));
	else
		printf("%s: %s%s%s\n", place, out_begin(OUT_BAD), text,
		       out_end());
}

static void test_entry(struct testing *t, struct snapshot *s,
		       const struct table_entry *from)
{
	struct key_entry k;
	const char *wrong = key_entry_parse(from, &k);
	const char *place = cli_place(t->cli, s->rules.keys, from->at);
	enum keystore_news news;
	struct privkey *key;

	if (wrong || key_entry_has_percent(&k)) {
		report_line(t, &k, place,
			    wrong ? _(wrong) : _("depends on the sender (%)"));
		return;
	}
	key = snapshot_key(s, &k, &news, &t->cli->err);
	if (!key) {
		report_line(t, &k, place, t->cli->err.text);
		return;
	}
	test_one(t, k.domain, k.selector, key);
	privkey_free(key);
}

/* Every line of the KeyTable, or the one key of KeyFile. */
static int test_config(struct testing *t)
{
	struct snapshot *s = cli_key_tables(t->cli);
	struct table_entry entry;
	size_t at = 0;

	if (!s)
		return cli_fail(t->cli);
	if (!s->rules.keys) {
		snapshot_release(s);
		return cli_usage(t->cli, _("the configuration has no KeyTable: "
					   "name --domain and --selector"));
	}
	t->all = json_array();
	while (table_next(s->rules.keys, &at, &entry))
		test_entry(t, s, &entry);
	if (t->cli->json)
		out_json(t->all);
	else
		json_decref(t->all);
	snapshot_release(s);
	return 0;
}

static int test_named(struct testing *t, const char *domain,
		      const char *selector)
{
	const char *path = args_get(&t->cli->args, "key");
	struct privkey *key = NULL;

	if (!domain || !selector)
		return cli_usage(t->cli, _("testkey needs --domain and "
					   "--selector, or none of them"));
	if (path) {
		key = cli_key(t->cli, path);
		if (!key)
			return cli_fail(t->cli);
	}
	test_one(t, str_of(domain), str_of(selector), key);
	return 0;
}

static int run(struct cli *cli)
{
	const char *domain = args_get(&cli->args, "domain");
	const char *selector = args_get(&cli->args, "selector");
	struct testing t = { .cli = cli, .dns = cli_dns(cli) };
	int status;

	if (!t.dns)
		return cli_fail(cli);
	status = domain || selector ? test_named(&t, domain, selector)
				    : test_config(&t);
	dns_client_free(t.dns);
	if (status)
		return status;
	if (t.timeout)
		return 69;
	return args_has(&cli->args, "fail") && t.bad ? 1 : 0;
}

const struct command cmd_testkey = {
	"testkey",
	N_("[--domain D --selector S [--key FILE]]"),
	N_("compare a key with its record in DNS"),
	N_("Without --key the record alone is looked at; without --domain every "
	   "line of the KeyTable\nis tested."),
	options,
	run,
};
