/* Chains made for tests, good ones and such as no sealer makes: the fields are
 * written by hand and signed by OpenSSL's means alone, with nothing of src/arc. */
#ifndef TESTS_UNIT_ARC_FORGE_H
#define TESTS_UNIT_ARC_FORGE_H

#include "arc/chain.h"
#include "base/base64.h"
#include "base/limits.h"
#include "crypto/privkey.h"
#include "dkim/headerhash.h"
#include "dns/script.h"
#include "test.h"

enum { NOW = 1790000000, FORGE_FIELDS = 3 * LIMIT_ARC_SETS + 20 };

/* How a set is made; NULL and 0 are as a good sealer does. */
struct forge_set {
	const char *d, *s; /* example.org, sel */
	const char *cv;
	const char *h; /* from:to:subject */
	const char *c; /* "c=relaxed/relaxed; " */
	const char *ams_more, *seal_more; /* "; x=1" */
	const char *aar; /* behind "i=n;" */
	bool alone; /* the seal covers its own set only */
};

struct forge {
	struct arena *arena;
	struct privkey *key;
	str fields[FORGE_FIELDS]; /* of the message, the lowest first */
	size_t n;
	str sets[LIMIT_ARC_SETS * 3 + 3]; /* AAR, AMS, AS of each */
	unsigned n_sets;
	str body;
};

static inline const char *or_else(const char *s, const char *otherwise)
{
	return s ? s : otherwise;
}

static inline struct forge *forge_new(struct arena *a, struct privkey *key)
{
	struct forge *f = arena_new_of(a, struct forge);

	f->arena = a;
	f->key = key;
	f->body = STR("Hi\r\n");
	f->fields[f->n++] = STR("Subject: x");
	f->fields[f->n++] = STR("To: b@example.net");
	f->fields[f->n++] = STR("From: a@example.org");
	return f;
}

static inline struct header forge_header(const struct forge *f)
{
	struct header h = header_of(f->arena, 0, 0);

	for (size_t i = f->n; i; i--)
		assert_true(header_add_raw(&h, f->fields[i - 1]));
	return h;
}

static inline str forge_sign(struct forge *f, const char *text, str digest)
{
	struct buf b = buf_of(f->arena, 65536);
	str signature;
	struct err e;

	assert_true(privkey_sign(f->key, f->arena, digest, &signature, &e));
	buf_put(&b, str_of(text));
	buf_put(&b, base64_encode(f->arena, signature));
	return arena_str(f->arena, buf_str(&b));
}

__attribute__((format(printf, 2, 3))) static inline const char *forge_text(
	struct forge *f, const char *fmt, ...)
{
	char text[8192];
	va_list args;

	va_start(args, fmt);
	assert_true(vsnprintf(text, sizeof text, fmt, args) < (int)sizeof text);
	va_end(args);
	return arena_cstr(f->arena, str_of(text));
}

static inline const char *algorithm_of(const struct forge *f)
{
	return privkey_type(f->key) == KEY_RSA ? "rsa-sha256"
					       : "ed25519-sha256";
}

static inline str forge_ams(struct forge *f, unsigned i,
			    const struct forge_set *set)
{
	const char *h = or_else(set->h, "from:to:subject");
	str rest = str_of(h), names[32], bh;
	struct header header = forge_header(f);
	struct headerhash hh = { .algorithm = HASH_SHA256,
				 .canon = CANON_RELAXED,
				 .names = names };
	bool simple = set->c && strstr(set->c, "relaxed") == NULL &&
		      !(set->ams_more && strstr(set->ams_more, "was-relaxed"));
	const char *text;

	while (str_split(&rest, ':', &names[hh.n_names]))
		hh.n_names++;
	if (simple)
		hh.canon = CANON_SIMPLE;
	bh = base64_encode(f->arena, hash_of(f->arena, HASH_SHA256, f->body));
	text = forge_text(f,
			  "ARC-Message-Signature: i=%u; a=%s; %sd=%s; s=%s; "
			  "h=%s; bh=%.*s%s; b=",
			  i, algorithm_of(f),
			  or_else(set->c, "c=relaxed/relaxed; "),
			  or_else(set->d, "example.org"),
			  or_else(set->s, "sel"), h, STR_ARG(bh),
			  or_else(set->ams_more, ""));
	return forge_sign(f, text,
			  headerhash_digest(f->arena, &hh, &header,
					    str_of(text), (str){ NULL, 0 }));
}

