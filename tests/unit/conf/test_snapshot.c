/* Whole configurations in a folder of their own: files, keys, permissions. */
#include "conf/snapshot.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static char *at(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *p = paths[turn++ % 4];

	(void)snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* text with every "@" replaced by the folder */
static void put_at(const char *name, const char *text)
{
	char full[4096];
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '@')
			n += (size_t)snprintf(full + n, sizeof full - n, "%s",
					      dir);
		else
			full[n++] = *text;
	}
	full[n] = '\0';
	put(name, full);
}

static void put_key(const char *name, enum key_type type)
{
	struct err e;
	struct privkey *k = privkey_generate(type, 2048, &e);

	assert_non_null(k);
	(void)unlink(at(name));
	assert_true(privkey_write(k, at(name), &e));
	privkey_free(k);
}

static struct snapshot *loaded(enum snapshot_purpose purpose,
			       struct snapshot *last)
{
	const char *path = at("conf");
	struct snapshot_request rq = { .purpose = purpose,
				       .paths = &path,
				       .n_paths = 1,
				       .last = last };
	struct snapshot *s = snapshot_load(&rq);

	assert_non_null(s);
	return s;
}

static bool says(const struct snapshot *s, enum problem_level level,
		 const char *what)
{
	for (const struct problem *p = s->problems.first; p; p = p->next) {
		struct buf b = buf_of(NULL, 4096);
		bool found;

		problem_write(&b, p);
		buf_putc(&b, '\0');
		found = p->level == level && strstr(b.p, what);
		buf_free(&b);
		if (found)
			return true;
	}
	return false;
}

static void print_problems(const struct snapshot *s)
{
	for (const struct problem *p = s->problems.first; p; p = p->next) {
		struct buf b = buf_of(NULL, 4096);

		problem_write(&b, p);
		print_error("  %.*s\n", STR_ARG(buf_str(&b)));
		buf_free(&b);
	}
}

/* Good tables with one key, as the tutorial makes them. */
static void put_tutorial(void)
{
	put_at("conf", "KeyTable @/KeyTable\n"
		       "SigningTable refile:@/SigningTable\n"
		       "Domain example.org\nSelector mail\n"
		       "KeyFile @/mail.private\n");
	put_at("KeyTable", "default._domainkey.example.org "
			   "example.org:default:@/default.private\n");
	put("SigningTable", "*@example.org\tdefault._domainkey.example.org\n");
	put_key("default.private", KEY_RSA);
	(void)unlink(at("TrustedHosts"));
}

