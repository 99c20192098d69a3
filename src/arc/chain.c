#include "arc/chain.h"

#include "arc/sealhash.h"
#include "base/limits.h"

const char *arc_result_word(enum arc_result result)
{
	static const char *const words[] = { "pending", "none", "pass",
					     "fail" };

	return words[result];
}

static void fail(struct arc_chain *c, unsigned at, enum arc_part part,
		 const char *why)
{
	c->result = ARC_FAIL;
	c->why = why;
	c->at = at;
	c->part = part;
}

static struct arc_set *set_of(const struct arc_chain *c, unsigned i)
{
	return &c->sets.set[i - 1];
}

/* A signature that has to pass.  True: it does, or may still. */
static bool require(struct arc_chain *c, const struct dkim_check *check,
		    unsigned at, enum arc_part part)
{
	if (check->result == DKIM_PENDING || check->result == DKIM_PASS)
		return true;
	fail(c, at, part, check->why);
	c->temporary = check->result == DKIM_TEMPERROR;
	return false;
}

/* False: it is a further name, and there is no room for it. */
static bool add_key(struct arc_chain *c, str name)
{
	for (size_t i = 0; i < c->n_keys; i++)
		if (str_ieq(c->keys[i], name))
			return true;
	if (c->n_keys == LIMIT_ARC_KEYS)
		return false;
	c->keys[c->n_keys++] = name;
	return true;
}

/* The seals and the newest message signature need their keys. */
static void need_keys(struct arc_chain *c)
{
	unsigned n = c->sets.n;

	c->keys = arena_array_of(c->arena, str, LIMIT_ARC_KEYS);
	if (!require(c, &set_of(c, n)->ams, n, ARC_AMS))
		return;
	(void)add_key(c, set_of(c, n)->ams.key_name);
	for (unsigned i = n; i; i--) {
		const struct dkim_check *seal = &set_of(c, i)->seal;

		if (!require(c, seal, i, ARC_AS))
			return;
		if (!add_key(c, seal->key_name)) {
			fail(c, i, ARC_AS, "too many different keys");
			return;
		}
	}
}

/* The older message signatures are for header.oldest-pass only, and evaluated
 * where that costs little: no hash of the body that nobody else may want. */
static void choose_older(struct arc_chain *c)
{
	unsigned n = c->sets.n, i = n;

	while (i > 1 && n - i + 1 < LIMIT_ARC_MESSAGE_SIGNATURES) {
		const struct dkim_check *ams = &set_of(c, i - 1)->ams;

		if (ams->result != DKIM_PENDING) {
			i--; /* known to fail without any cost */
			break;
		}
		if (ams->sig.length >= 0 || !add_key(c, ams->key_name))
			break;
		i--;
	}
	c->wanted = i;
}

void arc_chain_init(struct arc_chain *c, struct arena *arena,
		    const struct header *header,
		    const struct dkim_policy *policy)
{
	*c = (struct arc_chain){ .arena = arena,
				 .header = header,
				 .scratch = policy->scratch,
				 .oldest_pass = ARC_OLDEST_UNKNOWN };
	arc_sets_read(&c->sets, arena, header, policy);
	if (header->too_large)
		fail(c, 0, ARC_WHOLE, "header too large to verify");
	else if (!c->sets.present)
		c->result = ARC_NONE;
	else if (c->sets.dead)
		fail(c, c->sets.n, ARC_AS, "cv=fail");
	else if (c->sets.why)
		fail(c, c->sets.at, c->sets.part, c->sets.why);
	else
		need_keys(c);
	if (c->result == ARC_PENDING)
		choose_older(c);
}

void arc_chain_ask(struct arc_chain *c, struct asks *asks)
{
	if (c->result != ARC_PENDING)
		return;
	for (size_t i = 0; i < c->n_keys; i++)
		(void)ask(asks, DNS_TXT, c->keys[i]);
}

void arc_chain_headers(struct arc_chain *c, const struct header *header,
		       struct bodyhash *bodyhash)
{
	c->header = header;
	if (c->result != ARC_PENDING)
		return;
	for (unsigned i = c->sets.n; i >= c->wanted; i--) {
		struct arc_set *set = set_of(c, i);

		dkim_check_want(&set->ams, bodyhash);
		if (set->relaxed)
			dkim_check_want(set->relaxed, bodyhash);
	}
}

