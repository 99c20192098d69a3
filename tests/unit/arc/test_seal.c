/* RFC 8617 5.1: sets made for messages in every state, and judged again. */
#include "arc/forge.h"
#include "arc/results.h"
#include "arc/seal.h"

static struct privkey *key;

static int make_key(void **state)
{
	struct err e;

	(void)state;
	key = privkey_generate(KEY_RSA, 1024, &e);
	return key ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	privkey_free(key);
	return 0;
}

static struct dkim_sign_options sealer(void)
{
	return (struct dkim_sign_options){
		.domain = STR("example.net"),
		.selector = STR("sel"),
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_arc,
		.never = dkim_names_arc_never,
		.oversign = dkim_names_oversign,
		.timestamp = NOW,
	};
}

static struct script *answers(struct forge *f)
{
	struct script *s = script_new(f->arena);

	script_txt(s, "sel._domainkey.example.org", forge_record(f), 0);
	script_txt(s, "sel._domainkey.example.net", forge_record(f), 0);
	return s;
}

/* Judges, seals, and puts the set on top.  Fields: what was made. */
static bool seal_with(struct forge *f, const struct dkim_sign_options *o,
		      str fields[3], struct err *e)
{
	struct arc_chain *c = forge_judge(f, answers(f));
	struct header h = forge_header(f);
	struct bodyhash *bodyhash = bodyhash_new(f->arena);
	struct arc_seal *s = arc_seal_new(f->arena, o, c, bodyhash);
	struct authres results;
	struct ip nobody = { .family = IP_NONE };

	bodyhash_feed(bodyhash, f->body);
	bodyhash_end(bodyhash);
	(void)arc_results_gather(f->arena, &h, STR("mx.example.net"), &results);
	arc_results_complete(f->arena, &results, c, nobody);
	if (!arc_seal_finish(s, c, &h, bodyhash, &results, fields, e))
		return false;
	for (int part = ARC_AAR; part <= ARC_AS; part++)
		f->fields[f->n++] = fields[part];
	return true;
}

static void seal(struct forge *f, str fields[3])
{
	struct dkim_sign_options o = sealer();
	struct err e;

	assert_true(seal_with(f, &o, fields, &e));
}

static bool holds(str s, const char *what)
{
	struct arena *a = arena_new(1024);
	bool found = strstr(arena_cstr(a, s), what) != NULL;

	arena_free(a);
	return found;
}

static void lines_fit(str field)
{
	str line;

	while (str_split(&field, '\n', &line))
		assert_true(line.n <= 79); /* with its CR */
}

static void first_set(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, key);
	struct arc_chain *c;
	str fields[3];

	(void)state;
	f->fields[f->n++] = STR("Authentication-Results: mx.example.net;\r\n"
				" spf=pass smtp.mailfrom=a@example.org");
	f->fields[f->n++] = STR("DKIM-Signature: x");
	f->fields[f->n++] = STR("Received: y");
	seal(f, fields);
	assert_str(fields[ARC_AAR],
		   STR("ARC-Authentication-Results: i=1; mx.example.net;\r\n"
		       " arc=none;\r\n"
		       " spf=pass smtp.mailfrom=a@example.org"));
	assert_true(str_starts(
		fields[ARC_AS],
		STR("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.net; "
		    "s=sel; t=1790000000;\r\n b=")));
	assert_true(str_starts(fields[ARC_AMS],
			       STR("ARC-Message-Signature: i=1; a=rsa-sha256; "
				   "c=relaxed/relaxed; d=example.net;")));
	assert_true(holds(fields[ARC_AMS], ":From") ||
		    holds(fields[ARC_AMS], "=From"));
	assert_true(holds(fields[ARC_AMS], "DKIM-Signature"));
	assert_false(holds(fields[ARC_AMS], "Authentication-Results"));
	assert_false(holds(fields[ARC_AMS], "Received"));
	assert_false(holds(fields[ARC_AMS], "v=1"));
	for (int i = ARC_AAR; i <= ARC_AS; i++)
		lines_fit(fields[i]);
	c = forge_judge(f, answers(f));
	assert_int_equal(c->result, ARC_PASS);
	assert_int_equal(c->sets.set[0].seal.sig.timestamp, NOW);
	assert_int_equal(c->sets.set[0].ams.sig.timestamp, NOW);
	arena_free(a);
}