/* SignatureAlgorithm against the keys that there are; once. */
static void tells_of_other_algorithms(void **state)
{
	static const struct {
		const char *setting;
		enum key_type type;
		bool told;
	} rows[] = {
		{ "", KEY_RSA, false },
		{ "SignatureAlgorithm rsa-sha256\n", KEY_RSA, false },
		{ "SignatureAlgorithm ed25519-sha256\n", KEY_RSA, true },
		{ "", KEY_ED25519, false },
		{ "SignatureAlgorithm ed25519-sha256\n", KEY_ED25519, false },
		{ "SignatureAlgorithm rsa-sha256\n", KEY_ED25519, true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * TEST_COUNT(rows); i++) {
		const char *setting = rows[i / 2].setting;
		char conf[1024];
		struct snapshot *s;

		if (i == 0)
			put_tutorial(); /* with an RSA key */
		else if (rows[i / 2].type != KEY_RSA)
			put_key("default.private", rows[i / 2].type);
		(void)snprintf(conf, sizeof conf,
			       i % 2 ? "%sDomain example.org\nSelector s\n"
				       "KeyFile @/default.private\n"
				     : "%sKeyTable @/KeyTable\n"
				       "SigningTable refile:@/SigningTable\n",
			       setting);
		put_at("conf", conf);
		put_at("KeyTable", "a example.org:a:@/default.private\n"
				   "default._domainkey.example.org "
				   "example.org:default:@/default.private\n");
		s = loaded(SNAPSHOT_CHECK, NULL);
		assert_true(s->ok);
		assert_int_equal(s->problems.count[PROBLEM_WARNING],
				 rows[i / 2].told ? 1 : 0);
		assert_int_equal(says(s, PROBLEM_WARNING, "delete the line"),
				 rows[i / 2].told);
		snapshot_release(s);
	}
}

static void loads_the_tutorial(void **state)
{
	struct snapshot *s;
	struct sign_choice *c;
	struct arena *a = arena_new(4096);
	struct sign_request rq = { .user = STR("u"),
				   .domain = STR("example.org") };
	enum keystore_news news;
	struct privkey *key;
	struct err e;

	(void)state;
	put_tutorial();
	put("TrustedHosts", "127.0.0.1\n");
	s = loaded(SNAPSHOT_CHECK, NULL);
	if (!s->ok)
		print_problems(s);
	assert_true(s->ok);
	assert_true(says(s, PROBLEM_NOTE, "TrustedHosts: note: no setting"));
	assert_true(says(s, PROBLEM_NOTE, "KeyFile is not used"));
	assert_int_equal(s->problems.count[PROBLEM_WARNING], 0);
	assert_true(ip_parse(STR("127.0.0.1"), &rq.client_ip));
	c = sign_choose(&s->rules, &rq, a);
	assert_int_equal(c->action, SIGN_SIGN);
	key = snapshot_key(s, &c->keys[0].key, &news, &e);
	assert_non_null(key);
	assert_int_equal(news, KEYSTORE_FINE);
	privkey_free(key);
	snapshot_release(snapshot_hold(s));
	snapshot_release(s);
	snapshot_release(NULL);
	arena_free(a);
}

static void refuses(const char *what)
{
	struct snapshot *s = loaded(SNAPSHOT_START, NULL);

	if (s->ok || !says(s, PROBLEM_ERROR, what)) {
		print_error("want: %s\n", what);
		print_problems(s);
	}
	assert_false(s->ok);
	assert_true(says(s, PROBLEM_ERROR, what));
	snapshot_release(s);
}

static void names_each_mistake(void **state)
{
	(void)state;
	put_tutorial();
	put("SigningTable", "*@example.org typo\n");
	refuses("SigningTable:1: error: SigningTable: there is no key "
		"\"typo\" in KeyTable");
	put("SigningTable", "\n\n*@example.org\n");
	refuses("SigningTable:3: error: SigningTable: \"*@example.org\" has "
		"no key name");
	put("SigningTable", "");
	refuses("SigningTable: the table has no entries");
	(void)unlink(at("SigningTable"));
	refuses("conf:2: error: SigningTable: cannot open");
	assert_int_equal(mkfifo(at("SigningTable"), 0600), 0);
	refuses("is not a regular file");
	(void)unlink(at("SigningTable"));
	put_tutorial();
	put("KeyTable", "default._domainkey.example.org example.org:s\n");
	refuses("KeyTable:1: error: KeyTable: "
		"\"default._domainkey.example.org\" needs three values");
	put_tutorial();
	put_at("conf", "KeyTable @/KeyTable\nSigningTable "
		       "refile:@/SigningTable\nInternalHosts 192.0.2.0/33\n"
		       "TrustAnchorFile @/none\nUserID no-such-user-here\n"
		       "SignHeaders a b\n");
	refuses("conf:3: error: InternalHosts: \"192.0.2.0/33\" is no network");
	refuses("conf:4: error: cannot read TrustAnchorFile");
	refuses("conf:5: error: there is no user");
	refuses("conf:6: error: SignHeaders: \"a b\" is no name");
	put("conf", "PeerList x:y\n");
	refuses("conf:1: error: PeerList: there is no kind of table");
}

static void includes(void **state)
{
	struct snapshot *s;

	(void)state;
	put_at("conf", "Include @/one\nDNSTimeout 7\n");
	put_at("one", "DNSTimeout 6\nSyslog y\n");
	s = loaded(SNAPSHOT_START, NULL);
	assert_true(s->ok);
	assert_int_equal(s->conf->dns_timeout, 7);
	assert_true(s->conf->syslog);
	snapshot_release(s);
	put_at("one", "Include @/conf\n");
	refuses("Include more than 5 deep");
	put_at("one", "Include @/gone\n");
	refuses("one:1: error: cannot open");
}

static void warns(const char *what)
{
	struct snapshot *s = loaded(SNAPSHOT_START, NULL);

	if (!s->ok || !says(s, PROBLEM_WARNING, what)) {
		print_error("want: %s\n", what);
		print_problems(s);
	}
	assert_true(s->ok);
	assert_true(says(s, PROBLEM_WARNING, what));
	snapshot_release(s);
}

static void warns_where_it_goes_on(void **state)
{
	(void)state;
	put_tutorial();
	put_at("conf", "KeyTable @/KeyTable\nSigningTable @/SigningTable\n"
		       "InternalHosts 192.0.2.1/24\n");
	warns("SigningTable:1: warning: SigningTable: \"*@example.org\" "
	      "matches nobody, patterns need \"SigningTable refile:");
	warns("\"192.0.2.1/24\" is taken as the whole network");
	put_tutorial();
	put("SigningTable", "*@example.org default._domainkey.example.org\n"
			    "a@example.org default._domainkey.example.org\n");
	warns("SigningTable:2: warning: SigningTable: this entry is never "
	      "used, \"*@example.org\" in line 1 comes first");
	put_tutorial();
	put_at("conf", "KeyTable @/KeyTable\n"
		       "SigningTable refile:@/SigningTable\n"
		       "RequireSafeKeys no\n");
	assert_int_equal(chmod(at("default.private"), 0644), 0);
	warns("default.private can be read by everybody (chmod 600 ");
	put_at("KeyTable", "default._domainkey.example.org "
			   "example.org:default:@/default.private:ed25519-"
			   "sha256\n");
	warns("says ed25519-sha256, but its key is RSA");
}

static void judges_the_path_of_a_key(void **state)
{
	(void)state;
	put_tutorial();
	assert_int_equal(mkdir(at("keys"), 0700), 0);
	put_key("keys/k", KEY_ED25519);
	put_at("KeyTable",
	       "default._domainkey.example.org example.org:s:@/keys/k\n");
	snapshot_release(loaded(SNAPSHOT_START, NULL));
	assert_int_equal(chmod(at("keys"), 0777), 0);
	refuses("no key of KeyTable can be loaded");
	assert_int_equal(chmod(at("keys"), 01777), 0); /* as /tmp */
	snapshot_release(loaded(SNAPSHOT_START, NULL));
	assert_int_equal(chmod(at("keys"), 0700), 0);
	assert_int_equal(chmod(at("keys/k"), 0620), 0);
	refuses("no key of KeyTable can be loaded");
	assert_int_equal(chmod(at("keys/k"), 0604), 0);
	refuses("no key of KeyTable can be loaded");
	assert_int_equal(chmod(at("keys/k"), 0600), 0);
	assert_int_equal(symlink("keys/k", at("link")), 0);
	put_at("KeyTable",
	       "default._domainkey.example.org example.org:s:@/link\n");
	snapshot_release(loaded(SNAPSHOT_START, NULL));
	put_at("KeyTable",
	       "default._domainkey.example.org example.org:s:@/keys\n");
	refuses("no key of KeyTable can be loaded");
	assert_int_equal(symlink("loop", at("loop")), 0);
	put_at("KeyTable",
	       "default._domainkey.example.org example.org:s:@/loop\n");
	refuses("no key of KeyTable can be loaded");
}

static struct privkey *only_key(struct snapshot *s)
{
	struct table_entry e;
	struct key_entry k;
	size_t pos = 0;
	enum keystore_news news;
	struct err err;

	assert_true(table_next(s->rules.keys, &pos, &e));
	assert_null(key_entry_parse(&e, &k));
	return snapshot_key(s, &k, &news, &err);
}

static void keeps_the_last_good_key(void **state)
{
	struct snapshot *one, *two, *three;
	struct privkey *k1, *k2, *k3;

	(void)state;
	put_tutorial();
	one = loaded(SNAPSHOT_START, NULL);
	assert_true(one->ok);
	k1 = only_key(one);

	/* unchanged: the same key, not read again */
	two = loaded(SNAPSHOT_RELOAD, one);
	assert_true(two->ok);
	snapshot_release(one);
	k2 = only_key(two);
	assert_ptr_equal(k1, k2);
	privkey_free(k2);

	/* gone: the last good one, and a word about it */
	assert_int_equal(unlink(at("default.private")), 0);
	three = loaded(SNAPSHOT_RELOAD, two);
	assert_true(three->ok);
	assert_true(says(three, PROBLEM_WARNING, "stays in use"));
	snapshot_release(two);
	k3 = only_key(three);
	assert_ptr_equal(k1, k3);
	privkey_free(k3);

	/* another one in its place is taken */
	put_key("default.private", KEY_ED25519);
	two = loaded(SNAPSHOT_RELOAD, three);
	snapshot_release(three);
	k2 = only_key(two);
	assert_int_equal(privkey_type(k2), KEY_ED25519);
	privkey_free(k2);
	snapshot_release(two);
	privkey_free(k1);
}

/* One customer's mistake stops neither the others nor the reload. */
static void one_bad_entry_is_its_own(void **state)
{
	struct snapshot *s;

	(void)state;
	put_tutorial();
	put_at("KeyTable", "default._domainkey.example.org "
			   "example.org:default:@/default.private\n"
			   "bad example.net:s:@/none\n");
	put("SigningTable", "*@example.org default._domainkey.example.org\n"
			    "*@example.net bad\n");
	s = loaded(SNAPSHOT_START, NULL);
	assert_true(s->ok);
	assert_true(
		says(s, PROBLEM_WARNING,
		     "KeyTable:2: warning: KeyTable: \"bad\": cannot open"));
	snapshot_release(s);
	s = loaded(SNAPSHOT_CHECK, NULL);
	assert_false(s->ok);
	snapshot_release(s);
	put("SigningTable", "*@example.org default._domainkey.example.org\n"
			    "*@example.net worse\n");
	s = loaded(SNAPSHOT_RELOAD, NULL);
	assert_true(s->ok);
	assert_true(says(s, PROBLEM_WARNING, "gets a temporary failure"));
	assert_true(says(s, PROBLEM_NOTE, "no line of SigningTable uses"));
	snapshot_release(s);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "%s", "/tmp/inkan-conf-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"conf",         "one",          "KeyTable",
		"SigningTable", "TrustedHosts", "default.private",
		"keys/k",       "link",         "loop",
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		(void)unlink(at(names[i]));
	(void)rmdir(at("keys"));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_the_tutorial),
		cmocka_unit_test(tells_of_other_algorithms),
		cmocka_unit_test(names_each_mistake),
		cmocka_unit_test(includes),
		cmocka_unit_test(warns_where_it_goes_on),
		cmocka_unit_test(judges_the_path_of_a_key),
		cmocka_unit_test(keeps_the_last_good_key),
		cmocka_unit_test(one_bad_entry_is_its_own),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
