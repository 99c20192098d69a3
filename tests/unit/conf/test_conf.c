#include "base/limits.h"
#include "conf/conf.h"
#include "conf/lex.h"
#include "conf/nearest.h"
#include "test.h"

#include <syslog.h>

static struct arena *arena;
static struct problems problems;

static struct conf *parsed(const char *text)
{
	struct conf *c;

	arena_reset(arena);
	problems_init(&problems, arena);
	c = conf_new(arena, &problems);
	(void)conf_parse(c, str_of(text), STR("f"));
	(void)conf_finish(c);
	return c;
}

static void splits_lines(void **state)
{
	static const struct {
		const char *text, *name, *value;
	} cases[] = {
		{ "Syslog yes\n", "Syslog", "yes" },
		{ "\n  \n# x\n\tSyslog \t yes \t\n", "Syslog", "yes" },
		{ "Syslog yes # no", "Syslog", "yes" },
		{ "Syslog yes\r\n", "Syslog", "yes" },
		{ "Syslog a\rb\n", "Syslog", "a" },
		{ "Syslog", "Syslog", "" },
		{ "Syslog # yes", "Syslog", "" },
		{ "A \"b c\"\n", "A", "\"b c\"" },
	};
	str name, value;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct lex l = lex_of(str_of(cases[i].text));

		assert_true(lex_next(&l, &name, &value));
		assert_str(name, str_of(cases[i].name));
		assert_str(value, str_of(cases[i].value));
		assert_false(lex_next(&l, &name, &value));
	}
}

/* The tutorial's file. */
static void reads_the_tutorial(void **state)
{
	struct conf *c = parsed(
		"Syslog                  yes\n"
		"SyslogSuccess           yes\n"
		"LogWhy                  yes\n\n"
		"Canonicalization        relaxed/simple\n"
		"OversignHeaders         From\n\n"
		"Domain                  example.org\n"
		"Selector                mail\n"
		"KeyFile                 /etc/k/example.org/mail.private\n\n"
		"UserID                  opendkim\n"
		"UMask                   007\n\n"
		"Socket                  inet:8891@localhost\n"
		"PidFile                 /var/run/opendkim/opendkim.pid\n\n"
		"TrustAnchorFile         /usr/share/dns/root.key\n\n"
		"KeyTable                /etc/opendkim/KeyTable\n"
		"SigningTable            refile:/etc/opendkim/SigningTable\n");

	(void)state;
	assert_int_equal(problems.count[PROBLEM_ERROR], 0);
	assert_int_equal(problems.count[PROBLEM_WARNING], 0);
	assert_int_equal(problems.count[PROBLEM_NOTE], 3); /* not used */
	assert_true(c->syslog && c->syslog_success && c->log_why);
	assert_true(c->canonicalization.header_relaxed);
	assert_false(c->canonicalization.body_relaxed);
	assert_int_equal(c->umask, 7);
	assert_str(c->socket, STR("inet:8891@localhost"));
	assert_str(c->signing_table, STR("refile:/etc/opendkim/SigningTable"));
	assert_int_equal(conf_line(c, STR("KeyTable")), 20);
	assert_str(conf_file(c, STR("keytable")), STR("f"));
	assert_int_equal(c->mode, CONF_MODE_SIGN | CONF_MODE_VERIFY);
}

static void has_defaults(void **state)
{
	struct conf *c = parsed("");

	(void)state;
	assert_int_equal(problems.count[PROBLEM_ERROR], 0);
	assert_true(c->background && c->require_safe_keys);
	assert_int_equal(c->dns_timeout, 5);
	assert_int_equal(c->umask, -1);
	assert_int_equal(c->on_dns_error, CONF_TEMPFAIL);
	assert_int_equal(c->on_bad_signature, CONF_ACCEPT);
	assert_int_equal(c->syslog_facility, LOG_MAIL);
	assert_str(c->internal_hosts, STR("127.0.0.1,::1"));
	assert_null(c->key_table.p);
	assert_null(conf_found(c, STR("Mode")));
}

