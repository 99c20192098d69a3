/* verdict_out, the part of DMARC: what was found, and why it came out so. */
#include "cli/verdict_out.h"

static json_t *text_or_empty(str s)
{
	return s.p ? json_of(s) : json_string("");
}

json_t *dmarc_json(const struct verdict_dmarc *d)
{
	const struct dmarc_verdict *c = d->check;
	const struct dmarc_record *r = c ? c->record : NULL;

	return json_pack(
		"{s:s, s:o, s:o, s:o, s:s, s:b, s:b, s:o, s:o}", "result",
		dmarc_result_word(d->result), "domain",
		text_or_empty(d->domain), "organizational_domain",
		text_or_empty(c ? c->organizational_domain : (str){ NULL, 0 }),
		"policy",
		c && c->policy ? json_string(dmarc_policy_word(c->policy))
			       : json_null(),
		"disposition", dmarc_policy_word(d->disposition),
		"dkim_aligned", (int)(c && c->dkim_aligned), "spf_aligned",
		(int)(c && c->spf_aligned), "record",
		r ? json_of(r->text) : json_null(), "reason",
		json_words(d->reason));
}

static enum out_style style_of(enum dmarc_result r)
{
	return r == DMARC_PASS                           ? OUT_GOOD
	       : r == DMARC_FAIL || r == DMARC_PERMERROR ? OUT_BAD
							 : OUT_WARN;
}

void dmarc_print(struct cli *cli, const struct verdict_dmarc *d)
{
	const struct dmarc_verdict *c = d->check;
	str domain = out_text(cli->arena, d->domain);

	printf("dmarc=%s%s%s  header.from=%.*s", out_begin(style_of(d->result)),
	       dmarc_result_word(d->result), out_end(), STR_ARG(domain));
	if (c && c->policy)
		printf(_("  policy %s"), dmarc_policy_word(c->policy));
	if (d->disposition > DMARC_POLICY_NONE)
		printf(_(", so it asks for: %s"),
		       dmarc_policy_word(d->disposition));
	if (d->reason)
		printf("\n  %s: %s", _("reason"), _(d->reason));
	putchar('\n');
}

static const char *lookup_words(const struct dmarc_step *s)
{
	switch (s->outcome) {
	case DMARC_LOOKUP_RECORD:
		return NULL;
	case DMARC_LOOKUP_NOTHING:
		return _("no record");
	case DMARC_LOOKUP_SEVERAL:
		return _("several records, so that none counts");
	case DMARC_LOOKUP_PENDING:
	case DMARC_LOOKUP_TEMPERROR:
		break;
	}
	return _("could not be looked up");
}

static void explain_walk(struct cli *cli, const struct dmarc_walk *w)
{
	puts(_("  names asked for a policy:"));
	for (size_t i = 0; i < w->n; i++) {
		const struct dmarc_step *s = &w->steps[i];
		const char *words = lookup_words(s);
		str text = s->record ? out_text(cli->arena, s->record->text)
				     : str_of(words);

		printf("    _dmarc.%.*s: %.*s\n", STR_ARG(s->name),
		       STR_ARG(text));
		for (size_t k = 0; s->record && k < s->record->n_problems; k++)
			printf("      %s: %.*s\n",
			       _(s->record->problems[k].why),
			       STR_ARG(out_text(cli->arena,
						s->record->problems[k].tag)));
	}
}

static const char *alignment_words(enum dmarc_alignment a)
{
	static const char *const words[] = {
		[DMARC_UNRELATED] = N_("is another domain: not aligned"),
		[DMARC_RELAXED] = N_("has the same organizational domain: "
				     "aligned"),
		[DMARC_EQUAL] = N_("is the author domain itself: aligned"),
		[DMARC_UNKNOWN] = N_("might align, but that could not be "
				     "looked up"),
	};

	return _(words[a]);
}

static const char *id_words(const struct dmarc_identifier *id)
{
	bool dkim = id->mechanism == DMARC_DKIM;

	switch (id->status) {
	case DMARC_ID_PASS:
		return dkim ? _("DKIM has verified") : _("SPF has confirmed");
	case DMARC_ID_TEMPERROR:
	case DMARC_ID_PENDING:
		return dkim ? _("DKIM could not look up")
			    : _("SPF could not look up");
	case DMARC_ID_NO:
		break;
	}
	return dkim ? _("DKIM has not verified") : _("SPF has not confirmed");
}

static void explain_ids(struct cli *cli, const struct dmarc_verdict *c)
{
	const struct dmarc_identifier *ids = c->ids;

	for (size_t i = 0; i < c->n_ids; i++) {
		str domain = out_text(cli->arena, ids[i].domain);
		bool counts = ids[i].status != DMARC_ID_NO;

		if (!domain.n)
			continue;
		printf("  %s %.*s", id_words(&ids[i]), STR_ARG(domain));
		if (counts && c->alignment)
			printf(", %s", alignment_words(c->alignment[i]));
		putchar('\n');
	}
	if (!c->n_ids)
		puts(_("  neither DKIM nor SPF has confirmed any domain"));
}

static void explain_policy(struct cli *cli, const struct dmarc_verdict *c)
{
	str at = out_text(cli->arena, c->policy_domain);

	if (!c->record || !c->policy)
		return;
	printf(_("  the policy is that of %.*s: its tag %s says %s"),
	       STR_ARG(at), c->tag, dmarc_policy_word(c->policy));
	if (!c->exists)
		printf("%s", _(" (the author domain does not exist)"));
	if (c->record->testing)
		printf("%s", _(" (one step weaker than written, for t=y)"));
	putchar('\n');
}

void dmarc_explain(struct cli *cli, const struct verdict_dmarc *d)
{
	const struct dmarc_verdict *c = d->check;
	str from = out_text(cli->arena, d->domain);

	if (!c)
		return;
	printf(_("  the author domain (From) is %.*s"), STR_ARG(from));
	if (c->organizational_domain.n)
		printf(_(", its organizational domain %.*s"),
		       STR_ARG(c->organizational_domain));
	putchar('\n');
	explain_walk(cli, c->walk);
	explain_policy(cli, c);
	explain_ids(cli, c);
}

bool cli_discovery(struct cli *cli, struct suffix_list **out)
{
	const char *how = args_get(&cli->args, "discovery");

	*out = NULL;
	if (!how || strcmp(how, "treewalk") == 0)
		return true;
	if (strcmp(how, "psl") != 0)
		return err_set(&cli->err, ERR_USAGE,
			       _("--discovery is treewalk or psl"));
	*out = suffixes_load(NULL, &cli->err);
	return *out != NULL;
}
