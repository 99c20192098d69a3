/* The first page: how things stand, and what to do. */
#include "report/advice.h"
#include "report/show.h"
#include "web/site_inside.h"

#include <stdio.h>

enum { FIXES = 5 };

struct overview {
	struct view *view;
	struct flow flow;
	struct advice advice;
	bool advised;
	uint64_t reports, reporters, own_failing;
	uint64_t in_kind[STORE_UNKNOWN + 1], failing[STORE_UNKNOWN + 1];
};

static bool take_policy(void *arg, const struct flow_report *f)
{
	struct overview *o = arg;

	if (f->r.kind == STORE_AGGREGATE && f->r.p.p && !o->advice.policy.p)
		o->advice.policy = arena_str(o->view->page.arena, f->r.p);
	return true;
}

static bool take_reporter(void *arg, const struct flow_reporter *r)
{
	struct overview *o = arg;

	o->reporters++;
	o->reports += r->reports;
	return true;
}

static bool gather(struct overview *o)
{
	struct view *view = o->view;
	struct arena *arena = view->page.arena;
	const struct store_view *v = &view->v;

	if (!flow_make(view->store, v, arena, &o->flow, &view->err) ||
	    !flow_reporters(view->store, v, arena, take_reporter, o,
			    &view->err))
		return false;
	for (size_t i = 0; i < o->flow.sources.n; i++) {
		const struct store_source *s = &o->flow.sources.source[i];

		o->in_kind[s->kind]++;
		o->failing[s->kind] += s->messages > s->pass;
	}
	o->advised = view_has_domain(view) && !v->of.failing &&
		     !v->reporter.n && !v->disposition.n && !v->selector.n &&
		     v->net.ip.family == IP_NONE && o->flow.n_days;
	if (!o->advised)
		return true;
	if (!flow_reports(view->store, v, FLOW_EVERY, 0, 0, 20, arena,
			  take_policy, o, &view->err))
		return false;
	o->advice.domain = v->of.domain;
	o->advice.sources = o->flow.sources;
	o->advice.sum.messages = o->flow.sum.messages;
	o->advice.sum.pass = o->flow.sum.pass;
	o->advice.sum.first = o->flow.day[0].day;
	o->advice.sum.last = o->flow.day[o->flow.n_days - 1].day;
	advice_judge(&o->advice);
	return true;
}

/* "example.org: 1,204 messages in 30 days, 99.1 % pass." */
static void put_sentence(struct overview *o)
{
	struct view *view = o->view;
	const struct flow_sum *s = &o->flow.sum;
	struct buf b = buf_of(view->page.arena, 1024);
	char n[32], d[32], share[16];
	str who = view->v.of.domain;
	int64_t days = o->flow.n_days ? o->flow.day[o->flow.n_days - 1].day -
						o->flow.day[0].day + 1
				      : 0;

	if (!s->messages)
		buf_printf(&b, "%s", _("No reports about that yet."));
	else if (who.n)
		buf_printf(&b, _("%.*s: %s messages in %s days, %s %% pass."),
			   STR_ARG(who), show_number(s->messages, n),
			   show_number((uint64_t)days, d),
			   grid_percentage(s->pass, s->messages, share));
	else
		buf_printf(&b,
			   _("%s messages of all domains in %s days, %s %% "
			     "pass."),
			   show_number(s->messages, n),
			   show_number((uint64_t)days, d),
			   grid_percentage(s->pass, s->messages, share));
	html_leaf_str(&view->page.h, "h1", NULL, buf_str(&b));
}

static void put_advice(struct overview *o)
{
	const struct advice *a = &o->advice;
	struct buf b = buf_of(o->view->page.arena, 2048);
	uint64_t own = o->failing[STORE_OWN] + o->failing[STORE_SERVICE];
	char n[32];

	if (own) {
		buf_printf(&b, _("Sources of your own with failing mail: %s."),
			   show_number(own, n));
		buf_putc(&b, ' ');
	}
	if (a->policy.p) {
		buf_printf(&b, _("Published: p=%.*s. "), STR_ARG(a->policy));
	}
	if (a->why)
		buf_printf(&b, _("Advised: p=%s, because %s."), a->next,
			   _(a->why));
	else
		buf_printf(&b, _("You can have p=%s."), a->next);
	html_leaf_str(&o->view->page.h, "p", "advice", buf_str(&b));
}