static void last_value_wins(void **state)
{
	struct conf *c = parsed("Mode s\nDNSTimeout 0x10\nmode V\nMode v\n"
				"x-header yes\n");

	(void)state;
	assert_int_equal(problems.count[PROBLEM_ERROR], 1); /* "V" */
	assert_int_equal(c->mode, CONF_MODE_VERIFY);
	assert_int_equal(c->dns_timeout, 16);
	assert_true(c->software_header);
	assert_str(conf_found(c, STR("Mode"))->value, STR("v"));
	assert_str(conf_found(c, STR("Mode"))->older->value, STR("V"));
	assert_true(conf_set(c, STR("Mode"), STR(" s "), STR("-b")));
	assert_int_equal(c->mode, CONF_MODE_SIGN);
	assert_str(conf_file(c, STR("Mode")), STR("-b"));
}

static void on_default_comes_first(void **state)
{
	struct conf *c = parsed("On-NoSignature accept\nOn-Default reject\n");

	(void)state;
	assert_int_equal(c->on_no_signature, CONF_ACCEPT);
	assert_int_equal(c->on_bad_signature, CONF_REJECT);
	assert_int_equal(c->on_dns_error, CONF_REJECT);
	c = parsed("On-BadSignature t\nOn-Security q\n");
	assert_int_equal(c->on_bad_signature, CONF_TEMPFAIL);
	assert_int_equal(c->on_security, CONF_QUARANTINE);
}

static const struct {
	const char *text, *problem; /* NULL: good */
} values[] = {
	{ "Syslog T\nSyslog y\nSyslog 1\nSyslog Foo\nSyslog n\nSyslog 0\n",
	  NULL },
	{ "LogWhy maybe\n", "\"LogWhy\" cannot be \"maybe\": it is yes or no" },
	{ "DNSTimeout 5x\n", "a number" },
	{ "DNSTimeout -3\n", "a number" },
	{ "DNSTimeout 5 6\n", "a number" },
	{ "DNSTimeout 2147483647\n", NULL },
	{ "DNSTimeout 2147483648\n", "a number" },
	{ "UMask 089\n", "a number" },
	{ "Syslog\n", "\"Syslog\" has no value" },
	{ "Sylsog yes\n",
	  "unknown setting \"Sylsog\" (did you mean \"Syslog\"?)" },
	{ "InternalHost x\n", "did you mean \"InternalHosts\"?" },
	{ "Quux x\n", "unknown setting \"Quux\"" },
	{ "Canonicalization Relaxed/Simple\n", NULL },
	{ "Canonicalization relaxed/\n", "simple or relaxed" },
	{ "Canonicalization nowsp\n", "simple or relaxed" },
	{ "SignatureAlgorithm rsa-sha1\n", "accepted by nobody" },
	{ "SignatureAlgorithm ed25519-sha256\n", NULL },
	{ "Mode x\n", "s (sign), v (verify)" },
	{ "Minimum 10%\nMinimum 10+\nMinimum 10\n", NULL },
	{ "Minimum 101%\n", "N (bytes)" },
	{ "Minimum abc\n", "N (bytes)" },
	{ "AutoRestartRate 10/1h\nAutoRestartRate 5/60\n", NULL },
	{ "AutoRestartRate 10\n", "restarts/time" },
	{ "AutoRestartRate 10/0s\n", "restarts/time" },
	{ "BogusKey foo\n", "none, neutral or fail" },
	{ "SyslogFacility foo\n", "a syslog facility" },
	{ "On-BadSignature foo\n", "accept, discard" },
	{ "Include /nonexistent\n", "Include more than 5 deep" },
	{ "FinalPolicyScript /x.lua\n",
	  "\"FinalPolicyScript\" is not supported" },
	{ "ReplaceRules /x\n", "\"ReplaceRules\" is not supported" },
	{ "SigningTable refile:/x\n", "there is no KeyTable" },
	{ "KeyTable /x\n", "KeyTable without SigningTable" },
	{ "Domain example.org\n", "Domain needs KeyFile" },
	{ "Selector s\n", "Selector needs KeyFile" },
	{ "KeyFile /k\nSelector s\n", "KeyFile needs Domain" },
	{ "Domain example.org\nKeyFile /k\nSelector s\n", NULL },
	{ "Mode v\nKeyTable /x\n", NULL },
};

