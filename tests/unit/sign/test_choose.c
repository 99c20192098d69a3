#include "sign/choose.h"
#include "test.h"

static const struct rule_set {
	const char *internal, *peers, *exempt, *dont_to, *mta, *macros,
		*external, *domain, *signing, *keys;
	bool v_only, s_only, multiple, sub_domains;
} tutorial = { .internal = "127.0.0.1,::1",
	       .signing = "*@example.org default._domainkey.example.org\n",
	       .keys = "default._domainkey.example.org "
		       "example.org:default:/etc/k/default.private\n" },
  full = { .internal = "127.0.0.1",
	   .peers = ".peer.example,198.51.100.9",
	   .exempt = "exempt.example",
	   .dont_to = "nosign@example.net",
	   .mta = "ORIGINATING",
	   .macros = "tag=a|b,flag",
	   .external = "198.51.100.7",
	   .signing = "*@example.org rsa:@%\n*@example.org ed\n"
		      "*@gone.example missing\n*@idn.example rsa:x@a.test\n",
	   .keys = "rsa example.org:r:/k/r\ned example.org:e:/k/e\n",
	   .multiple = true },
  domain = { .internal = "127.0.0.1",
	     .domain = "example.org",
	     .sub_domains = true },
  no_sub = { .internal = "127.0.0.1", .domain = "example.org" },
  verifier = { .internal = "127.0.0.1",
	       .signing = "*@example.org k\n",
	       .keys = "k example.org:s:/k\n",
	       .v_only = true },
  signer = { .internal = "127.0.0.1",
	     .signing = "*@example.org k\n",
	     .keys = "k example.org:s:/k\n",
	     .s_only = true };

static const struct {
	const struct rule_set *rules;
	const char *from, *ip, *name;
	struct sign_macro macro;
	const char *rcpt;
	enum sign_action want;
	size_t keys;
	bool external;
	const char *why; /* a part of the explanation */
} cases[] = {
	{ &tutorial,
	  "a@example.org",
	  "127.0.0.1",
	  "localhost",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_SIGN,
	  1,
	  false,
	  "InternalHosts entry \"127.0.0.1\" (t) and SigningTable entry "
	  "\"*@example.org\" (t:1)" },
	{ &tutorial,
	  "a@example.org",
	  "203.0.113.5",
	  "c.example",
	  { STR_INIT("auth_type"), STR_INIT("PLAIN") },
	  NULL,
	  SIGN_SIGN,
	  1,
	  false,
	  "the client authenticated" },
	{ &tutorial,
	  "a@example.org",
	  "203.0.113.5",
	  "c.example",
	  { STR_INIT("auth_type"), STR_INIT("") },
	  NULL,
	  SIGN_VERIFY,
	  1,
	  true,
	  "client c.example [203.0.113.5] did not authenticate and is not in "
	  "InternalHosts" },
	{ &tutorial,
	  "A@Example.ORG",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_SIGN,
	  1,
	  false,
	  "signed" },
	{ &tutorial,
	  "a@sub.example.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  0,
	  false,
	  "add \"*@sub.example.org KEYNAME\"" },
	{ &tutorial,
	  "a@example.net",
	  "203.0.113.5",
	  "unknown",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  0,
	  false,
	  "neither is the sender's domain" },
	{ &tutorial,
	  "",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  0,
	  false,
	  "no sender address" },
	{ &tutorial,
	  "a@example.org",
	  "",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  1,
	  true,
	  "client (unknown)" },
	{ &full,
	  "a@example.org",
	  "203.0.113.1",
	  "x.peer.example",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_IGNORE,
	  0,
	  false,
	  "PeerList entry \".peer.example\"" },
	{ &full,
	  "a@exempt.example",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_IGNORE,
	  0,
	  false,
	  "ExemptDomains" },
	{ &full,
	  "a@example.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  "<nosign@example.net>",
	  SIGN_IGNORE,
	  2,
	  false,
	  "DontSignMailTo" },
	{ &full,
	  "a@example.org",
	  "203.0.113.1",
	  "",
	  { STR_INIT("daemon_name"), STR_INIT("ORIGINATING") },
	  NULL,
	  SIGN_SIGN,
	  2,
	  false,
	  "MTA entry" },
	{ &full,
	  "a@example.org",
	  "203.0.113.1",
	  "",
	  { STR_INIT("tag"), STR_INIT("b") },
	  NULL,
	  SIGN_SIGN,
	  2,
	  false,
	  "MacroList entry \"tag\"" },
	{ &full,
	  "a@example.org",
	  "203.0.113.1",
	  "",
	  { STR_INIT("tag"), STR_INIT("c") },
	  NULL,
	  SIGN_VERIFY,
	  2,
	  true,
	  "not signed" },
	{ &full,
	  "a@example.org",
	  "203.0.113.1",
	  "",
	  { STR_INIT("flag"), STR_INIT("anything") },
	  NULL,
	  SIGN_SIGN,
	  2,
	  false,
	  "MacroList entry \"flag\"" },
	{ &full,
	  "a@example.org",
	  "198.51.100.7",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  2,
	  false,
	  "not signed" },
	{ &full,
	  "a@gone.example",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_SIGN,
	  1,
	  false,
	  "key \"missing\" is not in KeyTable" },
	{ &domain,
	  "a@x.example.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_SIGN,
	  1,
	  false,
	  "Domain entry \"example.org\"" },
	{ &domain,
	  "a@badexample.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  0,
	  false,
	  "does not have badexample.org" },
	{ &no_sub,
	  "a@x.example.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  0,
	  false,
	  "does not have x.example.org" },
	{ &verifier,
	  "a@example.org",
	  "127.0.0.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_VERIFY,
	  1,
	  false,
	  "Mode has no s" },
	{ &signer,
	  "a@example.net",
	  "203.0.113.1",
	  "",
	  { { NULL, 0 }, { NULL, 0 } },
	  NULL,
	  SIGN_IGNORE,
	  0,
	  false,
	  "not signed" },
};

