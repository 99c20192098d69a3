/* verdict_out, the part of SPF. */
#include "cli/verdict_out.h"

static json_t *steps_json(const struct spf_verdict *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->n_steps; i++) {
		const struct spf_step *s = &v->steps[i];

		json_array_append_new(
			all,
			json_pack("{s:i, s:o, s:o, s:s, s:o, s:i, s:i}",
				  "depth", (int)s->depth, "domain",
				  json_of(s->domain), "term", json_of(s->text),
				  "outcome", s->outcome, "target",
				  s->target.n ? json_of(s->target)
					      : json_null(),
				  "dns_lookups", (int)s->lookups,
				  "void_lookups", (int)s->voids));
	}
	return all;
}

json_t *spf_json(const struct spf_verdict *v, bool explain)
{
	json_t *j = json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:i}", "result",
		spf_result_word(v->result), "domain",
		v->domain.p ? json_of(v->domain) : json_string(""), "scope",
		v->scope == SPF_HELO ? "helo" : "mfrom", "mechanism",
		json_of(v->mechanism), "explanation", json_of(v->explanation),
		"problem", json_words(v->problem), "dns_lookups",
		(int)v->lookups, "void_lookups", (int)v->voids);

	if (explain)
		json_object_set_new(j, "steps", steps_json(v));
	return j;
}

static void print_steps(struct cli *cli, const struct spf_verdict *v)
{
	for (size_t i = 0; i < v->n_steps; i++) {
		const struct spf_step *s = &v->steps[i];
		str text = out_text(cli->arena, s->text);
		str target = out_text(cli->arena, s->target);
		bool record = strcmp(s->outcome, "record") == 0;
		bool match = strcmp(s->outcome, "match") == 0;

		printf("%*s", (int)s->depth * 4 + (record ? 0 : 2), "");
		if (record) {
			printf("%s%.*s%s: %.*s\n", out_begin(OUT_STRONG),
			       STR_ARG(target), out_end(), STR_ARG(text));
			continue;
		}
		printf("%.*s%s%.*s: %s%s%s", STR_ARG(text),
		       target.n ? " -> " : "", STR_ARG(target),
		       out_begin(match ? OUT_GOOD : OUT_PLAIN), s->outcome,
		       out_end());
		if (target.n)
			printf(_("  (lookups %u of 10, void %u of 2)"),
			       s->lookups, s->voids);
		putchar('\n');
	}
}

static enum out_style spf_style(enum spf_result r)
{
	return r == SPF_PASS                         ? OUT_GOOD
	       : r == SPF_FAIL || r == SPF_PERMERROR ? OUT_BAD
						     : OUT_WARN;
}

void spf_print(struct cli *cli, const struct spf_verdict *v)
{
	str domain = out_text(cli->arena, v->domain);

	print_steps(cli, v);
	printf("spf=%s%s%s  %s=%.*s", out_begin(spf_style(v->result)),
	       spf_result_word(v->result), out_end(),
	       v->scope == SPF_HELO ? "smtp.helo" : "smtp.mailfrom",
	       STR_ARG(domain));
	if (v->mechanism.p)
		printf(_("  by \"%.*s\""),
		       STR_ARG(out_text(cli->arena, v->mechanism)));
	putchar('\n');
	if (v->problem)
		printf("  %s: %s: %.*s\n", _("problem"), _(v->problem),
		       STR_ARG(out_text(cli->arena, v->problem_at)));
	if (v->explanation.p)
		printf(_("  the domain's owner says: %.*s\n"),
		       STR_ARG(out_text(cli->arena, v->explanation)));
}
