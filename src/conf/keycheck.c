#include "conf/keycheck.h"

#include "conf/crosscheck.h"

#include <stdlib.h>

struct keycheck {
	struct snapshot *snapshot;
	struct arena *arena; /* of one key at a time */
	keycheck_tell *tell;
	void *arg;
	size_t at; /* the next entry of KeyTable, or of Domain */
	size_t done, wrong;
};

struct keycheck *keycheck_new(struct snapshot *s, keycheck_tell *tell,
			      void *arg)
{
	struct keycheck *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->arena = arena_new(8192);
	if (!k->arena) {
		free(k);
		return NULL;
	}
	k->snapshot = snapshot_hold(s);
	k->tell = tell;
	k->arg = arg;
	return k;
}

void keycheck_free(struct keycheck *k)
{
	if (!k)
		return;
	arena_free(k->arena);
	snapshot_release(k->snapshot);
	free(k);
}

/* The entry and the table it is from; false at the end.  Entries that depend on
 * the sender, or are wrong, were dealt with at load. */
static bool next_entry(struct keycheck *k, struct key_entry *out,
		       const struct table **from)
{
	const struct sign_rules *r = &k->snapshot->rules;
	struct table_entry e;

	*from = r->keys;
	while (r->keys && table_next(r->keys, &k->at, &e))
		if (!key_entry_parse(&e, out) && !key_entry_has_percent(out))
			return true;
	*from = r->domains;
	if (r->keys || !r->domains || !r->key_file.p ||
	    !table_next(r->domains, &k->at, &e))
		return false;
	*out = (struct key_entry){ .name = e.key,
				   .domain = e.key,
				   .selector = r->selector,
				   .key = r->key_file,
				   .is_path = true,
				   .at = e.at };
	return true;
}

static enum problem_level level_of(const struct keytest *t)
{
	if (t->result == KEYTEST_TIMEOUT)
		return PROBLEM_NOTE;
	return t->result == KEYTEST_OK ? PROBLEM_NOTE : PROBLEM_WARNING;
}

static const char *cure(const struct keytest *t)
{
	static const char *const cures[] = {
		[KEYTEST_NOT_FOUND] = "receivers cannot verify its signatures; "
				      "publish it (inkan records prints it)",
		[KEYTEST_TIMEOUT] = "no name server answered now",
		[KEYTEST_BOGUS] = "DNSSEC of this zone is broken",
		[KEYTEST_INVALID] = "receivers cannot verify its signatures; "
				    "publish it again in one piece",
		[KEYTEST_REVOKED] = "receivers count its signatures as failed; "
				    "sign with another selector",
		[KEYTEST_MISMATCH] = "receivers count its signatures as "
				     "forged; publish the record of this key, "
				     "or sign with the key of that record",
	};

	if (t->result == KEYTEST_OK)
		return "the record says t=y (testing): receivers may treat "
		       "the mail as unsigned";
	return cures[t->result];
}

static void complain(struct keycheck *k, const struct key_entry *e,
		     const struct table *from, const struct keytest *t,
		     struct problems *found)
{
	str words = keytest_words(k->arena, t);

	if (t->result == KEYTEST_OK && !t->testing)
		return;
	problem_add(found, level_of(t), table_name(from),
		    table_line(from, e->at),
		    "key \"%.*s\", record %.*s: %.*s: %s",
		    STR_ARG(str_head(e->name, 80)), STR_ARG(t->name),
		    STR_ARG(words), cure(t));
}

static struct privkey *open_key(struct keycheck *k, const struct key_entry *e,
				struct problems *found)
{
	enum keystore_news news;
	struct err err;

	/* a large table's keys were not all opened at load */
	if (k->snapshot->rules.keys && e->at >= k->snapshot->keys_checked_to)
		(void)crosscheck_key(k->snapshot, e, PROBLEM_WARNING, found);
	return snapshot_key(k->snapshot, e, &news, &err);
}

static void check(struct keycheck *k, const struct key_entry *e,
		  const struct table *from, struct dns_client *dns)
{
	struct problems found;
	struct privkey *key;

	problems_init(&found, k->arena);
	key = open_key(k, e, &found);
	if (key) {
		struct keytest t = keytest_run(k->arena, dns, e->domain,
					       e->selector, key);

		complain(k, e, from, &t, &found);
	}
	privkey_free(key);
	k->wrong += found.first != NULL;
	for (const struct problem *p = found.first; p; p = p->next)
		k->tell(k->arg, p);
}

bool keycheck_next(struct keycheck *k, struct dns_client *dns)
{
	struct key_entry e;
	const struct table *from;

	if (!next_entry(k, &e, &from))
		return false;
	arena_reset(k->arena);
	if (arena_enter(k->arena)) {
		check(k, &e, from, dns);
		arena_leave(k->arena);
	}
	k->done++;
	return true;
}

size_t keycheck_done(const struct keycheck *k)
{
	return k->done;
}

size_t keycheck_wrong(const struct keycheck *k)
{
	return k->wrong;
}
