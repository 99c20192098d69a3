/* What Google, Yahoo and Microsoft ask of senders, as far as it can be seen
 * here: a summary of what else was found. */
#include "doctor/areas.h"

enum { WANTED_MAX = 24 };

struct provider {
	enum finding_code code;
	size_t n;
	enum finding_code wanted[WANTED_MAX];
};

#define SPF_RULES                                                    \
	FIND_SPF, FIND_SPF_PLACE, FIND_SPF_SEVERAL, FIND_SPF_SYNTAX, \
		FIND_SPF_TREE, FIND_SPF_PASS
#define DKIM_RULES                                                           \
	FIND_KEY_RECORD, FIND_KEY_DOUBLED, FIND_KEY_PLACE, FIND_KEY_SEVERAL, \
		FIND_KEY_SYNTAX, FIND_KEY_REVOKED, FIND_KEY_MISMATCH,        \
		FIND_KEY_TAGS, FIND_KEY_RECORD_BITS
#define DMARC_RULES FIND_DMARC, FIND_DMARC_PLACE, FIND_DMARC_SEVERAL
#define HOST_RULES FIND_ADDRESS, FIND_PTR

static const struct provider providers[] = {
	{ FIND_GOOGLE,
	  21,
	  { SPF_RULES, DKIM_RULES, DMARC_RULES, HOST_RULES,
	    FIND_POSTFIX_TLS_OUT } },
	{ FIND_YAHOO, 20, { SPF_RULES, DKIM_RULES, DMARC_RULES, HOST_RULES } },
	{ FIND_MICROSOFT, 18, { SPF_RULES, DKIM_RULES, DMARC_RULES } },
};

static bool wants(const struct provider *p, enum finding_code code)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->wanted[i] == code)
			return true;
	return false;
}

static bool is_unmet(const struct finding *x)
{
	return x->status == FINDING_FAIL ||
	       (x->code == FIND_POSTFIX_TLS_OUT && x->status == FINDING_WARN);
}

/* Codes that are named already are not named again. */
static void name_code(struct buf *b, const char *code)
{
	str all = buf_str(b), word = str_of(code);

	if (all.n && memmem(all.p, all.n, code, word.n))
		return;
	buf_put(b, b->n ? STR(", ") : STR(""));
	buf_put(b, word);
}

static void check_provider(struct findings *f, const struct machine *m,
			   const struct provider *p, str subject)
{
	struct buf unmet = buf_of(m->arena, 2048);
	bool looked = false, skipped = false;

	for (const struct finding *x = f->first; x; x = x->next) {
		if (!wants(p, x->code))
			continue;
		skipped |= x->status == FINDING_SKIP;
		looked |= x->status != FINDING_SKIP &&
			  x->code != FIND_POSTFIX_TLS_OUT;
		if (is_unmet(x))
			name_code(&unmet, finding_kinds[x->code].code);
	}
	if (unmet.n && looked)
		judge(f, p->code, false, subject, ARGS(buf_str(&unmet)));
	else if (looked && !skipped)
		judge(f, p->code, true, subject, NULL);
	else
		finding_skip(f, p->code, subject,
			     N_("not all that it takes could be looked at"));
}

void check_providers(struct findings *f, const struct machine *m,
		     const str *domains, size_t n)
{
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
		check_provider(f, m, &providers[i], n ? domains[0] : STR(""));
}
