/* forged: Authentication-Results fields that claim to come from this server
 * although it has not seen the message yet (RFC 8601 5).  They are judged as
 * they come, so that the limits of a header hide none. */
#include "base/ascii.h"
#include "daemon/job.h"
#include "mail/authres.h"

static str *ids_of(struct job *j, size_t *n)
{
	const struct table *t = j->s->remove_ar_from;
	size_t cap = (t ? table_count(t) : 0) + 2, at = 0;
	str *ids = arena_array_of(j->arena, str, cap);
	struct table_entry entry;

	*n = 0;
	ids[(*n)++] = j->s->conf->authserv_id_with_job_id
			      ? str_head(job_authserv_id(j),
					 str_find(job_authserv_id(j), '/'))
			      : job_authserv_id(j);
	if (!t)
		ids[(*n)++] = str_of(j->filter->station->host);
	while (t && *n < cap && table_next(t, &at, &entry))
		ids[(*n)++] = entry.key;
	return ids;
}

/* Anywhere: a method is not worth memory for each of thousands of fields. */
static bool contains(str value, str word)
{
	for (; value.n >= word.n; value = str_skip(value, 1))
		if (ascii_lower(value.p[0]) == word.p[0] &&
		    str_istarts(value, word))
			return true;
	return false;
}

static bool contains_ours(const struct conf *c, str value)
{
	static const struct {
		enum conf_method method;
		str word;
	} words[] = {
		{ CONF_DKIM, STR_INIT("dkim") },
		{ CONF_SPF, STR_INIT("spf") },
		{ CONF_DMARC, STR_INIT("dmarc") },
		{ CONF_IPREV, STR_INIT("iprev") },
		{ CONF_ARC, STR_INIT("arc") },
	};
	unsigned ours = c->opendmarc ? CONF_DMARC : c->methods | CONF_DKIM;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((ours & words[i].method) && contains(value, words[i].word))
			return true;
	return false;
}

/* Results of other methods may come from other filters of this server, unless
 * RemoveARAll says that there are none.  What cannot be read might be read by
 * others. */
static bool speaks_of_ours(struct job *j, str value)
{
	struct authres a;

	return contains_ours(j->s->conf, value) ||
	       !authres_parse(j->arena, value, &a) || a.sloppy;
}

static void note(struct job *j, uint32_t which)
{
	if (j->n_forged == j->cap_forged) {
		size_t cap = j->cap_forged ? 2 * j->cap_forged : 8;

		j->forged = arena_grow(j->arena, j->forged,
				       j->cap_forged * sizeof *j->forged,
				       cap * sizeof *j->forged);
		j->cap_forged = cap;
	}
	j->forged[j->n_forged++] = which;
}

void job_note_results(struct job *j, str value)
{
	size_t n;

	j->results_seen++;
	if (j->s->conf->keep_auth_results)
		return;

	const str *ids = ids_of(j, &n);

	if (authres_claims(value, ids, n) &&
	    (j->s->conf->remove_ar_all || speaks_of_ours(j, value)))
		note(j, j->results_seen);
}
