#include "dkim/check.h"

#include "base/limits.h"
#include "dkim/headerhash.h"
#include "dns/name.h"

void dkim_check_settle(struct dkim_check *c, enum dkim_result result,
		       const char *why)
{
	c->result = result;
	c->why = why;
}

str dkim_key_name(struct arena *arena, str selector, str domain)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX);

	buf_put(&b, selector);
	buf_put(&b, STR("._domainkey."));
	buf_put(&b, domain);
	return b.overflow ? STR("") : buf_str(&b);
}

/* RFC 6376 3.5 t= and x= */
static const char *judge_times(const struct dkim_signature *s,
			       const struct dkim_policy *p)
{
	if (s->timestamp >= 0 && s->expiry >= 0 && s->expiry <= s->timestamp)
		return "x= is not after t=";
	if (s->timestamp >= 0 && s->timestamp > p->now + p->drift)
		return "signed in the future";
	if (s->expiry >= 0 && p->now > s->expiry + p->drift)
		return "signature expired";
	return NULL;
}

/* What needs neither header nor key */
static void judge_alone(struct dkim_check *c)
{
	const char *why;

	c->key_name = dkim_key_name(c->arena, c->sig.selector_ascii,
				    c->sig.domain_ascii);
	if (!c->key_name.n)
		dkim_check_settle(c, DKIM_PERMERROR,
				  "name of the key record too long");
	else if (c->sig.algorithm == DKIM_RSA_SHA1)
		dkim_check_settle(c, DKIM_POLICY, "rsa-sha1 is not accepted");
	why = judge_times(&c->sig, &c->policy);
	if (why && c->result == DKIM_PENDING)
		dkim_check_settle(c, DKIM_NEUTRAL, why);
}

void dkim_check_init(struct dkim_check *c, struct arena *arena,
		     const struct field *field,
		     const struct dkim_policy *policy)
{
	enum dkim_result result;
	const char *why;

	*c = (struct dkim_check){ .arena = arena, .policy = *policy };
	c->readable = dkim_signature_parse(arena, field, &c->sig, &result,
					   &why);
	if (!c->readable) {
		dkim_check_settle(c, result, why);
		return;
	}
	judge_alone(c);
}

void dkim_check_adopt(struct dkim_check *c, struct arena *arena,
		      const struct dkim_signature *sig,
		      const struct dkim_policy *policy)
{
	*c = (struct dkim_check){ .arena = arena,
				  .policy = *policy,
				  .sig = *sig,
				  .readable = true };
	judge_alone(c);
}

void dkim_check_hash(struct dkim_check *c, const struct header *header)
{
	const struct dkim_signature *s = &c->sig;
	struct headerhash hh = {
		.algorithm = dkim_algorithm_hash(s->algorithm),
		.canon = s->header_canon,
		.names = s->names,
		.n_names = s->n_names,
		.own = s->field,
		.scratch = c->policy.scratch,
	};

	if (c->result != DKIM_PENDING)
		return;
	c->header_digest = headerhash_digest(c->arena, &hh, header,
					     s->field->raw, s->room);
}

void dkim_check_want(struct dkim_check *c, struct bodyhash *bodyhash)
{
	const struct dkim_signature *s = &c->sig;

	if (c->result == DKIM_PENDING)
		c->body_id = bodyhash_want(bodyhash, s->body_canon,
					   dkim_algorithm_hash(s->algorithm),
					   s->length);
}

void dkim_check_headers(struct dkim_check *c, const struct header *header,
			struct bodyhash *bodyhash)
{
	dkim_check_hash(c, header);
	dkim_check_want(c, bodyhash);
}

void dkim_check_ask(struct dkim_check *c, struct asks *asks)
{
	if (c->result == DKIM_PENDING)
		(void)ask(asks, DNS_TXT, c->key_name);
}

/* What one key record makes of the signature. */
struct judgement {
	enum dkim_result result; /* NONE: no key record at all */
	const char *why;
	unsigned key_bits;
	enum key_type key_type;
	bool testing, revoked;
	uint64_t unsigned_octets;
};

static void rule(struct judgement *j, enum dkim_result result, const char *why)
{
	j->result = result;
	j->why = why;
}

/* RFC 6376 6.1.2: may this record's key be used for this signature? */
static const char *judge_record(const struct dkim_record *r,
				const struct dkim_signature *s)
{
	enum key_type want = s->algorithm == DKIM_ED25519_SHA256 ? KEY_ED25519
								 : KEY_RSA;

	if (r->revoked)
		return "key revoked";
	if (!r->email)
		return "key is not for email";
	if (!(dkim_algorithm_hash(s->algorithm) == HASH_SHA1 ? r->sha1
							     : r->sha256))
		return "key does not allow this hash";
	if (r->type != want)
		return "key type does not fit the algorithm";
	if (r->exact_identity && !str_ieq(s->identity_domain, s->domain_ascii))
		return "key does not allow a subdomain in i=";
	return NULL;
}

/* RFC 6376 8.2: is what l= leaves out little enough? */
static bool covers_enough(struct dkim_cover cover, uint64_t covered,
			  uint64_t octets)
{
	switch (cover.part) {
	case DKIM_OCTETS:
		return covered >= cover.n;
	case DKIM_PERCENT: /* of less than 2^63 octets: no overflow */
		return covered >=
		       octets / 100 * cover.n + octets % 100 * cover.n / 100;
	case DKIM_ALL_BUT:
		return octets - covered <= cover.n;
	case DKIM_ALL:
		break;
	}
	return false;
}

