/* Reporters, TLS sessions, selectors, days, and what can be downloaded. */
#include "report/tables.h"
#include "web/site_inside.h"

static const struct grid_column reporter_columns[] = {
	{ "org", N_("Reporter"), false },
	{ "reports", N_("Reports"), true },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ "pass_percent", N_("Pass %"), true },
	{ "dkim_aligned", N_("DKIM aligned"), true },
	{ "spf_aligned", N_("SPF aligned"), true },
	{ "quarantine", N_("Quarantined"), true },
	{ "reject", N_("Rejected"), true },
	{ "last", N_("Last"), false },
	{ NULL, NULL, false },
};

static const struct grid_column tls_columns[] = {
	{ "org", N_("Reporter"), false },
	{ "policy_type", N_("Policy"), false },
	{ "mx", N_("MX"), false },
	{ "result", N_("Result"), false },
	{ "reason", N_("Reason"), false },
	{ "receiving_host", N_("Receiving host"), false },
	{ "sessions", N_("Sessions"), true },
	{ "first", N_("First"), false },
	{ "last", N_("Last"), false },
	{ NULL, NULL, false },
};

static const struct grid_column selector_columns[] = {
	{ "selector", N_("Selector"), false },
	{ "messages", N_("Messages"), true },
	{ "own_hosts", N_("Used by"), false },
	{ "first", N_("First"), false },
	{ "last", N_("Last"), false },
	{ NULL, NULL, false },
};

struct list {
	struct view *view;
	struct grid grid;
};

static bool put_reporter(void *arg, const struct flow_reporter *r)
{
	struct list *l = arg;
	struct grid *g = &l->grid;
	struct link link = view_link(l->view, ".");
	str org = arena_str(l->view->page.arena, r->org);

	link_set(&link, "reporter", org);
	grid_row(g);
	grid_link(g, &link, org);
	grid_count(g, r->reports);
	grid_count(g, r->sum.messages);
	grid_failing(g, r->sum.messages - r->sum.pass);
	grid_percent(g, r->sum.pass, r->sum.messages);
	grid_count(g, r->sum.dkim);
	grid_count(g, r->sum.spf);
	grid_count(g, r->sum.quarantine);
	grid_count(g, r->sum.reject);
	grid_day(g, r->last / 86400);
	return true;
}

bool page_reporters(struct view *view)
{
	struct list l = { .view = view };

	view_begin(view, _("Reporters"));
	html_leaf(&view->page.h, "h1", NULL, _("Reporters"));
	l.grid = grid_begin(&view->page, reporter_columns,
			    _("Who has reported, by messages"), true);
	if (!flow_reporters(view->store, &view->v, view->page.arena,
			    put_reporter, &l, &view->err))
		return false;
	grid_end(&l.grid);
	view_formats(view);
	return true;
}

static bool put_tls(void *arg, const struct flow_tls *t)
{
	struct list *l = arg;
	struct grid *g = &l->grid;
	struct link link = view_link(l->view, "reports");

	link_set(&link, "reporter", arena_str(l->view->page.arena, t->org));
	grid_row(g);
	grid_link(g, &link, t->org);
	grid_str(g, t->policy_type);
	grid_str(g, t->mx);
	if (t->result.n)
		grid_words(g, arena_cstr(l->view->page.arena, t->result),
			   arena_cstr(l->view->page.arena, t->result), "bad");
	else
		grid_words(g, "", _("went well"), "good");
	grid_str(g, t->reason);
	grid_str(g, t->receiving_host);
	grid_count(g, t->sessions);
	grid_day(g, t->first / 86400);
	grid_day(g, t->last / 86400);
	return true;
}

bool page_tls(struct view *view)
{
	struct list l = { .view = view };

	view_begin(view, _("TLS reports"));
	html_leaf(&view->page.h, "h1", NULL, _("TLS reports"));
	html_leaf(&view->page.h, "p", "dim",
		  _("How other servers could encrypt mail to you (RFC 8460): "
		    "what failed comes first."));
	l.grid = grid_begin(&view->page, tls_columns, _("TLS sessions"), true);
	if (!flow_tls(view->store, &view->v, view->page.arena, put_tls, &l,
		      &view->err))
		return false;
	grid_end(&l.grid);
	view_formats(view);
	return true;
}

static bool put_selector(void *arg, const struct flow_part *p)
{
	struct list *l = arg;
	struct grid *g = &l->grid;
	struct link link = view_link(l->view, ".");
	str selector = arena_str(l->view->page.arena, p->selector);

	if (l->view->v.selector.n && !str_eq(l->view->v.selector, selector))
		return true;
	link_set(&link, "selector", selector);
	grid_row(g);
	grid_link(g, &link, selector);
	grid_count(g, p->messages);
	grid_words(g, p->spf ? "yes" : "no", p->spf ? _("your own") : "", NULL);
	grid_day(g, p->first);
	grid_day(g, p->last);
	return true;
}

bool page_selectors(struct view *view)
{
	struct list l = { .view = view };

	view_begin(view, _("Selectors in use"));
	html_leaf(&view->page.h, "h1", NULL, _("Selectors in use"));
	html_leaf(&view->page.h, "p", "dim",
		  _("DKIM selectors of signatures that passed for the domain. "
		    "One that is not used any more can be revoked (inkan "
		    "rotate)."));
	l.grid = grid_begin(&view->page, selector_columns, _("Selectors"),
			    true);
	if (!flow_selectors(view->store, &view->v, view->page.arena,
			    put_selector, &l, &view->err))
		return false;
	grid_end(&l.grid);
	view_formats(view);
	return true;
}

bool page_days(struct view *view)
{
	struct flow f;

	if (!flow_make(view->store, &view->v, view->page.arena, &f, &view->err))
		return false;
	view_begin(view, _("Messages by day"));
	html_leaf(&view->page.h, "h1", NULL, _("Messages by day"));
	chart_days(view, &f);
	view_formats(view);
	return true;
}

static void put_download(struct view *view, const char *name, const char *words)
{
	static const char *const formats[] = { "csv", "json" };
	struct html *h = &view->page.h;
	struct link l = view_link(view, "download");

	html_open(h, "li");
	html_leaf(h, "strong", NULL, name);
	html_text(h, " ");
	html_text(h, words);
	html_text(h, " ");
	for (size_t i = 0; i < 2; i++) {
		link_set(&l, "table", str_of(name));
		link_set(&l, "format", str_of(formats[i]));
		page_link(&view->page, &l, i ? STR("JSON") : STR("CSV"));
		html_text(h, " ");
	}
	html_close(h);
}

bool page_data(struct view *view)
{
	struct html *h = &view->page.h;

	view_begin(view, _("Data"));
	html_leaf(h, "h1", NULL, _("Data"));
	html_leaf(h, "p", NULL,
		  _("Whole tables, of the domain and the time that are "
		    "chosen above. Every other page has a CSV and a JSON of "
		    "its own at its end."));
	html_open_class(h, "ul", "downloads");
	put_download(view, "reports", _("each report: who, when, its sums"));
	put_download(view, "records",
		     _("each row of the aggregate reports, with its "
		       "authentication results"));
	put_download(view, "traffic", _("sums of the rows by day"));
	put_download(view, "tls", _("rows of the TLS reports"));
	put_download(view, "failures", _("failure reports"));
	html_close(h);
	return true;
}
