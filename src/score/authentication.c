/* authentication: DKIM, SPF and DMARC in points; and what the signature that
 * counts covers. */
#include "base/buf.h"
#include "score/score.h"

#define N_(text) text

enum { DETAIL_MAX = 1024, GOOD_BITS = 2048 };

static str key_of(struct arena *arena, const struct verdict_dkim *row)
{
	struct buf b = buf_of(arena, DETAIL_MAX);

	buf_printf(&b, "d=%.*s s=%.*s", STR_ARG(row->domain),
		   STR_ARG(row->selector));
	return buf_str(&b);
}

/* The first row that passes, else the first of all. */
static const struct verdict_dkim *best(const struct verdict *v)
{
	for (size_t i = 0; i < v->n_dkim; i++)
		if (v->dkim_rows[i].result == DKIM_PASS)
			return &v->dkim_rows[i];
	return v->n_dkim ? &v->dkim_rows[0] : NULL;
}

static void judge_dkim(struct arena *arena, const struct score_facts *f,
		       struct score *s)
{
	const struct verdict_dkim *row = best(f->verdict);
	str detail = row ? key_of(arena, row) : (str){ "", 0 };

	if (!row)
		score_judge(s, SCORE_DKIM, false, NULL,
			    N_("the message is not signed"), detail);
	else if (row->result == DKIM_PASS)
		score_judge(s, SCORE_DKIM, true, N_("it verifies"), NULL,
			    detail);
	else if (row->result == DKIM_TEMPERROR)
		score_put(s, SCORE_DKIM, SCORE_SKIP, 0,
			  N_("the key could not be asked for"), detail);
	else
		score_judge(s, SCORE_DKIM, false, NULL, row->reason, detail);
}

static bool is_rsa(const struct verdict_dkim *row)
{
	return str_istarts(row->algorithm, STR("rsa"));
}

static void judge_key(struct arena *arena, const struct score_facts *f,
		      struct score *s)
{
	const struct verdict_dkim *row = best(f->verdict);
	struct buf b = buf_of(arena, DETAIL_MAX);

	if (!row || row->result != DKIM_PASS) {
		score_put(s, SCORE_DKIM_KEY, SCORE_SKIP, 0,
			  N_("no signature verifies"), (str){ "", 0 });
		return;
	}
	buf_printf(&b, "%.*s, %u", STR_ARG(row->algorithm), row->key_bits);
	if (row->testing)
		score_put(s, SCORE_DKIM_KEY, SCORE_NOTE, 0,
			  N_("the key is marked as being tested (t=y)"),
			  buf_str(&b));
	else
		score_judge(s, SCORE_DKIM_KEY,
			    !is_rsa(row) || row->key_bits >= GOOD_BITS,
			    N_("strong enough"), N_("short"), buf_str(&b));
}

static bool covers(const struct dkim_signature *sig, str name)
{
	for (size_t i = 0; i < sig->n_names; i++)
		if (str_ieq(sig->names[i], name))
			return true;
	return false;
}

static str not_covered(struct arena *arena, const struct header *h,
		       const struct dkim_signature *sig)
{
	static const str names[] = {
		STR_INIT("From"),         STR_INIT("To"),
		STR_INIT("Subject"),      STR_INIT("Date"),
		STR_INIT("Message-ID"),   STR_INIT("MIME-Version"),
		STR_INIT("Content-Type"), STR_INIT("Reply-To"),
	};
	struct buf b = buf_of(arena, DETAIL_MAX);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (header_count(h, names[i]) && !covers(sig, names[i]))
			buf_printf(&b, "%s%.*s", b.n ? ", " : "",
				   STR_ARG(names[i]));
	return buf_str(&b);
}

static void judge_cover(struct arena *arena, const struct score_facts *f,
			struct score *s)
{
	const struct verdict_dkim *row = best(f->verdict);
	struct dkim_signature sig;
	enum dkim_result result;
	const char *why;
	str open;

