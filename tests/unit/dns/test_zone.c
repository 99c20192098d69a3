/* Zone files: what is in them, what is not, and what is wrong with them. */
#include "base/limits.h"
#include "dns/zone.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static const char records[] =
	"$ORIGIN example.test.\n"
	"$TTL 300\n"
	"@ IN SOA ns hostmaster 1 2 3 4 5\n"
	"ns A 192.0.2.53\n"
	"t TXT \"v=spf1 \" \"-all\"\n"
	"t TXT \"v=spf1 -all\"\n" /* the same when joined */
	"quoted TXT \"a \\\"b\\\" c\" \"\"\n"
	"alias 20 CNAME alias2\n"
	"alias2 CNAME T\n"
	"dangling CNAME nothere.example.test.\n"
	"loop CNAME loop2\n"
	"loop2 CNAME loop\n"
	"*.wild TXT wild\n"
	"there.wild A 192.0.2.1\n"
	"*.walias CNAME t\n"
	"a.b.ent A 192.0.2.1\n"
	"mx 60 MX 10 mail\n"
	"mx MX 20 mail.example.org.\n"
	"nomx MX 0 .\n"
	"v6 AAAA 2001:db8::1\n"
	"long TXT ( \"one\" ; a comment\n"
	"   \"two\" )\n"
	"odd\\.name TXT odd\n"
	"semi TXT \"v=DKIM1; (p=\\\")\" ; \" ( comment\n"
	"\n"
	"$ORIGIN other.example.\n"
	"@ TXT other\n"
	"1.2.0.192.in-addr.arpa. PTR ns.example.test.\n"
	"caa CAA 0 issue \"ca.example\"\n"
	"_25._tcp TLSA 3 1 1 aabb\n";