/* True: the body is the one that bh= and l= speak of. */
static bool judge_body(const struct dkim_check *c, const struct bodyhash *body,
		       struct judgement *j)
{
	const struct dkim_signature *s = &c->sig;

	if (s->length >= 0 &&
	    (uint64_t)s->length > bodyhash_length(body, c->body_id))
		rule(j, DKIM_PERMERROR, "l= is more than the body");
	else if (!hash_equal(s->bh, bodyhash_digest(body, c->body_id)))
		rule(j, DKIM_FAIL, "body hash did not verify");
	else
		return true;
	return false;
}

/* Of a signature that verified: what l= leaves of the body. */
static void judge_cover(const struct dkim_check *c, uint64_t octets,
			struct judgement *j)
{
	int64_t length = c->sig.length;

	if (length < 0 || (uint64_t)length >= octets)
		return;
	j->unsigned_octets = octets - (uint64_t)length;
	if (!covers_enough(c->policy.cover, (uint64_t)length, octets))
		rule(j, DKIM_POLICY, "only a part of the body is signed");
}

/* RFC 6376 6.1.3, with RFC 8301 3.2 */
static void judge_crypto(const struct dkim_check *c, struct pubkey *key,
			 const struct bodyhash *body, struct judgement *j)
{
	const struct dkim_signature *s = &c->sig;

	rule(j, DKIM_PASS, NULL);
	if (j->key_type == KEY_RSA && (j->key_bits < LIMIT_RSA_BITS_MIN ||
				       j->key_bits < c->policy.min_key_bits))
		rule(j, DKIM_POLICY, "key too short");
	else if (!c->bodyless && !judge_body(c, body, j))
		return;
	else if (!pubkey_verify(key, dkim_algorithm_hash(s->algorithm),
				c->header_digest, s->b))
		rule(j, DKIM_FAIL, "signature did not verify");
	else if (!c->bodyless)
		judge_cover(c, bodyhash_length(body, c->body_id), j);
}

/* One TXT record.  PENDING: its key is good, the body has not ended. */
static struct judgement judge_key(const struct dkim_check *c, str text,
				  const struct bodyhash *body)
{
	struct judgement j = { .result = DKIM_NONE };
	struct dkim_record record;
	const char *why;
	enum dkim_record_status status = dkim_record_parse(c->arena, text,
							   &record, &why);

	if (status == DKIM_RECORD_FOREIGN)
		return j;
	if (status == DKIM_RECORD_BAD) {
		rule(&j, DKIM_PERMERROR, "malformed key record");
		return j;
	}
	j.testing = record.testing;
	j.revoked = record.revoked;
	why = judge_record(&record, &c->sig);
	if (why) {
		rule(&j, DKIM_PERMERROR, why);
		return j;
	}

	struct arena_slot *slot = arena_defer_slot(
		c->arena, (void (*)(void *))pubkey_free);
	struct pubkey *key = keycache_get(c->policy.cache, record.type,
					  record.key_text, record.key, &why);

	if (!key) {
		rule(&j, DKIM_PERMERROR, why);
		return j;
	}
	arena_defer_set(slot, key);
	j.key_type = record.type;
	j.key_bits = pubkey_bits(key);
	if (body || c->bodyless)
		judge_crypto(c, key, body, &j);
	else
		j.result = DKIM_PENDING;
	return j;
}

/* RFC 6376 6.1.2: several key records may be tried; the first that passes (or,
 * before the body has ended, that can be used) counts, else the first one. */
static void judge_keys(struct dkim_check *c, const struct dns_answer *answer,
		       const struct bodyhash *body)
{
	struct judgement chosen = { DKIM_PERMERROR, "no key for signature",
				    .revoked = true };
	unsigned tried = 0;

	for (size_t i = 0; i < answer->n && tried < LIMIT_KEY_RECORDS; i++) {
		struct judgement j = judge_key(c, answer->rr[i].data, body);
		bool good = j.result == DKIM_PASS || j.result == DKIM_PENDING;

		if (j.result == DKIM_NONE)
			continue;
		if (tried++ == 0 || good)
			chosen = j;
		if (good)
			break;
	}
	c->key_type = chosen.key_type;
	c->key_bits = chosen.key_bits;
	c->testing = chosen.testing;
	c->key_missing = chosen.revoked;
	c->unsigned_octets = chosen.unsigned_octets;
	if (chosen.result != DKIM_PENDING)
		dkim_check_settle(c, chosen.result, chosen.why);
}

void dkim_check_step(struct dkim_check *c, struct asks *asks,
		     const struct bodyhash *body)
{
	if (c->result != DKIM_PENDING)
		return;

	const struct dns_answer *answer = ask(asks, DNS_TXT, c->key_name);

	if (!answer)
		return;
	c->secure = answer->secure;
	c->bogus = answer->bogus;
	switch (answer->status) {
	case DNS_OK:
		judge_keys(c, answer, body);
		return;
	case DNS_TEMPFAIL:
		dkim_check_settle(c, DKIM_TEMPERROR,
				  answer->bogus ? "key record is bogus"
						: "key lookup failed");
		return;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		c->key_missing = true;
		dkim_check_settle(c, DKIM_PERMERROR, "no key for signature");
		return;
	}
}

void dkim_check_give_up(struct dkim_check *c)
{
	if (c->result == DKIM_PENDING)
		dkim_check_settle(c, DKIM_TEMPERROR, "no answer in time");
}
