/* inkan reports advise: what a stricter policy would cost, from what receivers
 * have seen, and what to mend first. */
#include "cli/reports.h"

enum { DAYS_ENOUGH = 14, DAYS_LOOKED_AT = 30, FIXES = 10 };

/* Of forwarded mail, this share may fail before a policy is advised. */
static const double forwarded_enough = 0.01;

struct advice {
	str domain, policy; /* published; absent when not known */
	struct store_summary sum;
	struct store_sources sources;
	/* failing messages, by what their source is */
	uint64_t lost[STORE_UNKNOWN + 1];
	int64_t days;
	const char *next; /* the policy that can be now */
	const char *why; /* not more than that; untranslated, or NULL */
};

static bool take_sum(void *arg, const struct store_summary *s)
{
	struct advice *a = arg;

	a->sum = *s;
	return true;
}

struct finding {
	struct arena *arena;
	str policy;
	int64_t newest; /* day */
};

static bool take_newest(void *arg, const struct store_report *r)
{
	struct finding *f = arg;

	if (r->kind != STORE_AGGREGATE)
		return true;
	if (r->end / 86400 > f->newest)
		f->newest = r->end / 86400;
	if (r->p.p && !f->policy.p)
		f->policy = arena_str(f->arena, r->p);
	return true;
}

static double forwarded_share(const struct advice *a)
{
	return a->sum.messages ? (double)a->lost[STORE_FORWARDER] /
					 (double)a->sum.messages
			       : 0;
}

/* One step further each time: none, quarantine, reject.  What is published
 * stays until something speaks against it. */
static void decide(struct advice *a)
{
	bool reject = str_eq(a->policy, STR("reject"));
	bool enforcing = reject || str_eq(a->policy, STR("quarantine"));

	a->next = reject ? "reject" : enforcing ? "quarantine" : "none";
	if (!a->sum.messages) {
		a->why = N_("there are no reports about it yet (publish rua= "
			    "in its DMARC record and wait for a week)");
	} else if (a->lost[STORE_OWN] + a->lost[STORE_SERVICE]) {
		a->next = "none";
		a->why = N_("mail of your own fails: mend the sources below "
			    "first");
	} else if (a->days < DAYS_ENOUGH) {
		a->why = N_("less than two weeks were seen, and what is sent "
			    "once a month is not in them");
	} else if (forwarded_share(a) > forwarded_enough) {
		a->next = enforcing ? "quarantine" : "none";
		a->why = N_("more than one message in a hundred fails because "
			    "it was forwarded (when all mail is signed with "
			    "DKIM, forwarding does not break it)");
	} else {
		a->next = enforcing ? "reject" : "quarantine";
	}
}

static bool gather(struct cli *cli, struct store *s, struct store_filter *f,
		   struct advice *a)
{
	struct finding found = { .arena = cli->arena };

	a->domain = f->domain;
	if (!store_reports(s, f, take_newest, &found, &cli->err))
		return false;
	a->policy = found.policy;
	if (!args_has(&cli->args, "since") &&
	    found.newest > f->since + DAYS_LOOKED_AT)
		f->since = found.newest - DAYS_LOOKED_AT + 1;
	if (!store_summaries(s, f, take_sum, a, &cli->err) ||
	    !store_sources(s, f, cli->arena, &a->sources, &cli->err))
		return false;
	a->sum.domain = f->domain;
	if (a->sum.messages)
		a->days = a->sum.last - a->sum.first + 1;
	for (size_t i = 0; i < a->sources.n; i++) {
		const struct store_source *x = &a->sources.source[i];

		a->lost[x->kind] += x->messages - x->pass;
	}
	decide(a);
	return true;
}

/* What is wrong with a source's failing mail; untranslated. */
static const char *cure(const struct store_source *s)
{
	switch (s->kind) {
	case STORE_OWN:
		return s->broken > s->unsigned_mail
			       ? N_("its DKIM signatures break: compare the "
				    "key with its record (inkan testkey), and "
				    "see what changes mail after signing")
			       : N_("mail leaves it unsigned, and its envelope "
				    "sender is not of the domain: sign it with "
				    "DKIM");
	case STORE_SERVICE:
		return N_("some mail of this service is not signed with your "
			  "domain: set DKIM up there for all of it");
	case STORE_FORWARDER:
		return N_("it forwards mail and changes it or its sender: DKIM "
			  "signatures that cover no more than they must "
			  "survive that");
	default:
		return N_("nothing of it passes: a service of yours that is "
			  "not set up, or somebody who uses your name");
	}
}

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
					  "fix", cure(s)));
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
	       reports_number(a->lost[STORE_OWN], n));
	printf(_("  %s from services that send for you\n"),
	       reports_number(a->lost[STORE_SERVICE], n));
	printf(_("  %s by way of forwarders and lists\n"),
	       reports_number(a->lost[STORE_FORWARDER], n));
	printf(_("  %s from unknown sources\n"),
	       reports_number(a->lost[STORE_UNKNOWN], n));
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
		       reports_number(s->messages - s->pass, n));
		printf("      %s\n", _(cure(s)));
	}
}

static void print_text(struct cli *cli, const struct advice *a)
{
	char n[32], d[32];

	printf("%s%.*s%s: ", out_begin(OUT_STRONG),
	       STR_ARG(out_text(cli->arena, a->domain)), out_end());
	if (a->sum.messages)
		printf(_("%s messages in %s days, %.1f %% pass.\n"),
		       reports_number(a->sum.messages, n),
		       reports_number((uint64_t)a->days, d),
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
	struct advice a = { 0 };
	struct store_filter f;
	struct store *s;
	bool ok;

	if (!args_has(&cli->args, "domain"))
		return cli_usage(cli, _("advise needs --domain"));
	if (!reports_filter(cli, &f) || !(s = reports_store(cli, false)))
		return cli_fail(cli);
	f.failing = false;
	ok = gather(cli, s, &f, &a);
	store_close(s);
	if (!ok)
		return cli_fail(cli);
	if (cli->json)
		print_json(&a);
	else
		print_text(cli, &a);
	return 0;
}