static const struct table *made(struct arena *a, enum table_kind kind,
				const char *text)
{
	struct table_spec spec = { .kind = kind,
				   .fold = true,
				   .name = STR("t"),
				   .text = str_of(text) };
	struct err e;

	return text ? table_new(a, &spec, &e) : NULL;
}

static const struct hosts *hosts(struct arena *a, const char *text)
{
	const struct table *t = made(a, TABLE_LIST, text);

	return t ? hosts_new(a, t, (struct map_seed){ 0 }) : NULL;
}

static struct sign_rules rules_of(struct arena *a, const struct rule_set *s)
{
	return (struct sign_rules){
		.sign = !s->v_only,
		.verify = !s->s_only,
		.multiple = s->multiple,
		.sub_domains = s->sub_domains,
		.internal = hosts(a, s->internal),
		.peers = hosts(a, s->peers),
		.external_ignore = hosts(a, s->external),
		.exempt = made(a, TABLE_LIST, s->exempt),
		.dont_sign_to = made(a, TABLE_LIST, s->dont_to),
		.mta = made(a, TABLE_LIST, s->mta),
		.macros = made(a, TABLE_LIST, s->macros),
		.domains = made(a, TABLE_LIST, s->domain),
		.signing = made(a, TABLE_PATTERNS, s->signing),
		.keys = made(a, TABLE_FILE, s->keys),
		.selector = STR("sel"),
		.key_file = STR("/k/one"),
	};
}

static void decides_and_says_why(void **state)
{
	struct arena *a = arena_new(1 << 16);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct sign_rules rules = rules_of(a, cases[i].rules);
		str from = str_of(cases[i].from);
		str rcpt = str_of(cases[i].rcpt);
		struct sign_request rq = {
			.user = str_head(from, str_find(from, '@')),
			.domain = str_skip(from, str_find(from, '@') + 1),
			.client_name = str_of(cases[i].name),
			.macros = &cases[i].macro,
			.n_macros = cases[i].macro.name.n > 0,
			.recipients = &rcpt,
			.n_recipients = rcpt.p != NULL,
		};
		struct sign_choice *c;
		str why;

		if (*cases[i].ip)
			assert_true(
				ip_parse(str_of(cases[i].ip), &rq.client_ip));
		c = sign_choose(&rules, &rq, a);
		why = sign_why(c, &rq, a);
		if (c->action != cases[i].want ||
		    !memmem(why.p, why.n, cases[i].why, strlen(cases[i].why)))
			print_error("row %zu: %.*s\n", i, STR_ARG(why));
		assert_int_equal(c->action, cases[i].want);
		assert_int_equal(c->n_keys, cases[i].keys);
		assert_int_equal(c->external, cases[i].external);
		assert_non_null(memmem(why.p, why.n, cases[i].why,
				       strlen(cases[i].why)));
		arena_reset(a);
	}
	arena_free(a);
}

static void gives_keys_and_identities(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct sign_rules rules = rules_of(a, &full);
	struct sign_request rq = { .user = STR("a"),
				   .domain = STR("Example.org") };
	struct sign_choice *c;

	(void)state;
	assert_true(ip_parse(STR("127.0.0.1"), &rq.client_ip));
	c = sign_choose(&rules, &rq, a);
	assert_int_equal(c->n_keys, 2);
	assert_str(c->keys[0].key.selector, STR("r"));
	assert_str(c->keys[0].key.key, STR("/k/r"));
	assert_str(c->keys[0].identity, STR("@example.org"));
	assert_str(c->keys[1].key.selector, STR("e"));
	assert_int_equal(c->keys[1].identity.n, 0);
	rules.multiple = false;
	assert_int_equal(sign_choose(&rules, &rq, a)->n_keys, 1);
	/* an identity outside of d= is left out */
	rq.domain = STR("idn.example");
	c = sign_choose(&rules, &rq, a);
	assert_int_equal(c->n_keys, 1);
	assert_int_equal(c->keys[0].identity.n, 0);
	rules = rules_of(a, &domain);
	rq.domain = STR("x.example.org");
	c = sign_choose(&rules, &rq, a);
	assert_str(c->keys[0].key.domain, STR("example.org"));
	assert_str(c->keys[0].key.selector, STR("sel"));
	assert_str(c->keys[0].identity, STR("@x.example.org"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_and_says_why),
		cmocka_unit_test(gives_keys_and_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
