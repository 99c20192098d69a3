/* One signature judged against one or more records of its key. */
#ifndef TESTS_UNIT_DKIM_JUDGE_H
#define TESTS_UNIT_DKIM_JUDGE_H

#include "base/base64.h"
#include "dkim/check.h"
#include "dkim/sign.h"
#include "dns/resolver.h"
#include "test.h"

struct records {
	struct resolver r;
	struct dns_answer answer;
};

static inline void records_answer(struct resolver *r, struct asks *as,
				  unsigned id, enum dns_type type, str name)
{
	(void)type, (void)name;
	asks_answer(as, id, &((struct records *)r)->answer);
}

static inline void records_cancel(struct resolver *r, struct asks *as)
{
	(void)r, (void)as;
}

static inline struct resolver *records_of(struct arena *a,
					  const char *const *text, size_t n)
{
	struct records *r = arena_new_of(a, struct records);
	struct dns_rr *rr = arena_array_of(a, struct dns_rr, n);

	for (size_t i = 0; i < n; i++)
		rr[i].data = str_of(text[i]);
	r->r.send = records_answer;
	r->r.cancel = records_cancel;
	r->answer = (struct dns_answer){ .status = n ? DNS_OK : DNS_NXDOMAIN,
					 .n = n,
					 .rr = rr };
	return &r->r;
}

/* The first signature of the header, whose key has these records. */
static inline struct dkim_check *judge_by(struct arena *a, struct header *h,
					  str body, struct resolver *r,
					  struct dkim_policy policy)
{
	struct dkim_check *c = arena_new_of(a, struct dkim_check);
	struct bodyhash *bh = bodyhash_new(a);
	struct asks *asks = asks_new(a, r, 10);

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

static inline struct dkim_check *judge_at(struct arena *a, struct header *h,
					  str body, struct resolver *r,
					  int64_t now)
{
	return judge_by(a, h, body, r,
			(struct dkim_policy){ .now = now,
					      .drift = DKIM_DRIFT,
					      .min_key_bits = 1024 });
}

/* Lines of a header, each a whole field. */
static inline struct header header_from(struct arena *a,
					const char *const *lines, size_t n)
{
	struct header h = header_of(a, 0, 0);

	for (size_t i = 0; i < n; i++)
		assert_true(header_add_raw(&h, str_of(lines[i])));
	return h;
}

static inline const char *record_for(struct arena *a, const struct privkey *key,
				     const char *more)
{
	struct buf b = buf_of(a, 8192);
	str p = base64_encode(a, privkey_public(key, a));

	buf_printf(&b, "%sk=%s; p=%.*s", more, key_type_name(privkey_type(key)),
		   STR_ARG(p));
	return arena_cstr(a, buf_str(&b));
}

#endif