static void set_upon_set(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, key);
	struct arc_chain *c;
	str fields[3];

	(void)state;
	forge_add(f, &(struct forge_set){ 0 });
	for (unsigned i = 2; i <= 4; i++) {
		seal(f, fields);
		c = forge_judge(f, answers(f));
		assert_int_equal(c->result, ARC_PASS);
		assert_int_equal(c->sets.n, i);
		assert_int_equal(c->sets.set[i - 1].cv, ARC_CV_PASS);
		assert_int_equal(c->oldest_pass, 0);
		assert_false(holds(fields[ARC_AMS], "ARC-Seal"));
		assert_true(holds(fields[ARC_AAR],
				  "arc=pass header.oldest-pass=0"));
	}
	/* the message changes on its way, and is sealed once more */
	f->body = STR("Hi\r\n-- \r\na list\r\n");
	assert_int_equal(forge_judge(f, answers(f))->result, ARC_FAIL);
	arena_free(a);
}

/* RFC 8617 5.1.2: the seal that ends a broken chain covers its own set. */
static void end_of(const char *find, const char *put)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, key);
	struct dkim_sign_options o = sealer();
	struct buf b = buf_of(a, 1 << 20);
	struct arc_chain *c;
	struct pubkey *public;
	struct err e;
	const char *why;
	str fields[3];

	forge_add(f, &(struct forge_set){ 0 });
	forge_add(f, &(struct forge_set){ 0 });
	forge_edit(f, 1, ARC_AAR, find, put);
	seal(f, fields);
	assert_true(str_starts(fields[ARC_AS],
			       STR("ARC-Seal: i=3; a=rsa-sha256; cv=fail;")));
	assert_true(holds(fields[ARC_AAR], "arc=fail reason="));
	c = forge_judge(f, answers(f));
	assert_int_equal(c->result, ARC_FAIL);
	assert_true(c->sets.dead);

	canon_header(&b, CANON_RELAXED, fields[ARC_AAR]);
	buf_put(&b, STR("\r\n"));
	canon_header(&b, CANON_RELAXED, fields[ARC_AMS]);
	buf_put(&b, STR("\r\n"));
	canon_header(&b, CANON_RELAXED,
		     headerhash_emptied(a, c->sets.set[2].fields[ARC_AS]->raw,
					c->sets.set[2].seal.sig.room));
	public = pubkey_new(KEY_RSA, privkey_public(key, a), &why);
	assert_true(pubkey_verify(public, HASH_SHA256,
				  hash_of(a, HASH_SHA256, buf_str(&b)),
				  c->sets.set[2].seal.sig.b));
	pubkey_free(public);

	/* and nothing comes after it */
	assert_string_equal(
		arc_seal_refusal(c),
		"the newest ARC-Seal says cv=fail: the chain has ended");
	assert_false(seal_with(f, &o, fields, &e));
	assert_int_equal(e.code, ERR_DATA);
	arena_free(a);
}

static void broken_chain(void **state)
{
	(void)state;
	end_of("", ""); /* a field is missing */
	end_of("mx.", "my."); /* a seal does not verify */
}

static void instance_unknown(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, key);
	str fields[3];

	(void)state;
	f->fields[f->n++] = STR("ARC-Seal: i=nonsense");
	seal(f, fields);
	assert_true(str_starts(fields[ARC_AS],
			       STR("ARC-Seal: i=1; a=rsa-sha256; cv=fail;")));
	assert_int_equal(forge_judge(f, answers(f))->result, ARC_FAIL);
	arena_free(a);
}

static void limit_of_sets(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct forge *f = forge_new(a, key);
	struct dkim_sign_options o = sealer();
	struct err e;
	str fields[3];

	(void)state;
	for (unsigned i = 1; i < LIMIT_ARC_SETS; i++)
		forge_add(f, &(struct forge_set){ 0 });
	seal(f, fields);
	assert_int_equal(forge_judge(f, answers(f))->result, ARC_PASS);
	assert_false(seal_with(f, &o, fields, &e));
	assert_string_equal(e.text, "the chain has all the sets it may have");
	arena_free(a);
}

static void forbidden_names(void **state)
{
	static const char *const forbidden[] = { "Authentication-Results",
						 "arc-seal",
						 "ARC-Message-Signature" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(forbidden); i++) {
		struct arena *a = arena_new(65536);
		struct forge *f = forge_new(a, key);
		struct dkim_sign_options o = sealer();
		str names[] = { STR_INIT("From"), str_of(forbidden[i]) };
		str fields[3];
		struct err e;

		o.exact = true;
		o.sign = (struct dkim_names){ names, 2 };
		assert_false(seal_with(f, &o, fields, &e));
		assert_true(holds(str_of(e.text), forbidden[i]));
		o.sign.n = 1;
		assert_true(seal_with(f, &o, fields, &e));
		assert_int_equal(forge_judge(f, answers(f))->result, ARC_PASS);
		arena_free(a);
	}
}