static void judges_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		(void)parsed(values[i].text);
		assert_int_equal(problems.count[PROBLEM_ERROR],
				 values[i].problem ? 1 : 0);
		if (!values[i].problem)
			continue;

		struct problem *p = problems.first;

		while (p->level != PROBLEM_ERROR)
			p = p->next;
		if (!strstr(p->text.p, values[i].problem))
			print_error("%s\n", p->text.p);
		assert_non_null(strstr(p->text.p, values[i].problem));
	}
}

static void warns_about_dead_names(void **state)
{
	static const char *const old[] = {
		"ADSPAction discard\n",      "AddAllSignatureResults yes\n",
		"ArfMailTo a@example.org\n", "BogusPolicy none\n",
		"DisableADSP yes\n",         "LocalADSP csl:x\n",
		"SendADSPReports yes\n",     "On-PolicyError accept\n",
		"LDAPSoftStart yes\n",       "SingleAuthResult yes\n",
		"Quarantine yes\n",          "TemporaryDirectory /tmp\n",
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(old); i++) {
		(void)parsed(old[i]);
		assert_int_equal(problems.count[PROBLEM_ERROR], 0);
		assert_int_equal(problems.count[PROBLEM_WARNING] +
					 problems.count[PROBLEM_NOTE],
				 1);
	}
}

/* conf_key finds by name; the manual page needs the order. */
static void keys_are_sorted(void **state)
{
	size_t n;
	const struct conf_key *k = conf_keys(&n);

	(void)state;
	for (size_t i = 1; i < n; i++)
		assert_true(strcasecmp(k[i - 1].name, k[i].name) < 0);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(conf_key(str_of(k[i].name)), &k[i]);
		assert_true(k[i].help[0] != '\0');
		assert_true(!k[i].target || conf_key(str_of(k[i].target)));
	}
}

static void survives_nonsense(void **state)
{
	static char longline[LIMIT_CONFIG_LINE + 20];
	struct conf *c;

	(void)state;
	memset(longline, 'x', sizeof longline - 1);
	memcpy(longline, "Socket ", 7);
	c = parsed(longline);
	assert_int_equal(problems.count[PROBLEM_ERROR], 1);
	assert_null(c->socket.p);
	longline[LIMIT_CONFIG_LINE + 1] = '\0';
	c = parsed(longline);
	assert_int_equal(problems.count[PROBLEM_ERROR], 0);
	assert_int_equal(c->socket.n, LIMIT_CONFIG_LINE + 1 - 7);

	problems_init(&problems, arena);
	c = conf_new(arena, &problems);
	assert_false(conf_parse(c, STR("Socket a\0b\n"), STR("f")));
	for (int i = 0; i < 1000; i++)
		(void)conf_set(c, STR("No"), STR("x"), STR("-z"));
	assert_int_equal(problems.count[PROBLEM_ERROR], 1001);
}

static void measures_distance(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance(STR("abc"), STR("ABC")), 0);
	assert_int_equal(nearest_distance(STR("abc"), STR("acb")), 1);
	assert_int_equal(nearest_distance(STR("abc"), STR("ab")), 1);
	assert_int_equal(nearest_distance(STR(""), STR("ab")), 2);
	assert_int_equal(nearest_distance(STR("kitten"), STR("sitting")), 3);
}

static void writes_problems(void **state)
{
	struct buf b = buf_of(arena, 200);

	(void)state;
	problems_init(&problems, arena);
	problem_add(&problems, PROBLEM_WARNING, STR("/etc/x"), 3, "a\nb%d", 1);
	problem_write(&b, problems.first);
	assert_str(buf_str(&b), STR("/etc/x:3: warning: a?b1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_lines),
		cmocka_unit_test(reads_the_tutorial),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(last_value_wins),
		cmocka_unit_test(on_default_comes_first),
		cmocka_unit_test(judges_values),
		cmocka_unit_test(warns_about_dead_names),
		cmocka_unit_test(keys_are_sorted),
		cmocka_unit_test(survives_nonsense),
		cmocka_unit_test(measures_distance),
		cmocka_unit_test(writes_problems),
	};
	int failed;

	arena = arena_new(4096);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
