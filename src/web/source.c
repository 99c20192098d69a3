/* One source: how its mail came out, who reported it, and the rows. */
#include "report/advice.h"
#include "report/show.h"
#include "web/site_inside.h"

static const struct grid_column part_columns[] = {
	{ "selector", N_("Selector"), false },
	{ "passed_as", N_("Passed as"), false },
	{ "dkim_aligned", N_("DKIM aligned"), false },
	{ "spf_aligned", N_("SPF aligned"), false },
	{ "disposition", N_("Disposition"), false },
	{ "messages", N_("Messages"), true },
	{ "first", N_("First"), false },
	{ "last", N_("Last"), false },
	{ NULL, NULL, false },
};

static const struct grid_column reporter_columns[] = {
	{ "org", N_("Reporter"), false },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ NULL, NULL, false },
};

const struct grid_column row_columns[] = {
	{ "day", N_("Day"), false },
	{ "org", N_("Reporter"), false },
	{ "source_ip", N_("Address"), false },
	{ "count", N_("Messages"), true },
	{ "dkim_aligned", N_("DKIM aligned"), false },
	{ "spf_aligned", N_("SPF aligned"), false },
	{ "disposition", N_("Disposition"), false },
	{ "header_from", N_("From"), false },
	{ "envelope_from", N_("Envelope from"), false },
	{ "reasons", N_("Reasons"), false },
	{ "auth_results", N_("Authentication results"), false },
	{ "as_written", N_("As written"), false },
	{ NULL, NULL, false },
};

struct source {
	struct view *view;
	struct grid grid;
};

void row_put(struct view *view, struct grid *g, const struct flow_row *r)
{
	struct link report = view_link(view, "report");
	struct link source = view_link(view, "source");
	struct buf b = buf_of(view->page.arena, 32);

	buf_printf(&b, "%llu", (unsigned long long)r->report);
	link_set(&report, "domain", r->domain);
	link_set(&report, "report", buf_str(&b));
	link_set(&report, "ip", STR(""));
	link_set(&source, "domain", r->domain);
	link_set(&source, "ip", r->source_ip);
	grid_row(g);
	grid_day(g, r->begin / 86400);
	grid_link(g, &report, r->org);
	grid_link(g, &source, r->source_ip);
	grid_count(g, r->messages);
	grid_flag(g, r->dkim);
	grid_flag(g, r->spf);
	grid_str(g, r->disposition);
	grid_str(g, r->header_from);
	grid_str(g, r->envelope_from);
	grid_json(g, r->reasons);
	grid_json(g, r->auth);
	grid_json(g, r->raw);
}

static bool put_part(void *arg, const struct flow_part *p)
{
	struct source *s = arg;
	struct grid *g = &s->grid;
	struct link l = view_link(s->view, "selectors");

	link_set(&l, "selector", arena_str(s->view->page.arena, p->selector));
	link_set(&l, "ip", STR(""));
	grid_row(g);
	if (p->selector.n)
		grid_link(g, &l, p->selector);
	else
		grid_str(g, p->selector);
	grid_str(g, p->via);
	grid_flag(g, p->dkim);
	grid_flag(g, p->spf);
	grid_str(g, p->disposition);
	grid_count(g, p->messages);
	grid_day(g, p->first);
	grid_day(g, p->last);
	return true;
}

static bool put_reporter(void *arg, const struct flow_reporter *r)
{
	struct source *s = arg;
	struct link l = view_link(s->view, "source");

	link_set(&l, "reporter", r->org);
	grid_row(&s->grid);
	grid_link(&s->grid, &l, r->org);
	grid_count(&s->grid, r->sum.messages);
	grid_failing(&s->grid, r->sum.messages - r->sum.pass);
	return true;
}

static bool put_reporters(struct source *s)
{
	struct view *view = s->view;
	bool ok;

	html_leaf(&view->page.h, "h2", NULL, _("Who reported it"));
	s->grid = grid_begin(&view->page, reporter_columns, _("Reporters"),
			     false);
	ok = flow_source_reporters(view->store, &view->v, SITE_LIST,
				   view->page.arena, put_reporter, s,
				   &view->err);
	grid_end(&s->grid);
	return ok;
}

static bool put_row(void *arg, const struct flow_row *r)
{
	struct source *s = arg;

	row_put(s->view, &s->grid, r);
	return true;
}

static void put_what(struct source *s, const struct flow *f)
{
	struct html *h = &s->view->page.h;
	const struct store_source *x = f->sources.source;
	struct buf b = buf_of(s->view->page.arena, 512);
	char n[32], bad[32];

	if (!f->sources.n) {
		html_leaf(h, "p", NULL,
			  _("No mail of it was reported in this time."));
		return;
	}
	buf_printf(&b, _("%s: %s messages, %s failing."),
		   source_kind_words(x->kind), show_number(x->messages, n),
		   show_number(x->messages - x->pass, bad));
	html_leaf_str(h, "p", "advice", buf_str(&b));
	if (x->name.n) {
		html_open(h, "p");
		html_text(h, _("Its mail also passed as:"));
		html_text(h, " ");
		html_leaf_str(h, "strong", NULL, x->name);
		html_close(h);
	}
	if (x->messages > x->pass)
		html_leaf(h, "p", NULL, _(advice_cure(x)));
}

static bool put_rows(struct source *s)
{
	struct view *view = s->view;
	struct html *h = &view->page.h;
	bool ok;

	html_leaf(h, "h2", NULL, _("The newest rows"));
	html_leaf(h, "p", "dim",
		  _("They are of the newest reports of this time; the table of "
		    "records under Data has all."));
	s->grid = grid_begin(&view->page, row_columns, _("Rows of reports"),
			     true);
	ok = flow_rows(view->store, &view->v, 0, 0, SITE_LINES,
		       view->page.arena, put_row, s, &view->err);
	grid_end(&s->grid);
	return ok;
}

bool page_source(struct view *view)
{
	struct source s = { .view = view };
	char text[IP_TEXT_MAX];
	struct flow f;

	if (view->v.net.ip.family == IP_NONE) {
		view_begin(view, _("Sources"));
		html_leaf(&view->page.h, "h1", NULL,
			  _("Which one? Give its address as ip."));
		return true;
	}
	view->v.net.bits = view->v.net.ip.family == IP_V4 ? 32 : 128;
	if (!flow_make(view->store, &view->v, view->page.arena, &f, &view->err))
		return false;
	view_begin(view, _("Source"));
	html_open_class(&view->page.h, "section", "hero none");
	html_leaf_str(&view->page.h, "h1", NULL, ip_text(view->v.net.ip, text));
	put_what(&s, &f);
	html_close(&view->page.h);
	if (f.n_days)
		chart_days(view, &f);
	html_leaf(&view->page.h, "h2", NULL, _("How its mail came out"));
	s.grid = grid_begin(&view->page, part_columns,
			    _("By selector and result"), false);
	if (!flow_parts(view->store, &view->v, view->page.arena, put_part, &s,
			&view->err))
		return false;
	grid_end(&s.grid);
	if (!put_reporters(&s) || !put_rows(&s))
		return false;
	view_formats(view);
	return true;
}