static inline str forge_seal(struct forge *f, unsigned i,
			     const struct forge_set *set)
{
	const char *text = forge_text(
		f, "ARC-Seal: i=%u; a=%s; cv=%s; d=%s; s=%s; t=%d%s; b=", i,
		algorithm_of(f), or_else(set->cv, i == 1 ? "none" : "pass"),
		or_else(set->d, "example.org"), or_else(set->s, "sel"), NOW,
		or_else(set->seal_more, ""));
	struct buf b = buf_of(f->arena, 1 << 22);

	for (size_t k = set->alone ? (i - 1) * 3 : 0; k < i * 3 - 1; k++) {
		canon_header(&b, CANON_RELAXED, f->sets[k]);
		buf_put(&b, STR("\r\n"));
	}
	canon_header(&b, CANON_RELAXED, str_of(text));
	return forge_sign(f, text, hash_of(f->arena, HASH_SHA256, buf_str(&b)));
}

/* One more set on top. */
static inline void forge_add(struct forge *f, const struct forge_set *set)
{
	unsigned i = ++f->n_sets;
	str *of = &f->sets[(i - 1) * 3];

	assert_true(f->n + 3 <= FORGE_FIELDS);
	of[0] = str_of(forge_text(
		f, "ARC-Authentication-Results: i=%u;%s", i,
		or_else(set->aar, " mx.example.org; spf=pass "
				  "smtp.mailfrom=a@example.org; dmarc=pass")));
	f->fields[f->n++] = of[0];
	of[1] = forge_ams(f, i, set);
	f->fields[f->n++] = of[1];
	of[2] = forge_seal(f, i, set);
	f->fields[f->n++] = of[2];
}

/* Puts text in the place of the first `find` in a field of a set; an empty find
 * takes the field out, a NULL text doubles it. */
static inline void forge_edit(struct forge *f, unsigned i, enum arc_part part,
			      const char *find, const char *put)
{
	str was = f->sets[(i - 1) * 3 + part];
	char *text = arena_cstr(f->arena, was), *at = strstr(text, find);
	size_t k = 0;

	while (f->fields[k].p != was.p)
		k++;
	if (!put) {
		memmove(&f->fields[k + 1], &f->fields[k],
			(f->n++ - k) * sizeof *f->fields);
	} else if (!*find) {
		memmove(&f->fields[k], &f->fields[k + 1],
			(--f->n - k) * sizeof *f->fields);
	} else {
		assert_non_null(at);
		*at = '\0';
		f->fields[k] = str_of(
			forge_text(f, "%s%s%s", text, put, at + strlen(find)));
	}
}

static inline const char *forge_record(struct forge *f)
{
	str p = base64_encode(f->arena, privkey_public(f->key, f->arena));

	return forge_text(f, "v=DKIM1; k=%s; p=%.*s",
			  key_type_name(privkey_type(f->key)), STR_ARG(p));
}

/* Judges the message as it is now. */
static inline struct arc_chain *forge_judge(struct forge *f, struct script *s)
{
	struct arc_chain *c = arena_new_of(f->arena, struct arc_chain);
	struct header *h = arena_new_of(f->arena, struct header);
	struct asks *asks = asks_new(f->arena, script_resolver(s), 60);
	struct bodyhash *bodyhash = bodyhash_new(f->arena);
	struct dkim_policy policy = { .now = NOW, .drift = DKIM_DRIFT };

	*h = forge_header(f);
	arc_chain_init(c, f->arena, h, &policy);
	arc_chain_ask(c, asks);
	arc_chain_headers(c, h, bodyhash);
	(void)arc_chain_step(c, asks, NULL);
	bodyhash_feed(bodyhash, f->body);
	bodyhash_end(bodyhash);
	while (!arc_chain_step(c, asks, bodyhash)) {
		assert_true(asks_outstanding(asks) > 0);
		assert_true(script_next(s));
	}
	return c;
}

#endif