static void put_fixes(struct overview *o)
{
	struct view *view = o->view;
	struct html *h = &view->page.h;
	char text[32];
	int n = 0;

	for (size_t i = 0; i < o->flow.sources.n && n < FIXES; i++) {
		const struct store_source *s = &o->flow.sources.source[i];
		struct link l = view_link(view, "source");

		if (s->messages == s->pass || s->kind == STORE_UNKNOWN ||
		    s->kind == STORE_FORWARDER)
			continue;
		if (!n++) {
			html_leaf(h, "h2", NULL, _("Mend these first"));
			html_open_class(h, "ol", "fixes");
		}
		link_set(&l, "ip", s->source_ip);
		html_open(h, "li");
		page_link(&view->page, &l, s->source_ip);
		html_open_class(h, "span", "bad");
		html_text(h, " ");
		html_text(h, show_number(s->messages - s->pass, text));
		html_text(h, " ");
		html_text(h, _("failing"));
		html_close(h);
		html_leaf(h, "p", NULL, _(advice_cure(s)));
		html_close(h);
	}
	if (n)
		html_close(h);
}

static void card(struct html *h, const char *name, const char *value,
		 const char *class)
{
	html_open_class(h, "div", class);
	html_leaf(h, "dt", NULL, name);
	html_leaf(h, "dd", NULL, value);
	html_close(h);
}

static void put_cards(struct overview *o)
{
	struct html *h = &o->view->page.h;
	const struct flow_sum *s = &o->flow.sum;
	uint64_t fail = s->messages - s->pass;
	char n[32];

	html_open_class(h, "dl", "cards");
	card(h, _("Messages"), show_number(s->messages, n), NULL);
	card(h, _("Failing"), show_number(fail, n), fail ? "bad" : "good");
	card(h, _("DKIM aligned"), show_number(s->dkim, n), NULL);
	card(h, _("SPF aligned"), show_number(s->spf, n), NULL);
	card(h, _("Quarantined"), show_number(s->quarantine, n), NULL);
	card(h, _("Rejected"), show_number(s->reject, n), NULL);
	card(h, _("Sources"), show_number(o->flow.sources.n, n), NULL);
	card(h, _("Reports"), show_number(o->reports, n), NULL);
	card(h, _("Reporters"), show_number(o->reporters, n), NULL);
	html_close(h);
}

/* Good, or what is to be looked at. */
static const char *state_of(const struct overview *o)
{
	if (!o->flow.sum.messages)
		return "hero none";
	if (o->failing[STORE_OWN] + o->failing[STORE_SERVICE])
		return "hero warn";
	return o->advised && o->advice.why ? "hero note" : "hero fine";
}

static void put_hero(struct overview *o)
{
	struct html *h = &o->view->page.h;
	char a[32], b[32];

	html_open_class(h, "section", state_of(o));
	put_sentence(o);
	if (o->advised)
		put_advice(o);
	if (o->flow.n_days) {
		html_open_class(h, "p", "when");
		html_leaf(h, "time", NULL, show_day(o->flow.day[0].day, a));
		html_text(h, " \xe2\x80\x93 ");
		html_leaf(h, "time", NULL,
			  show_day(o->flow.day[o->flow.n_days - 1].day, b));
		html_text(h, " UTC");
		html_close(h);
	}
	html_close(h);
}

