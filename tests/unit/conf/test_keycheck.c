/* Keys against records in a zone file. */
#include "base/base64.h"
#include "conf/keycheck.h"
#include "test.h"

#include <stdlib.h>
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

static struct privkey *new_key(const char *name)
{
	struct err e;
	struct privkey *k = privkey_generate(KEY_ED25519, 0, &e);

	assert_non_null(k);
	(void)unlink(at(name));
	assert_true(privkey_write(k, at(name), &e));
	return k;
}

static void put_files(struct arena *a, const struct privkey *key)
{
	str p = base64_encode(a, privkey_public(key, a));
	FILE *f = fopen(at("zone"), "w");

	assert_non_null(f);
	fprintf(f,
		"good._domainkey.example.org. 60 IN TXT \"v=DKIM1; k=ed25519; "
		"p=%.*s\"\n"
		"test._domainkey.example.org. 60 IN TXT \"v=DKIM1; t=y; "
		"k=ed25519; p=%.*s\"\n"
		"gone._domainkey.example.org. 60 IN TXT \"v=DKIM1; p=\"\n"
		"bad._domainkey.example.org. 60 IN TXT \"v=DKIM1; k=rsa; "
		"p=%.*s\"\n",
		STR_ARG(p), STR_ARG(p), STR_ARG(p));
	fclose(f);
	f = fopen(at("KeyTable"), "w");
	assert_non_null(f);
	fprintf(f,
		"k1 example.org:good:%s/one\n"
		"k2 example.org:good:%s/two\n"
		"k3 example.org:none:%s/one\n"
		"k4 example.org:gone:%s/one\n"
		"k5 example.org:bad:%s/one\n"
		"k6 example.org:test:%s/one\n"
		"k7 %%:good:%s/one\n",
		dir, dir, dir, dir, dir, dir, dir);
	fclose(f);
	f = fopen(at("conf"), "w");
	assert_non_null(f);
	fprintf(f,
		"KeyTable %s/KeyTable\n"
		"SigningTable csl:example.org=k1\n",
		dir);
	fclose(f);
}

struct told {
	size_t n;
	char lines[8][512];
};

static void tell(void *arg, const struct problem *p)
{
	struct told *t = arg;
	struct buf b = buf_of(NULL, 4096);

	problem_write(&b, p);
	assert_true(t->n < TEST_COUNT(t->lines));
	(void)snprintf(t->lines[t->n++], sizeof t->lines[0], "%.*s",
		       STR_ARG(buf_str(&b)));
	buf_free(&b);
}

static void names_each_difference(void **state)
{
	static const char *const want[] = {
		"KeyTable:2: warning: key \"k2\", record "
		"good._domainkey.example.org: keys do not match",
		"KeyTable:3: warning: key \"k3\", record "
		"none._domainkey.example.org: "
		"'none._domainkey.example.org' record not found",
		"KeyTable:4: warning: key \"k4\", record "
		"gone._domainkey.example.org: ",
		"KeyTable:5: warning: key \"k5\", record "
		"bad._domainkey.example.org: invalid data",
		"KeyTable:6: note: key \"k6\", record "
		"test._domainkey.example.org: key OK: the record says t=y",
	};
	struct arena *a = arena_new(4096);
	struct privkey *one = new_key("one"), *two = new_key("two");
	const char *conf = at("conf"), *zone;
	struct snapshot_request rq = { .purpose = SNAPSHOT_START,
				       .paths = &conf,
				       .n_paths = 1 };
	struct dns_client_options options = { .zones = &zone, .n_zones = 1 };
	struct told told = { 0 };
	struct snapshot *s;
	struct dns_client *dns;
	struct keycheck *k;
	struct err e;

	(void)state;
	put_files(a, one);
	s = snapshot_load(&rq);
	assert_true(s->ok);
	zone = at("zone");
	dns = dns_client_new(&options, &e);
	assert_non_null(dns);
	k = keycheck_new(s, tell, &told);
	snapshot_release(s); /* it holds its own */
	while (keycheck_next(k, dns))
		;
	assert_int_equal(keycheck_done(k), 6);
	assert_int_equal(keycheck_wrong(k), 5);
	assert_int_equal(told.n, TEST_COUNT(want));
	for (size_t i = 0; i < TEST_COUNT(want); i++)
		if (!strstr(told.lines[i], want[i]))
			fail_msg("%s", told.lines[i]);
	keycheck_free(k);
	keycheck_free(NULL);
	dns_client_free(dns);
	privkey_free(one);
	privkey_free(two);
	arena_free(a);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "%s", "/tmp/inkan-keys-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "one", "two", "zone", "KeyTable",
					     "conf" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		(void)unlink(at(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_each_difference),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
