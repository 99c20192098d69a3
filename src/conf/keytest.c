#include "conf/keytest.h"

#include "base/buf.h"
#include "crypto/der.h"
#include "dkim/check.h"
#include "dkim/record.h"

/* The same key in both of its forms (SubjectPublicKeyInfo or bare)? */
static bool same_key(struct arena *arena, const struct privkey *key,
		     const struct dkim_record *r)
{
	str mine = privkey_public(key, arena);
	str n1, e1, n2, e2, raw = r->key;

	if (privkey_type(key) != r->type)
		return false;
	if (r->type == KEY_ED25519) {
		(void)der_ed25519_public(r->key, &raw);
		return str_eq(mine, raw);
	}
	return der_rsa_public(mine, &n1, &e1) &&
	       der_rsa_public(r->key, &n2, &e2) && str_eq(n1, n2) &&
	       str_eq(e1, e2);
}

static void judge_record(struct arena *arena, str text,
			 const struct privkey *key, struct keytest *t)
{
	struct dkim_record r;
	enum dkim_record_status status = dkim_record_parse(arena, text, &r,
							   &t->why);
	struct pubkey *published;

	t->result = KEYTEST_INVALID;
	if (status != DKIM_RECORD_OK)
		return;
	t->testing = r.testing;
	if (r.revoked) {
		t->result = KEYTEST_REVOKED;
		return;
	}
	published = pubkey_new(r.type, r.key, &t->why);
	if (!published)
		return;
	t->bits = pubkey_bits(published);
	pubkey_free(published);
	t->result = !key || same_key(arena, key, &r) ? KEYTEST_OK
						     : KEYTEST_MISMATCH;
}

void keytest_judge(struct arena *arena, const struct dns_answer *a,
		   const struct privkey *key, struct keytest *t)
{
	t->secure = a->secure;
	if (a->status == DNS_TEMPFAIL) {
		t->result = a->bogus ? KEYTEST_BOGUS : KEYTEST_TIMEOUT;
		return;
	}
	t->result = KEYTEST_NOT_FOUND;
	for (size_t i = 0; i < a->n && t->result != KEYTEST_OK; i++)
		judge_record(arena, a->rr[i].data, key, t);
}

struct keytest keytest_run(struct arena *arena, struct dns_client *dns,
			   str domain, str selector, const struct privkey *key)
{
	struct keytest t = { .name = dkim_key_name(arena, selector, domain) };
	struct asks *asks = asks_new(arena, dns_client_resolver(dns), 1);
	const struct dns_answer *answer = dns_client_ask(dns, asks, DNS_TXT,
							 t.name);

	t.result = KEYTEST_TIMEOUT;
	if (answer)
		keytest_judge(arena, answer, key, &t);
	return t;
}

str keytest_words(struct arena *arena, const struct keytest *t)
{
	struct buf b = buf_of(arena, 1024);

	switch (t->result) {
	case KEYTEST_OK:
		buf_put(&b, STR("key OK"));
		break;
	case KEYTEST_NOT_FOUND:
		buf_printf(&b, "'%.*s' record not found", STR_ARG(t->name));
		break;
	case KEYTEST_TIMEOUT:
		buf_printf(&b, "'%.*s' query timed out", STR_ARG(t->name));
		break;
	case KEYTEST_BOGUS:
		buf_put(&b, STR("key bogus"));
		break;
	case KEYTEST_INVALID:
		buf_printf(&b, "invalid data in record '%.*s': %s",
			   STR_ARG(t->name), t->why ? t->why : "");
		break;
	case KEYTEST_REVOKED:
		buf_printf(&b, "'%.*s' key revoked", STR_ARG(t->name));
		break;
	case KEYTEST_MISMATCH:
		buf_put(&b, STR("keys do not match"));
		break;
	}
	return buf_str(&b);
}