static const struct {
	const char *title, *what;
} groups[] = {
	[STORE_OWN] = { N_("Your own hosts"),
			N_("SPF of your domain allows them.") },
	[STORE_SERVICE] = { N_("Services that send for you"),
			    N_("They sign with your domain, under selectors "
			       "of their own.") },
	[STORE_FORWARDER] = { N_("Forwarders and lists"),
			      N_("They pass on mail that you sent; what they "
				 "change breaks signatures.") },
	[STORE_UNKNOWN] = { N_("Unknown"),
			    N_("Nothing of theirs passes: a service that is "
			       "not set up, or somebody who uses your "
			       "name.") },
};

static void put_group(struct overview *o, enum store_source_kind kind)
{
	struct view *view = o->view;
	struct html *h = &view->page.h;
	struct link l = view_link(view, "sources");
	char n[32], bad[32];
	struct buf b = buf_of(view->page.arena, 512);
	enum { SHOWN = 8 };

	if (!o->in_kind[kind])
		return;
	html_open_class(h, "section", "group");
	html_leaf(h, "h2", NULL, _(groups[kind].title));
	buf_printf(&b, _("%s sources, %s of them with failing mail."),
		   show_number(o->in_kind[kind], n),
		   show_number(o->failing[kind], bad));
	html_open_class(h, "p", "dim");
	html_text(h, _(groups[kind].what));
	html_text(h, " ");
	html_str(h, buf_str(&b));
	html_close(h);
	(void)sources_grid(view, &o->flow.sources, (int)kind, 0, SHOWN,
			   _(groups[kind].title), false);
	if (o->in_kind[kind] > SHOWN) {
		link_set(&l, "kind", str_of(store_source_word(kind)));
		html_open_class(h, "p", "more");
		page_link_words(&view->page, &l, _("All of them"));
		html_close(h);
	}
	html_close(h);
}

static const struct grid_column domain_columns[] = {
	{ "domain", N_("Domain"), false },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ NULL, " ", false },
	{ "pass_percent", N_("Pass %"), true },
	{ "dkim_aligned", N_("DKIM aligned"), true },
	{ "spf_aligned", N_("SPF aligned"), true },
	{ "quarantine", N_("Quarantined"), true },
	{ "reject", N_("Rejected"), true },
	{ NULL, NULL, false },
};

struct domains {
	struct view *view;
	struct grid grid;
};

static bool put_domain(void *arg, const struct store_summary *s)
{
	struct domains *d = arg;
	struct grid *g = &d->grid;
	struct link l = view_link(d->view, ".");
	str domain = arena_str(d->view->page.arena, s->domain);

	link_set(&l, "domain", domain);
	grid_row(g);
	grid_link(g, &l, domain);
	grid_count(g, s->messages);
	grid_failing(g, s->messages - s->pass);
	grid_bar(g, s->pass, s->messages - s->pass, s->messages);
	grid_percent(g, s->pass, s->messages);
	grid_count(g, s->dkim);
	grid_count(g, s->spf);
	grid_count(g, s->quarantine);
	grid_count(g, s->reject);
	return true;
}

static bool put_domains(struct view *view)
{
	struct domains d = { .view = view };
	bool ok;

	html_leaf(&view->page.h, "h2", NULL, _("Domains"));
	d.grid = grid_begin(&view->page, domain_columns, _("Domains"), true);
	ok = store_summaries(view->store, &view->v.of, put_domain, &d,
			     &view->err);
	grid_end(&d.grid);
	return ok;
}

bool page_overview(struct view *view)
{
	struct overview o = { .view = view };

	if (!gather(&o))
		return false;
	view_begin(view, _("Who sends as you"));
	put_hero(&o);
	if (o.flow.sum.messages) {
		put_cards(&o);
		chart_days(view, &o.flow);
	}
	if ((!view_has_domain(view) || view->page.format != PAGE_HTML) &&
	    view->domains.n && !put_domains(view))
		return false;
	if (o.advised)
		put_fixes(&o);
	for (int k = STORE_OWN; k <= STORE_UNKNOWN; k++)
		put_group(&o, (enum store_source_kind)k);
	view_formats(view);
	return true;
}
