/* RFC 8463 appendix A: one message, an Ed25519 and an RSA signature. */
#include "dkim/judge.h"

#define ED25519                                                           \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"   \
	" d=football.example.com; i=@football.example.com;\r\n"           \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"         \
	" subject : date : message-id : from : subject : date;\r\n"       \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"           \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n" \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="

#define RSA                                                               \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"       \
	" d=football.example.com; i=@football.example.com;\r\n"           \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"   \
	" date : message-id : from : subject : date;\r\n"                 \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"           \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n" \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n" \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="

#define MESSAGE                                                \
	"From: Joe SixPack <joe@football.example.com>",        \
		"To: Suzie Q <suzie@shopping.example.net>",    \
		"Subject: Is dinner ready?",                   \
		"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)", \
		"Message-ID: <20030712040037.46341.5F8J@football.example.com>"

static const char *const keys[] = {
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutA"
	"CDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee"
	"C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
};

static void appendix_a(void **state)
{
	static const char *const messages[][6] = { { ED25519, MESSAGE },
						   { RSA, MESSAGE } };
	static const unsigned bits[] = { 256, 1024 };
	str body = STR("Hi.\r\n\r\nWe lost the game.  Are you hungry yet?"
		       "\r\n\r\nJoe.\r\n");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct arena *a = arena_new(4096);
		struct header h = header_from(a, messages[i], 6);
		struct dkim_check *c = judge_at(
			a, &h, body, records_of(a, &keys[i], 1), 1528637909);

		assert_int_equal(c->result, DKIM_PASS);
		assert_int_equal(c->key_bits, bits[i]);
		assert_str(c->sig.identity, STR("@football.example.com"));

		/* the other one's key, and both in one RRset */
		c = judge_at(a, &h, body, records_of(a, &keys[1 - i], 1),
			     1528637909);
		assert_int_equal(c->result, DKIM_PERMERROR);
		assert_string_equal(c->why,
				    "key type does not fit the algorithm");
		c = judge_at(a, &h, body, records_of(a, keys, 2), 1528637909);
		assert_int_equal(c->result, DKIM_PASS);
		assert_int_equal(c->key_bits, bits[i]);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(appendix_a) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