static void hash_seals(struct arc_chain *c)
{
	struct sealhash h;

	if (c->hashed)
		return;
	c->hashed = true;
	sealhash_init(&h, c->arena, c->scratch);
	for (unsigned i = 1; i <= c->sets.n; i++) {
		struct arc_set *set = set_of(c, i);

		set->seal.header_digest = sealhash_next(
			&h, set->fields[ARC_AAR]->raw,
			set->fields[ARC_AMS]->raw, set->fields[ARC_AS]->raw,
			set->seal.sig.room);
	}
}

static void step_check(struct arc_chain *c, struct dkim_check *ams,
		       struct asks *asks, const struct bodyhash *bodyhash)
{
	if (!ams->header_digest.p)
		dkim_check_hash(ams, c->header);
	dkim_check_step(ams, asks, bodyhash);
}

static enum dkim_result step_signature(struct arc_chain *c, unsigned i,
				       struct asks *asks,
				       const struct bodyhash *bodyhash)
{
	struct arc_set *set = set_of(c, i);

	step_check(c, &set->ams, asks, bodyhash);
	if (set->ams.result == DKIM_FAIL && set->relaxed) {
		step_check(c, set->relaxed, asks, bodyhash);
		if (set->relaxed->result == DKIM_PASS)
			set->ams = *set->relaxed;
		set->relaxed = NULL;
	}
	return set->ams.result;
}

/* RFC 8617 5.2 step 5.  False: an answer is missing. */
static bool find_oldest(struct arc_chain *c, struct asks *asks,
			const struct bodyhash *bodyhash)
{
	unsigned i = c->sets.n;

	while (i > 1 && i > c->wanted) {
		enum dkim_result result = step_signature(c, i - 1, asks,
							 bodyhash);

		if (result == DKIM_PENDING)
			return false;
		if (result == DKIM_TEMPERROR)
			return true;
		if (result != DKIM_PASS) {
			c->oldest_pass = (int)i;
			return true;
		}
		i--;
	}
	if (i == 1)
		c->oldest_pass = 0;
	return true;
}

/* RFC 8617 5.2 steps 4 to 6, in this order whatever comes first, so that the
 * reason depends on the message alone.  False: an answer is missing. */
static bool verify(struct arc_chain *c, struct asks *asks,
		   const struct bodyhash *bodyhash)
{
	unsigned n = c->sets.n;

	if (step_signature(c, n, asks, bodyhash) == DKIM_PENDING)
		return false;
	if (!require(c, &set_of(c, n)->ams, n, ARC_AMS))
		return true;
	hash_seals(c);
	for (unsigned i = n; i; i--) {
		struct dkim_check *seal = &set_of(c, i)->seal;

		dkim_check_step(seal, asks, NULL);
		if (seal->result == DKIM_PENDING)
			return false;
		if (!require(c, seal, i, ARC_AS))
			return true;
	}
	return find_oldest(c, asks, bodyhash);
}

bool arc_chain_step(struct arc_chain *c, struct asks *asks,
		    const struct bodyhash *bodyhash)
{
	if (c->result == ARC_PENDING && bodyhash && verify(c, asks, bodyhash) &&
	    c->result == ARC_PENDING)
		c->result = ARC_PASS;
	return c->result != ARC_PENDING;
}

void arc_chain_give_up(struct arc_chain *c)
{
	if (c->result != ARC_PENDING)
		return;
	fail(c, 0, ARC_WHOLE, "no answer in time");
	c->temporary = true;
}

str arc_chain_reason(const struct arc_chain *c, struct arena *arena)
{
	struct buf b = buf_of(arena, 256);

	if (!c->why)
		return (str){ NULL, 0 };
	if (c->part != ARC_WHOLE)
		buf_put(&b, str_of(arc_part_name(c->part)));
	if (c->at)
		buf_printf(&b, " i=%u", c->at);
	if (c->part != ARC_WHOLE)
		buf_put(&b, STR(": "));
	buf_put(&b, str_of(c->why));
	return buf_str(&b);
}
