/* signing: the signatures of one message. */
#include "conf/signing.h"

#include "daemon/job.h"

/* A key that is not there is trouble of ours: the sender tries again, and
 * nothing leaves unsigned that should be signed. */
static enum milter_verdict no_key(struct job *j, const char *why)
{
	milter_set_reply(&j->filter->session, "451", "4.7.0",
			 STR("signing key unavailable, try again later"));
	report_signed(j, why);
	return MILTER_TEMPFAIL;
}

static enum milter_verdict failed(struct job *j, const char *why)
{
	enum milter_verdict v = job_act(j, j->s->conf->on_signature_error,
					STR("DKIM signing error"));

	report_signed(j, why);
	return v;
}

static void free_key(void *key)
{
	privkey_free(key);
}

static void tell_news(struct job *j, enum keystore_news news,
		      const struct err *e)
{
	struct station *st = j->filter->station;
	unsigned left_out;

	if (news == KEYSTORE_FINE || news == KEYSTORE_FAILED ||
	    !log_allowed(&st->limit_key, j->now, &left_out))
		return;
	log_say(LOG_WARN, "%s%s", e->text,
		news == KEYSTORE_KEPT ? "; the last good key is used" : "");
}

/* NULL when the signature is prepared, else why not. */
static const char *prepare(struct job *j, const struct sign_key *k)
{
	enum keystore_news news = KEYSTORE_FINE;
	struct arena_slot *slot = arena_defer_slot(j->arena, free_key);
	struct err e;
	struct privkey *key;

	if (k->trouble)
		return k->trouble;
	key = snapshot_key(j->s, &k->key, &news, &e);
	if (!key)
		return arena_cstr(j->arena, str_of(e.text));
	arena_defer_set(slot, key);
	tell_news(j, news, &e);
	if (signing_trouble(j->s, k, key))
		return signing_trouble(j->s, k, key);

	struct dkim_sign_options o = signing_options(j->s, k, key, j->now);

	j->signatures[j->n_signatures++] = dkim_sign_new(j->arena, &o,
							 j->bodyhash);
	return NULL;
}

static bool folds(struct job *j)
{
	enum conf_long_lines how = j->s->conf->long_lines;
	str mta = milter_session_macro(&j->filter->session, STR("v"));

	return how == CONF_LONG_FOLD || how == CONF_LONG_REJECT ||
	       (how == CONF_LONG_AUTO && str_istarts(mta, STR("Postfix")));
}

static void hash(void *arg, str piece)
{
	bodyhash_feed(arg, piece);
}

void signing_body(struct job *j, str chunk)
{
	if (j->folds)
		longline_feed(&j->longline, chunk, hash, j->bodyhash);
	else
		bodyhash_feed(j->bodyhash, chunk);
}

/* LongLines reject */
static bool refuse_long_lines(struct job *j)
{
	static const char why[] = "a line of the message is longer than 998 "
				  "octets, which SMTP does not allow: let the "
				  "mail program encode it (quoted-printable)";

	if (j->s->conf->long_lines != CONF_LONG_REJECT || !j->longline.seen)
		return false;
	milter_set_reply(&j->filter->session, "550", "5.6.0", str_of(why));
	report_signed(j, why);
	job_finish(j, MILTER_REJECT);
	return true;
}

enum milter_verdict signing_begin(struct job *j)
{
	struct sign_choice *c = j->choice;

	j->kind = JOB_SIGN;
	if (j->malformed && !j->s->conf->weak_syntax_checks)
		return failed(j, j->malformed);
	j->folds = folds(j);
	j->bodyhash = bodyhash_new(j->arena);
	j->signatures = arena_array_of(j->arena, struct dkim_sign *, c->n_keys);
	for (size_t i = 0; i < c->n_keys; i++) {
		const char *why = prepare(j, &c->keys[i]);

		if (why)
			return no_key(j, why);
	}
	return MILTER_GO_ON;
}

static bool removed(const struct job *j, const struct field *f, uint32_t *seen)
{
	if (j->kind == JOB_SIGN && j->s->conf->remove_old_signatures &&
	    str_ieq(f->name, STR("DKIM-Signature")))
		return true;
	if (!str_ieq(f->name, STR("Authentication-Results")))
		return false;
	++*seen;
	for (size_t i = 0; i < j->n_forged; i++)
		if (j->forged[i] == *seen)
			return true;
	return false;
}

const struct header *job_header_that_stays(struct job *j)
{
	const struct header *all = &j->header;
	struct header *kept;
	uint32_t seen = 0;

	if (!j->n_forged &&
	    !(j->kind == JOB_SIGN && j->s->conf->remove_old_signatures))
		return all;
	kept = arena_new_of(j->arena, struct header);
	*kept = header_of(j->arena, all->max_bytes, all->max_fields);
	kept->too_large = all->too_large;
	for (size_t i = 0; i < all->n; i++)
		if (!removed(j, &all->fields[i], &seen))
			(void)header_add_raw(kept, all->fields[i].raw);
	return kept;
}

static void remove_old(struct job *j)
{
	size_t n = header_count(&j->header, STR("DKIM-Signature"));

	if (!j->s->conf->remove_old_signatures)
		return;
	for (; n > 0; n--)
		milter_delete_header(&j->filter->session, STR("DKIM-Signature"),
				     (uint32_t)n);
}

/* All fields are made before the first change is put. */
void signing_end(struct job *j)
{
	const struct header *h = job_header_that_stays(j);
	str *fields = arena_array_of(j->arena, str, j->n_signatures);
	struct err e;

	if (refuse_long_lines(j))
		return;
	bodyhash_end(j->bodyhash);
	for (size_t i = 0; i < j->n_signatures; i++)
		if (!dkim_sign_finish(j->signatures[i], h, j->bodyhash,
				      &fields[i], &e)) {
			enum milter_verdict v = failed(j, e.text);

			if (v == MILTER_ACCEPT)
				job_common_changes(j);
			job_finish(j, v);
			return;
		}
	remove_old(j);
	/* at 0, 1, ...: the first one stands on top */
	for (size_t i = 0; i < j->n_signatures; i++)
		milter_insert_header(&j->filter->session, (uint32_t)i,
				     STR("DKIM-Signature"),
				     job_value(j, fields[i]));
	job_common_changes(j);
	report_signed(j, NULL);
	stats_add(&j->filter->station->stats.signed_messages, 1);
	job_finish(j, MILTER_ACCEPT);
}
