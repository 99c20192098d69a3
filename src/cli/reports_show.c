/* inkan reports summary, sources, list. */
#include "cli/reports.h"

struct summing {
	struct cli *cli;
	json_t *domains;
	struct store_summary all;
	size_t n;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void sum(struct store_summary *all, const struct store_summary *s)
{
	all->messages = add(all->messages, s->messages);
	all->pass = add(all->pass, s->pass);
	all->dkim = add(all->dkim, s->dkim);
	all->spf = add(all->spf, s->spf);
	all->none = add(all->none, s->none);
	all->quarantine = add(all->quarantine, s->quarantine);
	all->reject = add(all->reject, s->reject);
}

static json_t *summary_json(const struct store_summary *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}",
			 "domain", json_of(s->domain), "messages",
			 reports_count(s->messages), "pass",
			 reports_count(s->pass), "fail",
			 reports_count(s->messages - s->pass), "dkim_aligned",
			 reports_count(s->dkim), "spf_aligned",
			 reports_count(s->spf), "disposition", "none",
			 reports_count(s->none), "quarantine",
			 reports_count(s->quarantine), "reject",
			 reports_count(s->reject));
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void line(const char *what, uint64_t n, uint64_t of, enum out_style s)
{
	char text[32];

	printf("  %s: %s%s%s (%.1f %%)\n", what, out_begin(s),
	       show_number(n, text), out_end(), percent(n, of));
}

static void print_summary(struct cli *cli, const struct store_summary *s)
{
	uint64_t fail = s->messages - s->pass;
	char a[32], b[32], n[32];

	printf("%s%.*s%s  ", out_begin(OUT_STRONG),
	       STR_ARG(out_text(cli->arena, s->domain)), out_end());
	printf(_("%s messages from %s to %s\n"), show_number(s->messages, n),
	       show_day(s->first, a), show_day(s->last, b));
	line(_("pass DMARC"), s->pass, s->messages, OUT_GOOD);
	line(_("fail DMARC"), fail, s->messages, fail ? OUT_BAD : OUT_PLAIN);
	line(_("DKIM aligned"), s->dkim, s->messages, OUT_PLAIN);
	line(_("SPF aligned"), s->spf, s->messages, OUT_PLAIN);
	line(_("quarantined"), s->quarantine, s->messages, OUT_PLAIN);
	line(_("rejected"), s->reject, s->messages, OUT_PLAIN);
}

static bool take_summary(void *arg, const struct store_summary *s)
{
	struct summing *g = arg;

	if (g->n++ == 0) {
		g->all = *s;
		g->all.domain = arena_str(g->cli->arena, s->domain);
	} else {
		sum(&g->all, s);
	}
	if (g->cli->json)
		json_array_append_new(g->domains, summary_json(s));
	else
		print_summary(g->cli, s);
	return true;
}

/* One domain: its object.  Several: their sum, and each. */
static json_t *all_json(const struct summing *g, str asked)
{
	struct store_summary all = g->all;
	json_t *j;

	if (g->n != 1)
		all.domain = asked;
	j = summary_json(&all);
	if (g->n > 1)
		json_object_set(j, "domains", g->domains);
	return j;
}

static int done(struct cli *cli, struct store *s, bool ok)
{
	store_close(s);
	return ok ? 0 : cli_fail(cli);
}

int reports_summary(struct cli *cli)
{
	struct summing g = { .cli = cli, .domains = json_array() };
	struct store_filter f;
	struct store *s;
	bool ok;

	if (!reports_filter(cli, &f) || !(s = reports_reading(cli))) {
		json_decref(g.domains);
		return cli_fail(cli);
	}
	ok = store_summaries(s, &f, take_summary, &g, &cli->err);
	if (ok && cli->json)
		out_json(all_json(&g, f.domain));
	else if (ok && !g.n)
		printf("%s\n",
		       f.own ? _("inkand has recorded nothing about that yet "
				 "(its setting Store)")
			     : _("no reports about that yet"));
	json_decref(g.domains);
	return done(cli, s, ok);
}

static json_t *source_json(const struct store_source *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
			 "source_ip", json_of(s->source_ip), "name",
			 s->name.n ? json_of(s->name) : json_null(), "messages",
			 reports_count(s->messages), "pass",
			 reports_count(s->pass), "fail",
			 reports_count(s->messages - s->pass), "dkim_aligned",
			 reports_count(s->dkim), "spf_aligned",
			 reports_count(s->spf), "kind",
			 store_source_word(s->kind));
}

