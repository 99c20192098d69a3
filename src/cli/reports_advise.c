/* inkan reports advise. */
#include "cli/reports.h"
#include "report/advice.h"

enum { FIXES = 10 };

static json_t *lost_json(const struct advice *a)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "messages",
			 reports_count(a->sum.messages - a->sum.pass), "own",
			 reports_count(a->lost[STORE_OWN]), "service",
			 reports_count(a->lost[STORE_SERVICE]), "forwarder",
			 reports_count(a->lost[STORE_FORWARDER]), "unknown",
			 reports_count(a->lost[STORE_UNKNOWN]));
}

static void print_json(const struct advice *a)
{
	json_t *fixes = json_array();

	for (size_t i = 0; i < a->sources.n && i < FIXES; i++) {
		const struct store_source *s = &a->sources.source[i];

		if (s->messages > s->pass)
			json_array_append_new(
				fixes,
				json_pack("{s:o, s:s, s:o, s:o, s:s}",
					  "source_ip", json_of(s->source_ip),
					  "kind", store_source_word(s->kind),
					  "messages",
					  reports_count(s->messages), "fail",
					  reports_count(s->messages - s->pass),
					  "fix", advice_cure(s)));
	}
	out_json(json_pack(
		"{s:o, s:o, s:I, s:o, s:o, s:{s:o, s:o}, s:s, s:o, s:o}",
		"domain", json_of(a->domain), "policy",
		a->policy.p ? json_of(a->policy) : json_null(), "days",
		(json_int_t)a->days, "messages", reports_count(a->sum.messages),
		"pass", reports_count(a->sum.pass), "lost_at", "quarantine",
		lost_json(a), "reject", lost_json(a), "advice", a->next,
		"reason", json_words(a->why), "fix_first", fixes));
}

static void print_lost(const struct advice *a)
{
	char n[32];

	printf(_("At p=quarantine these go to the spam folder, at p=reject "
		 "they are refused:\n"));
	printf(_("  %s from your own hosts\n"),
	       show_number(a->lost[STORE_OWN], n));
	printf(_("  %s from services that send for you\n"),
	       show_number(a->lost[STORE_SERVICE], n));
	printf(_("  %s by way of forwarders and lists\n"),
	       show_number(a->lost[STORE_FORWARDER], n));
	printf(_("  %s from unknown sources\n"),
	       show_number(a->lost[STORE_UNKNOWN], n));
}

static void print_fixes(struct cli *cli, const struct advice *a)
{
	char n[32];
	bool any = false;

	for (size_t i = 0; i < a->sources.n && i < FIXES; i++) {
		const struct store_source *s = &a->sources.source[i];

		if (s->messages == s->pass)
			continue;
		if (!any)
			printf("\n%s\n", _("Look at these first:"));
		any = true;
		printf(_("  %.*s  %s failing\n"),
		       STR_ARG(out_text(cli->arena, s->source_ip)),
		       show_number(s->messages - s->pass, n));
		printf("      %s\n", _(advice_cure(s)));
	}
}

static void print_text(struct cli *cli, const struct advice *a)
{
	char n[32], d[32];

	printf("%s%.*s%s: ", out_begin(OUT_STRONG),
	       STR_ARG(out_text(cli->arena, a->domain)), out_end());
	if (a->sum.messages)
		printf(_("%s messages in %s days, %.1f %% pass.\n"),
		       show_number(a->sum.messages, n),
		       show_number((uint64_t)a->days, d),
		       100.0 * (double)a->sum.pass / (double)a->sum.messages);
	if (a->policy.p)
		printf(_("Published: p=%.*s. "), STR_ARG(a->policy));
	if (a->why)
		printf(_("Advised: p=%s, because %s.\n"), a->next, _(a->why));
	else
		printf(_("Advised: p=%s.\n"), a->next);
	if (a->sum.messages > a->sum.pass) {
		putchar('\n');
		print_lost(a);
		print_fixes(cli, a);
	}
}

int reports_advise(struct cli *cli)
{
	struct advice a;
	struct store_filter f;
	struct store *s;
	bool ok;

	if (!args_has(&cli->args, "domain"))
		return cli_usage(cli, _("advise needs --domain"));
	if (!reports_filter(cli, &f) || !(s = reports_reading(cli)))
		return cli_fail(cli);
	ok = advice_make(cli->arena, s, &f, &a, &cli->err);
	store_close(s);
	if (!ok)
		return cli_fail(cli);
	if (cli->json)
		print_json(&a);
	else
		print_text(cli, &a);
	return 0;
}