static const struct {
	const char *name;
	enum dns_type type;
	enum dns_status status;
	uint32_t ttl;
	size_t n;
	str first;
} rows[] = {
	{ "t.example.test", DNS_TXT, DNS_OK, 300, 1, STR_INIT("v=spf1 -all") },
	{ "T.Example.TEST", DNS_TXT, DNS_OK, 300, 1, STR_INIT("v=spf1 -all") },
	{ "quoted.example.test", DNS_TXT, DNS_OK, 300, 1,
	  STR_INIT("a \"b\" c") },
	{ "alias.example.test", DNS_TXT, DNS_OK, 20, 1,
	  STR_INIT("v=spf1 -all") },
	{ "alias.example.test", DNS_CNAME, DNS_OK, 20, 1,
	  STR_INIT("alias2.example.test") },
	{ "alias.example.test", DNS_MX, DNS_NODATA, 0, 0, { 0 } },
	{ "dangling.example.test", DNS_TXT, DNS_NXDOMAIN, 0, 0, { 0 } },
	{ "loop.example.test", DNS_TXT, DNS_TEMPFAIL, 0, 0, { 0 } },
	{ "x.wild.example.test", DNS_TXT, DNS_OK, 300, 1, STR_INIT("wild") },
	{ "x.y.wild.example.test", DNS_TXT, DNS_OK, 300, 1, STR_INIT("wild") },
	{ "x.wild.example.test", DNS_A, DNS_NODATA, 0, 0, { 0 } },
	/* RFC 4592 2.2.1: a name that exists stops the wildcard */
	{ "there.wild.example.test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "x.there.wild.example.test", DNS_TXT, DNS_NXDOMAIN, 0, 0, { 0 } },
	{ "wild.example.test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "x.walias.example.test", DNS_TXT, DNS_OK, 300, 1,
	  STR_INIT("v=spf1 -all") },
	{ "ent.example.test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "b.ent.example.test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "c.ent.example.test", DNS_TXT, DNS_NXDOMAIN, 0, 0, { 0 } },
	{ "mx.example.test", DNS_MX, DNS_OK, 60, 2,
	  STR_INIT("mail.example.test") },
	{ "nomx.example.test", DNS_MX, DNS_OK, 300, 1, STR_INIT("") },
	{ "ns.example.test", DNS_A, DNS_OK, 300, 1,
	  STR_INIT("\xc0\0\x02\x35") },
	{ "v6.example.test", DNS_AAAA, DNS_OK, 300, 1,
	  STR_INIT(" \x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01") },
	{ "long.example.test", DNS_TXT, DNS_OK, 300, 1, STR_INIT("onetwo") },
	{ "other.example", DNS_TXT, DNS_OK, 300, 1, STR_INIT("other") },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_OK, 300, 1,
	  STR_INIT("ns.example.test") },
	{ "caa.other.example", DNS_CAA, DNS_OK, 300, 1,
	  STR_INIT("\0\x05issueca.example") },
	{ "_25._tcp.other.example", DNS_TLSA, DNS_OK, 300, 1,
	  STR_INIT("\x03\x01\x01\xaa\xbb") },
	{ "example.test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "test", DNS_TXT, DNS_NODATA, 0, 0, { 0 } },
	{ "elsewhere.example.net", DNS_TXT, DNS_NXDOMAIN, 0, 0, { 0 } },
};

static void write_file(char path[32], const char *text)
{
	int fd;

	snprintf(path, 32, "%s", "test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

static bool load(struct zone *z, const char *text, struct err *e)
{
	char path[32];
	bool ok;

	write_file(path, text);
	ok = zone_load(z, path, e);
	unlink(path);
	return ok;
}

static void records_are_found(void **state)
{
	struct arena *a = arena_new(1024);
	struct zone *z = zone_new();
	struct asks *as = asks_new(a, zone_resolver(z), LIMIT_QUESTIONS);
	struct err e = { 0 };

	(void)state;
	if (!load(z, records, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		const struct dns_answer *got = ask(as, rows[i].type,
						   str_of(rows[i].name));

		if (!got || got->status != rows[i].status ||
		    got->n != rows[i].n || got->ttl != rows[i].ttl)
			fail_msg("row %zu: %s", i, rows[i].name);
		if (got->n)
			assert_str(got->rr[0].data, rows[i].first);
	}
	assert_int_equal(asks_outstanding(as), 0);
	assert_int_equal(
		ask(as, DNS_MX, STR("mx.example.test"))->rr[1].preference, 20);
	resolver_free(zone_resolver(z));
	arena_free(a);
}

static const struct {
	const char *text, *want;
} bad[] = {
	{ "a.test. TXT \"x\"\nb.test. NOSUCH x\n", ":2: " },
	{ "a.test. A 192.0.2.300\n", ":1: " },
	{ "$INCLUDE other.zone\n", ":1: $INCLUDE is not read here" },
	{ "\na.test. TXT ( \"x\"\nb.test. TXT \"y\"\n",
	  ":2: the bracket is never closed" },
	{ "a.test. TXT \"x\" )\n", ":1: brackets do not match" },
	{ "a.test. TXT ( ( \"x\" ) )\n", ":1: brackets do not match" },
	{ "; \"(\na.test. TXT \"x\nb.test. TXT \"y\"\n",
	  ":2: the quote does not end in this line" },
	{ "a.test. TXT \"x", ":1: the quote does not end" },
	{ "s._domainkey TXT x\n", ":1: s._domainkey belongs below a domain" },
	{ "_dmarc TXT x\n", "begin it with the line \"$ORIGIN example.org.\"" },
	{ "s._domainkey TXT x ; DKIM key t for example.org\n", "below a" },
	{ "s._domainkey TXT x ; DKIM key s for no domain\n", "below a" },
	{ "s._domainkey TXT x ; DKIM key s for a.test\n"
	  "s._domainkey TXT y ; DKIM key s for b.test\n",
	  ":1: s._domainkey belongs below a domain" },
};

/* As opendkim-genkey and inkan keygen write them, several in one file. */
static void keys_files_need_no_origin(void **state)
{
	static const char text[] =
		"s._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"\n"
		"\t  \"p=one\" )  ; ----- DKIM key s for a.test\n"
		"x.y._domainkey IN TXT \"p=two\"  ; ----- DKIM key x.y for "
		"b.test\n"
		"z._domainkey.c.test. IN TXT three ; ----- DKIM key z for d.test\n";
	static const struct {
		const char *name, *want;
	} found[] = { { "s._domainkey.a.test", "v=DKIM1; k=rsa; p=one" },
		      { "x.y._domainkey.b.test", "p=two" },
		      { "z._domainkey.c.test", "three" } };
	struct arena *a = arena_new(1024);
	struct zone *z = zone_new();
	struct asks *as = asks_new(a, zone_resolver(z), 9);
	struct err e = { 0 };

	(void)state;
	if (!load(z, text, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < TEST_COUNT(found); i++) {
		const struct dns_answer *got = ask(as, DNS_TXT,
						   str_of(found[i].name));

		assert_int_equal(got->status, DNS_OK);
		assert_str(got->rr[0].data, str_of(found[i].want));
	}
	resolver_free(zone_resolver(z));
	arena_free(a);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct zone *z = zone_new();
		struct err e = { 0 };

		if (load(z, bad[i].text, &e) || !strstr(e.text, bad[i].want))
			fail_msg("row %zu: %s", i, e.text);
		zone_free(z);
	}
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct zone *z = zone_new();
	struct err e = { 0 };

	(void)state;
	assert_false(zone_load(z, "no/such.zone", &e));
	assert_non_null(strstr(e.text, "cannot open zone file no/such.zone"));
	assert_false(zone_load(z, ".", &e));
	assert_non_null(strstr(e.text, "is a directory"));
	zone_free(z);
}

static void records_are_added_one_by_one(void **state)
{
	struct arena *a = arena_new(1024);
	struct zone *z = zone_new();
	struct asks *as = asks_new(a, zone_resolver(z), 9);
	struct err e = { 0 };
	char text[16];

	(void)state;
	for (int i = 0; i < LIMIT_RECORDS; i++) {
		snprintf(text, sizeof text, "text %d", i);
		assert_true(
			zone_add_txt(z, STR("many.example"), str_of(text), &e));
	}
	assert_true(zone_add_txt(z, STR("many.example"), STR("text 0"), &e));
	assert_false(zone_add_txt(z, STR("many.example"), STR("more"), &e));
	assert_false(zone_add_txt(z, STR("a..b"), STR("x"), &e));
	assert_true(zone_add_failure(z, STR("fails.example"), &e));
	assert_true(zone_add_failure(z, STR("many2.example"), &e));
	assert_int_equal(ask(as, DNS_TXT, STR("many.example"))->n,
			 LIMIT_RECORDS);
	assert_int_equal(ask(as, DNS_TXT, STR("fails.example"))->status,
			 DNS_TEMPFAIL);
	zone_free(z);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_found),
		cmocka_unit_test(keys_files_need_no_origin),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(records_are_added_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