static const char *kind_text(enum store_source_kind kind)
{
	static const char *const words[] = { N_("your own"), N_("a service"),
					     N_("a forwarder"), N_("unknown") };

	return _(words[kind]);
}

static void print_source(struct cli *cli, const struct store_source *s)
{
	uint64_t fail = s->messages - s->pass;
	char a[32], b[32];

	printf("%-39.*s %12s  ", STR_ARG(out_text(cli->arena, s->source_ip)),
	       show_number(s->messages, a));
	printf("%s%12s%s  %s", out_begin(fail ? OUT_BAD : OUT_GOOD),
	       show_number(fail, b), out_end(), kind_text(s->kind));
	if (s->name.n)
		printf(" (%.*s)", STR_ARG(out_text(cli->arena, s->name)));
	putchar('\n');
}

int reports_sources(struct cli *cli)
{
	struct store_sources all;
	struct store_filter f;
	struct store *s;
	json_t *list;

	if (!reports_filter(cli, &f) || !(s = reports_reading(cli)))
		return cli_fail(cli);
	if (!store_sources(s, &f, cli->arena, &all, &cli->err))
		return done(cli, s, false);
	list = json_array();
	if (!cli->json && all.n)
		printf("%-39s %12s  %12s\n", _("address"), _("messages"),
		       _("failing"));
	for (size_t i = 0; i < all.n; i++)
		if (cli->json)
			json_array_append_new(list,
					      source_json(&all.source[i]));
		else
			print_source(cli, &all.source[i]);
	if (cli->json)
		out_json(json_incref(list));
	else if (!all.n)
		printf("%s\n", _("no reports about that yet"));
	json_decref(list);
	return done(cli, s, true);
}

static const char *report_kind(enum store_kind kind)
{
	static const char *const words[] = { "aggregate", "tls", "failure" };

	return words[kind];
}

static json_t *words_json(str words)
{
	json_t *list = json_array();
	str word;

	while (words.n && str_split(&words, ' ', &word))
		json_array_append_new(list, json_of(word));
	return list;
}

static json_t *report_json(const struct store_report *r)
{
	char begin[32], end[32];

	return json_pack(
		"{s:o, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:b, s:o}",
		"domain", json_of(r->domain), "kind", report_kind(r->kind),
		"org", json_of(r->org), "report_id", json_of(r->report_id),
		"begin", show_time(r->begin, begin), "end",
		show_time(r->end, end), "policy",
		r->p.p ? json_of(r->p) : json_null(), "records",
		reports_count(r->records), "messages",
		reports_count(r->messages), "pass", reports_count(r->pass),
		"fail", reports_count(r->messages - r->pass), "rows_skipped",
		reports_count(r->skipped), "warnings", words_json(r->warnings),
		"reused_id", r->reused, "file", json_of(r->file));
}

static void print_report(struct cli *cli, const struct store_report *r)
{
	uint64_t fail = r->messages - r->pass;
	char day[32], a[32], b[32];

	printf("%s  %-9s %.*s  ", show_day(r->begin / 86400, day),
	       report_kind(r->kind), STR_ARG(out_text(cli->arena, r->domain)));
	printf(_("from %.*s: %s, %s%s failing%s"),
	       STR_ARG(out_text(cli->arena, str_head(r->org, 60))),
	       show_number(r->messages, a),
	       out_begin(fail ? OUT_BAD : OUT_PLAIN), show_number(fail, b),
	       out_end());
	if (r->reused)
		printf("  [%s]", _("its id is used twice"));
	if (r->warnings.n)
		printf("  [%.*s]", STR_ARG(out_text(cli->arena, r->warnings)));
	putchar('\n');
}

struct listing {
	struct cli *cli;
	json_t *list;
	size_t n;
};

static bool take_report(void *arg, const struct store_report *r)
{
	struct listing *g = arg;

	g->n++;
	if (g->cli->json)
		json_array_append_new(g->list, report_json(r));
	else
		print_report(g->cli, r);
	return true;
}

int reports_list(struct cli *cli)
{
	struct listing g = { .cli = cli };
	struct store_filter f;
	struct store *s;
	bool ok;

	if (!reports_filter(cli, &f) || !(s = reports_reading(cli)))
		return cli_fail(cli);
	g.list = json_array();
	ok = store_reports(s, &f, take_report, &g, &cli->err);
	if (ok && cli->json)
		out_json(json_incref(g.list));
	else if (ok && !g.n)
		printf("%s\n", _("no reports about that yet"));
	json_decref(g.list);
	return done(cli, s, ok);
}
