#include "daemon/sealing.h"

#include "arc/seal.h"

static void tell(struct job *j, const char *why)
{
	unsigned left_out;

	if (log_allowed(&j->filter->station->limit_key, j->now, &left_out))
		log_say(LOG_WARN, "Seal %.*s: %s; the message is not sealed",
			STR_ARG(j->s->conf->seal), why);
}

static void free_key(void *key)
{
	privkey_free(key);
}

static struct privkey *load(struct job *j, struct key_entry *entry)
{
	enum keystore_news news;
	struct arena_slot *slot;
	struct privkey *key;
	const char *why;
	struct err e;

	why = keytable_find(j->s->rules.keys, j->arena, j->s->conf->seal,
			    STR(""), entry);
	if (why) {
		tell(j, why);
		return NULL;
	}
	slot = arena_defer_slot(j->arena, free_key);
	key = snapshot_key(j->s, entry, &news, &e);
	if (!key) {
		tell(j, e.text);
		return NULL;
	}
	arena_defer_set(slot, key);
	return key;
}

/* What can never be continued is left as it is (RFC 8617 5.1). */
void sealing_begin(struct job *j)
{
	struct key_entry entry;
	struct privkey *key;

	if (!j->s->conf->seal.n || !verify_chain(j->verify) || j->exempt ||
	    arc_seal_refusal(verify_chain(j->verify)))
		return;
	key = load(j, &entry);
	if (!key)
		return;

	const struct dkim_sign_options o = {
		.domain = entry.domain,
		.selector = entry.selector,
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_arc,
		.never = dkim_names_arc_never,
		.timestamp = j->now,
		.body_length = -1,
	};

	j->seals = verify_seal_begin(j->verify, &o);
}

void sealing_end(struct job *j, const struct header *header,
		 const struct authres *results)
{
	static const enum arc_part order[] = { ARC_AAR, ARC_AMS, ARC_AS };
	struct authres all = *results;
	str fields[3];
	struct err e;

	if (!j->seals)
		return;
	if (!verify_seal_finish(j->verify, header, &all, fields, &e)) {
		tell(j, e.text);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		str whole = fields[order[i]];

		milter_insert_header(&j->filter->session, 0,
				     str_head(whole, str_find(whole, ':')),
				     job_value(j, whole));
	}
}
