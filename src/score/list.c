/* list: bulk mail must let people go (RFC 2369, RFC 8058); a letter to a person
 * loses nothing here. */
#include "base/buf.h"
#include "dns/name.h"
#include "score/score.h"

#define N_(text) text

static const str nothing = { "", 0 };
static const str unsubscribe = STR_INIT("List-Unsubscribe");
static const str post = STR_INIT("List-Unsubscribe-Post");

static bool is_bulk(const struct header *h)
{
	const struct field *precedence = header_find(h, STR("Precedence"), 0);

	for (size_t i = 0; i < h->n; i++)
		if (str_istarts(h->fields[i].name, STR("List-")))
			return true;
	return precedence &&
	       (str_ieq(str_trim(precedence->value), STR("bulk")) ||
		str_ieq(str_trim(precedence->value), STR("list")));
}

/* A URI in <> that begins so. */
static bool has_uri(str value, str scheme)
{
	while (value.n) {
		value = str_skip(value, str_find(value, '<') + 1);
		if (str_istarts(str_trim(value), scheme))
			return true;
	}
	return false;
}

static void judge_unsubscribe(const struct header *h, struct score *s)
{
	const struct field *f = header_find(h, unsubscribe, 0);

	if (!f)
		score_judge(s, SCORE_UNSUBSCRIBE, false, NULL,
			    N_("it is missing"), nothing);
	else
		score_judge(s, SCORE_UNSUBSCRIBE,
			    header_count(h, unsubscribe) == 1 &&
				    has_uri(f->value, STR("https:")),
			    N_("it has an https: address"),
			    header_count(h, unsubscribe) > 1
				    ? N_("there are several")
				    : N_("it has no https: address"),
			    str_trim(f->value));
}

/* RFC 8058 3.1: exactly this. */
static void judge_one_click(const struct header *h, struct score *s)
{
	const struct field *f = header_find(h, post, 0);

	score_judge(s, SCORE_ONE_CLICK,
		    f && header_count(h, post) == 1 &&
			    str_ieq(str_trim(f->value),
				    STR("List-Unsubscribe=One-Click")),
		    N_("it is there"),
		    f ? N_("its value is another one") : N_("it is missing"),
		    f ? str_trim(f->value) : nothing);
}

static bool names_both(const struct dkim_signature *sig)
{
	bool one = false, two = false;

	for (size_t i = 0; i < sig->n_names; i++) {
		one = one || str_ieq(sig->names[i], unsubscribe);
		two = two || str_ieq(sig->names[i], post);
	}
	return one && two;
}

/* Does DMARC's verdict say that this d= is aligned? */
static bool is_aligned(const struct verdict *v, str domain)
{
	const struct dmarc_verdict *d = v->dmarc ? v->dmarc->check : NULL;

	if (!d)
		return false;
	if (!d->alignment)
		return str_ieq(domain, d->domain) ||
		       dns_name_is_below(d->domain, domain);
	for (size_t i = 0; i < d->n_ids; i++)
		if (d->ids[i].mechanism == DMARC_DKIM &&
		    str_ieq(d->ids[i].domain, domain))
			return d->alignment[i] == DMARC_RELAXED ||
			       d->alignment[i] == DMARC_EQUAL;
	return false;
}

static void judge_signed(struct arena *arena, const struct score_facts *f,
			 struct score *s)
{
	const struct verdict *v = f->verdict;
	bool passed = false, named = false;

	for (size_t i = 0; i < v->n_dkim; i++) {
		const struct verdict_dkim *row = &v->dkim_rows[i];
		struct dkim_signature sig;
		enum dkim_result result;
		const char *why;

		if (row->result != DKIM_PASS || !row->field ||
		    !is_aligned(v, row->domain))
			continue;
		passed = true;
		named = named || (dkim_signature_parse(arena, row->field, &sig,
						       &result, &why) &&
				  names_both(&sig));
	}
	if (v->dkim == DKIM_TEMPERROR)
		score_put(s, SCORE_LIST_SIGNED, SCORE_SKIP, 0,
			  N_("the key could not be asked for"), nothing);
	else
		score_judge(s, SCORE_LIST_SIGNED, named, N_("both are"),
			    passed ? N_("h= does not name both")
				   : N_("no aligned signature verifies"),
			    nothing);
}

void score_list(struct arena *arena, const struct score_facts *f,
		struct score *s)
{
	static const enum score_id ids[] = { SCORE_UNSUBSCRIBE, SCORE_ONE_CLICK,
					     SCORE_LIST_SIGNED };

	if (is_bulk(f->header)) {
		judge_unsubscribe(f->header, s);
		judge_one_click(f->header, s);
		judge_signed(arena, f, s);
		return;
	}
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		score_put(s, ids[i], SCORE_SKIP, 0,
			  N_("this is no list or bulk mail"), nothing);
}