	if (!row || !row->field ||
	    !dkim_signature_parse(arena, row->field, &sig, &result, &why)) {
		score_put(s, SCORE_DKIM_FIELDS, SCORE_SKIP, 0,
			  N_("there is no signature to look at"),
			  (str){ "", 0 });
		s->rows[SCORE_DKIM_LENGTH] = s->rows[SCORE_DKIM_FIELDS];
		return;
	}
	open = not_covered(arena, f->header, &sig);
	score_judge(s, SCORE_DKIM_FIELDS, !open.n, N_("what matters is signed"),
		    N_("not signed"), open);
	score_judge(s, SCORE_DKIM_LENGTH, sig.length < 0, N_("to its end"),
		    N_("the signature has l="), (str){ "", 0 });
}

static void judge_spf(const struct score_facts *f, struct score *s)
{
	const struct spf_verdict *v = f->verdict->spf;

	if (!v) {
		score_put(s, SCORE_SPF, SCORE_SKIP, 0,
			  N_("the address that sent it is not known (--ip)"),
			  (str){ "", 0 });
		return;
	}
	switch (v->result) {
	case SPF_PASS:
		score_judge(s, SCORE_SPF, true, N_("pass"), NULL, v->domain);
		break;
	case SPF_TEMPERROR:
		score_put(s, SCORE_SPF, SCORE_SKIP, 0, N_("DNS did not answer"),
			  v->domain);
		break;
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		score_put(s, SCORE_SPF, SCORE_WARN, 50,
			  N_("the record does not name the sending address"),
			  v->domain);
		break;
	case SPF_NONE:
		score_put(s, SCORE_SPF, SCORE_WARN, 50,
			  N_("there is no SPF record"), v->domain);
		break;
	case SPF_PERMERROR:
		score_judge(s, SCORE_SPF, false, NULL,
			    N_("the record is broken"), v->domain);
		break;
	default:
		score_judge(s, SCORE_SPF, false, NULL,
			    N_("the record forbids the sending address"),
			    v->domain);
	}
}

static void judge_policy(const struct dmarc_verdict *check, struct score *s)
{
	if (!check || !check->record)
		score_put(s, SCORE_DMARC_POLICY, SCORE_SKIP, 0,
			  N_("there is no record"), (str){ "", 0 });
	else if (check->policy == DMARC_POLICY_NONE)
		score_put(s, SCORE_DMARC_POLICY, SCORE_NOTE, 0, "p=none",
			  check->policy_domain);
	else
		score_put(s, SCORE_DMARC_POLICY, SCORE_OK, 0,
			  check->policy == DMARC_POLICY_REJECT ? "p=reject"
							       : "p=quarantine",
			  check->policy_domain);
}

static void judge_dmarc(const struct score_facts *f, struct score *s)
{
	const struct verdict_dmarc *v = f->verdict->dmarc;

	judge_policy(v ? v->check : NULL, s);
	if (!v) {
		score_put(s, SCORE_DMARC, SCORE_SKIP, 0,
			  N_("it was not judged"), (str){ "", 0 });
		return;
	}
	switch (v->result) {
	case DMARC_PASS:
		score_judge(s, SCORE_DMARC, true, N_("pass"), NULL, v->domain);
		break;
	case DMARC_TEMPERROR:
		score_put(s, SCORE_DMARC, SCORE_SKIP, 0,
			  N_("DNS did not answer"), v->domain);
		break;
	case DMARC_NONE:
		score_put(s, SCORE_DMARC, SCORE_WARN, 100,
			  N_("there is no DMARC record"), v->domain);
		break;
	default:
		score_judge(s, SCORE_DMARC, false, NULL,
			    N_("neither SPF nor DKIM confirms the From domain"),
			    v->domain);
	}
}

void score_authentication(struct arena *arena, const struct score_facts *f,
			  struct score *s)
{
	judge_dkim(arena, f, s);
	judge_key(arena, f, s);
	judge_cover(arena, f, s);
	judge_spf(f, s);
	judge_dmarc(f, s);
}