/* What the fields of one host say, and what becomes of arc= among it. */
static const struct {
	const char *fields[4];
	enum arc_result chain;
	bool found;
	const char *want;
} gathered[] = {
	{ { NULL }, ARC_NONE, false, " mx.example.net;\r\n arc=none" },
	{ { " other.example; spf=pass" },
	  ARC_NONE,
	  false,
	  " mx.example.net;\r\n arc=none" },
	{ { " MX.example.net; spf=pass", " mx.example.net; dmarc=fail" },
	  ARC_NONE,
	  true,
	  " mx.example.net;\r\n arc=none;\r\n spf=pass;\r\n dmarc=fail" },
	{ { " mx.example.net; spf=pass; dkim=none", " mx.example.net; (", "x" },
	  ARC_PASS,
	  true,
	  " mx.example.net;\r\n arc=pass header.oldest-pass=2 "
	  "smtp.remote-ip=192.0.2.9;\r\n spf=pass;\r\n dkim=none" },
	{ { " mx.example.net; none" },
	  ARC_FAIL,
	  true,
	  " mx.example.net;\r\n arc=fail reason=\"no answer in time\" "
	  "smtp.remote-ip=192.0.2.9" },
	/* what is UTF-8 there stays so (RFC 8617 4.1.4) */
	{ { " mx.example.net; spf=pass smtp.mailfrom=\xe7\x94\xb0@a.example" },
	  ARC_NONE,
	  true,
	  " mx.example.net;\r\n arc=none;\r\n spf=pass "
	  "smtp.mailfrom=\xe7\x94\xb0@a.example" },
	/* the same word is kept, with what was said besides; another is not */
	{ { " mx.example.net; spf=pass; arc=pass smtp.remote-ip=192.0.2.1" },
	  ARC_PASS,
	  true,
	  " mx.example.net;\r\n arc=pass smtp.remote-ip=192.0.2.1;\r\n "
	  "spf=pass" },
	{ { " mx.example.net; arc=pass; spf=pass; arc=pass" },
	  ARC_FAIL,
	  true,
	  " mx.example.net;\r\n arc=fail reason=\"no answer in time\" "
	  "smtp.remote-ip=192.0.2.9;\r\n spf=pass" },
};

static void results(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(gathered); i++) {
		struct arena *a = arena_new(65536);
		struct header h = header_of(a, 0, 0);
		struct arc_chain c = { .result = gathered[i].chain,
				       .part = ARC_WHOLE,
				       .oldest_pass = ARC_OLDEST_UNKNOWN };
		struct buf b = buf_of(a, LIMIT_AUTHRES_BYTES);
		struct ip remote = { .family = IP_NONE };
		struct authres found;

		if (c.result == ARC_PASS)
			c.oldest_pass = 2;
		if (c.result == ARC_FAIL)
			c.why = "no answer in time";
		if (c.result != ARC_NONE)
			assert_true(ip_parse(STR("192.0.2.9"), &remote));
		for (size_t k = 0; gathered[i].fields[k]; k++)
			assert_true(header_add(&h,
					       STR("authentication-RESULTS"),
					       str_of(gathered[i].fields[k])));
		assert_int_equal(arc_results_gather(
					 a, &h, STR("mx.example.net"), &found),
				 gathered[i].found);
		arc_results_complete(a, &found, &c, remote);
		authres_write(&b, 20, &found);
		assert_str(buf_str(&b), str_of(gathered[i].want));
		arena_free(a);
	}
}

static void many_results(void **state)
{
	struct arena *a = arena_new(65536);
	struct header h = header_of(a, 0, 0);
	struct authres found;

	(void)state;
	for (unsigned i = 0; i <= LIMIT_AUTHRES_RESULTS; i++)
		assert_true(header_add(&h, STR("Authentication-Results"),
				       STR(" mx.example.net; spf=pass")));
	assert_true(arc_results_gather(a, &h, STR("mx.example.net"), &found));
	assert_int_equal(found.n, LIMIT_AUTHRES_RESULTS);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_set),
		cmocka_unit_test(set_upon_set),
		cmocka_unit_test(broken_chain),
		cmocka_unit_test(instance_unknown),
		cmocka_unit_test(limit_of_sets),
		cmocka_unit_test(forbidden_names),
		cmocka_unit_test(results),
		cmocka_unit_test(many_results),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
