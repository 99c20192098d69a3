#include "arc/seal.h"

#include "arc/sealhash.h"
#include "base/base64.h"
#include "base/limits.h"
#include "mail/fold.h"

#include <assert.h>

enum { FIELD_MAX = 4 * LIMIT_AUTHRES_BYTES };

struct arc_seal {
	struct arena *arena;
	struct dkim_sign_options o;
	struct dkim_sign *ams;
};

const char *arc_seal_refusal(const struct arc_chain *chain)
{
	if (chain->sets.dead)
		return "the newest ARC-Seal says cv=fail: the chain has ended";
	if (chain->sets.n >= LIMIT_ARC_SETS)
		return "the chain has all the sets it may have";
	return NULL;
}

struct arc_seal *arc_seal_new(struct arena *arena,
			      const struct dkim_sign_options *options,
			      const struct arc_chain *chain,
			      struct bodyhash *bodyhash)
{
	struct arc_seal *s = arena_new_of(arena, struct arc_seal);

	s->arena = arena;
	s->o = (struct dkim_sign_options){
		.domain = options->domain,
		.selector = options->selector,
		.key = options->key,
		.header_canon = options->header_canon,
		.body_canon = options->body_canon,
		.sign = options->sign,
		.never = options->never,
		.oversign = options->oversign,
		.exact = options->exact,
		.timestamp = options->timestamp,
		.body_length = -1,
		.instance = chain->sets.n + 1,
	};
	s->ams = dkim_sign_new(arena, &s->o, bodyhash);
	return s;
}

/* RFC 8617 4.1.1 */
static str make_results(struct arc_seal *s, unsigned i,
			const struct authres *results)
{
	struct buf b = buf_of(s->arena, FIELD_MAX);

	buf_printf(&b, "%s: i=%u;", arc_part_name(ARC_AAR), i);
	authres_write(&b, b.n, results);
	return buf_str(&b);
}

static void put_tag(struct arc_seal *s, struct fold *f, const char *name,
		    str value)
{
	struct buf b = buf_of(s->arena, FIELD_MAX);

	buf_printf(&b, "%s=%.*s;", name, STR_ARG(value));
	fold_word(f, buf_str(&b));
}

static void put_number(struct arc_seal *s, struct fold *f, const char *name,
		       int64_t value)
{
	struct buf b = buf_of(s->arena, 24);

	buf_printf(&b, "%lld", (long long)value);
	put_tag(s, f, name, buf_str(&b));
}

/* RFC 8617 4.1.3, up to and with "b=" */
static struct fold begin_seal(struct arc_seal *s, struct buf *b, unsigned i,
			      enum arc_cv cv)
{
	struct fold f;

	buf_printf(b, "%s:", arc_part_name(ARC_AS));
	f = fold_of(b, b->n);
	put_number(s, &f, "i", i);
	put_tag(s, &f, "a",
		privkey_type(s->o.key) == KEY_RSA ? STR("rsa-sha256")
						  : STR("ed25519-sha256"));
	put_tag(s, &f, "cv", str_of(arc_cv_word(cv)));
	put_tag(s, &f, "d", s->o.domain);
	put_tag(s, &f, "s", s->o.selector);
	if (s->o.timestamp >= 0)
		put_number(s, &f, "t", s->o.timestamp);
	fold_line(&f);
	fold_glue(&f, STR("b="));
	return f;
}

/* RFC 8617 5.1.1; with cv=fail over the new set alone (5.1.2) */
static str seal_digest(struct arc_seal *s, const struct arc_chain *chain,
		       enum arc_cv cv, const str *fields, str unsigned_seal)
{
	struct sealhash h;

	sealhash_init(&h, s->arena, NULL);
	for (unsigned i = 0; cv == ARC_CV_PASS && i < chain->sets.n; i++) {
		const struct arc_set *set = &chain->sets.set[i];

		(void)sealhash_next(&h, set->fields[ARC_AAR]->raw,
				    set->fields[ARC_AMS]->raw,
				    set->fields[ARC_AS]->raw,
				    set->seal.sig.room);
	}
	return sealhash_next(&h, fields[ARC_AAR], fields[ARC_AMS],
			     unsigned_seal, (str){ NULL, 0 });
}

bool arc_seal_forbids(str name)
{
	return str_ieq(name, STR("Authentication-Results")) ||
	       str_istarts(name, STR("ARC-"));
}

static bool names_ok(const struct dkim_sign_options *o, struct err *e)
{
	for (size_t i = 0; o->exact && i < o->sign.n; i++) {
		str name = o->sign.names[i];

		if (arc_seal_forbids(name))
			return err_set(e, ERR_DATA,
				       "%.*s cannot be covered by an "
				       "ARC-Message-Signature",
				       STR_ARG(str_head(name, 100)));
	}
	return true;
}

bool arc_seal_finish(struct arc_seal *s, const struct arc_chain *chain,
		     const struct header *header,
		     const struct bodyhash *bodyhash,
		     const struct authres *results, str fields[3],
		     struct err *e)
{
	unsigned i = chain->sets.n + 1;
	enum arc_cv cv = chain->result == ARC_NONE   ? ARC_CV_NONE
			 : chain->result == ARC_PASS ? ARC_CV_PASS
						     : ARC_CV_FAIL;
	const char *refusal = arc_seal_refusal(chain);
	struct buf b = buf_of(s->arena, FIELD_MAX);
	struct fold f;
	str signature;

	assert(chain->result != ARC_PENDING);
	if (refusal)
		return err_set(e, ERR_DATA, "%s", refusal);
	fields[ARC_AAR] = make_results(s, i, results);
	if (!names_ok(&s->o, e) ||
	    !dkim_sign_finish(s->ams, header, bodyhash, &fields[ARC_AMS], e))
		return false;
	f = begin_seal(s, &b, i, cv);
	if (!privkey_sign(s->o.key, s->arena,
			  seal_digest(s, chain, cv, fields, buf_str(&b)),
			  &signature, e))
		return false;
	fold_anywhere(&f, base64_encode(s->arena, signature));
	fields[ARC_AS] = buf_str(&b);
	return true;
}
