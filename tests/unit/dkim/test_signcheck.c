/* What dkim/sign makes, dkim/check passes; and the examples of the RFCs. */
#include "base/base64.h"
#include "dkim/check.h"
#include "dkim/sign.h"
#include "dns/resolver.h"
#include "test.h"

struct one_record {
	struct resolver r;
	struct dns_answer answer;
	struct dns_rr rr;
};

static void answer(struct resolver *r, struct asks *as, unsigned id,
		   enum dns_type type, str name)
{
	(void)type, (void)name;
	asks_answer(as, id, &((struct one_record *)r)->answer);
}

static struct one_record record_of(str text)
{
	struct one_record one = { .r.send = answer };

	one.rr.data = text;
	one.answer = (struct dns_answer){ .status = DNS_OK, .n = 1 };
	return one;
}

static void add_lines(struct header *h, const str *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_true(header_add_raw(h, lines[i]));
}

static struct dkim_check *judge(struct arena *a, struct header *h, str body,
				str record, int64_t now)
{
	struct one_record *one = arena_new_of(a, struct one_record);
	struct dkim_policy policy = { .now = now,
				      .drift = DKIM_DRIFT,
				      .min_key_bits = 1024 };
	struct dkim_check *c = arena_new_of(a, struct dkim_check);
	struct bodyhash *bh = bodyhash_new(a);
	struct asks *asks;

	*one = record_of(record);
	one->answer.rr = &one->rr;
	asks = asks_new(a, &one->r, 10);
	dkim_check_init(c, a, header_find(h, STR("DKIM-Signature"), 0),
			&policy);
	dkim_check_headers(c, h, bh);
	dkim_check_ask(c, asks);
	dkim_check_step(c, asks, NULL);
	bodyhash_feed(bh, body);
	bodyhash_end(bh);
	dkim_check_step(c, asks, bh);
	return c;
}

/* standards: an Ed25519 signature with oversigned From, computed elsewhere */
static void known_message(void **state)
{
	static const str lines[] = {
		STR_INIT("From: Aki <aki@a.example>"),
		STR_INIT("To: bo@b.example"),
		STR_INIT("Subject:\r\n  Two   words"),
		STR_INIT("X-Note: ignored"),
		STR_INIT("Received: from x by y; z"),
		STR_INIT("DKIM-Signature: v=1; a=ed25519-sha256; "
			 "c=relaxed/relaxed; d=a.example; s=k1; t=1790000000; "
			 "h=from:to:subject:from:cc; "
			 "bh=j+uJ1+KwQjMpdNiCngwvlv2FTzZnzkokoCYASnN36NE=; "
			 "b=BR9Bz5ul35SQVyE515AhFnmgdeWHG5ReKFPWBb//"
			 "l7kSur+ex0Tj3GEJ1lhaMc0+bthENGAcbtc9dO/o2Y0IAA=="),
	};
	static const str record = STR_INIT(
		"v=DKIM1; k=ed25519; "
		"p=A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
	struct arena *a = arena_new(4096);
	struct header h = header_of(a, 0, 0);

	(void)state;
	add_lines(&h, lines, TEST_COUNT(lines));

	struct dkim_check *c = judge(a, &h, STR("Hi\r\n\r\n\r\n"), record,
				     1790000000);

	assert_int_equal(c->result, DKIM_PASS);
	assert_int_equal(c->key_bits, 256);
	assert_str(c->sig.identity, STR("@a.example"));
	assert_int_equal(
		judge(a, &h, STR("Ho\r\n"), record, 1790000000)->result,
		DKIM_FAIL);
	assert_int_equal(judge(a, &h, STR("Hi"), record, 1700000000)->result,
			 DKIM_NEUTRAL);
	assert_true(header_add_raw(&h, STR("Cc: x@y.example")));
	assert_int_equal(
		judge(a, &h, STR("Hi\r\n"), record, 1790000000)->result,
		DKIM_FAIL);
	arena_free(a);
}

static str record_for(struct arena *a, const struct privkey *key)
{
	struct buf b = buf_of(a, 4096);
	str p = base64_encode(a, privkey_public(key, a));

	buf_printf(&b, "v=DKIM1; k=%s; p=%.*s",
		   key_type_name(privkey_type(key)), STR_ARG(p));
	return buf_str(&b);
}

static void round_trip(struct privkey *key, int header_canon, int body_canon)
{
	static const str lines[] = {
		STR_INIT("From: =?utf-8?q?x?= <a@example.org>"),
		STR_INIT("To: b@example.net,\r\n\tc@example.net"),
		STR_INIT("Subject:  two   spaces "),
		STR_INIT("Subject: again"),
		STR_INIT("Date: Tue, 24 Nov 2026 00:00:00 +0000"),
	};
	struct arena *a = arena_new(4096);
	struct header h = header_of(a, 0, 0), with = header_of(a, 0, 0);
	struct dkim_sign_options o = {
		.domain = STR("example.org"),
		.selector = STR("s1"),
		.key = key,
		.header_canon = (enum canon)header_canon,
		.body_canon = (enum canon)body_canon,
		.sign = dkim_names_recommended,
		.never = dkim_names_never,
		.oversign = dkim_names_oversign,
		.identity = STR("a b@example.org"),
		.timestamp = 1790000000,
		.lifetime = 86400,
		.body_length = -1,
		.diagnostics = true,
	};
	str body = STR("one \t two\r\n\r\nthree  \r\n\r\n\r\n");
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_sign *s = dkim_sign_new(a, &o, bh);
	struct err e;
	str field;

	add_lines(&h, lines, TEST_COUNT(lines));
	bodyhash_feed(bh, body);
	bodyhash_end(bh);
	assert_true(dkim_sign_finish(s, &h, bh, &field, &e));
	assert_true(header_add_raw(&with, field));
	add_lines(&with, lines, TEST_COUNT(lines));

	struct dkim_check *c = judge(a, &with, body, record_for(a, key),
				     1790000100);

	assert_string_equal(c->why ? c->why : "", "");
	assert_int_equal(c->result, DKIM_PASS);
	assert_str(c->sig.identity, STR("a b@example.org"));
	assert_int_equal(c->sig.expiry, 1790086400);
	assert_int_equal(
		judge(a, &with, body, record_for(a, key), 1790186401)->result,
		DKIM_NEUTRAL);
	for (str rest = field, line; str_split(&rest, '\n', &line);)
		assert_true(line.n <= 79);
	assert_true(header_add_raw(&with, STR("Message-ID: <new@x>")));
	assert_int_equal(
		judge(a, &with, body, record_for(a, key), 1790000100)->result,
		DKIM_FAIL);
	arena_free(a);
}

static void signs_what_it_verifies(void **state)
{
	struct err e;
	struct privkey *keys[] = {
		privkey_generate(KEY_RSA, 1024, &e),
		privkey_generate(KEY_ED25519, 0, &e),
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(keys); i++) {
		assert_non_null(keys[i]);
		for (int canon = 0; canon < 4; canon++)
			round_trip(keys[i], canon & 1, canon >> 1);
		privkey_free(keys[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_message),
		cmocka_unit_test(signs_what_it_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
