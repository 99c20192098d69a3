/* What inkand here judged, beside what others report. */
#include "report/show.h"
#include "store/flow_own.h"
#include "web/site_inside.h"

static const struct grid_column domain_columns[] = {
	{ "domain", N_("Domain"), false },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ "pass_percent", N_("Pass %"), true },
	{ "quarantine", N_("Quarantined"), true },
	{ "reject", N_("Rejected"), true },
	{ NULL, NULL, false },
};

static const struct grid_column day_columns[] = {
	{ "day", N_("Day"), false },
	{ "judged", N_("Judged here"), true },
	{ "judged_fail", N_("Failing here"), true },
	{ "reported", N_("Reported by others"), true },
	{ "reported_fail", N_("Failing there"), true },
	{ NULL, NULL, false },
};

static const struct grid_column verdict_columns[] = {
	{ "time", N_("Time"), false },
	{ "node", N_("Machine"), false },
	{ "source_ip", N_("Address"), false },
	{ "header_from", N_("From"), false },
	{ "envelope_from", N_("Envelope from"), false },
	{ "result", "DMARC", false },
	{ "dkim_aligned", N_("DKIM aligned"), false },
	{ "spf_aligned", N_("SPF aligned"), false },
	{ "disposition", N_("Disposition"), false },
	{ "action", N_("Done"), false },
	{ "auth_results", N_("Authentication results"), false },
	{ NULL, NULL, false },
};

struct own {
	struct view *view;
	struct grid grid;
};

static bool put_domain(void *arg, const struct flow_own *o)
{
	struct own *w = arg;
	struct grid *g = &w->grid;
	struct link l = view_link(w->view, "own");
	str domain = arena_str(w->view->page.arena, o->domain);

	link_set(&l, "domain", domain);
	grid_row(g);
	grid_link(g, &l, domain);
	grid_count(g, o->own.messages);
	grid_failing(g, o->own.messages - o->own.pass);
	grid_percent(g, o->own.pass, o->own.messages);
	grid_count(g, o->own.quarantine);
	grid_count(g, o->own.reject);
	return true;
}

static bool put_day(void *arg, const struct flow_own *o)
{
	struct own *w = arg;
	struct grid *g = &w->grid;

	grid_row(g);
	grid_day(g, o->day);
	grid_count(g, o->own.messages);
	grid_failing(g, o->own.messages - o->own.pass);
	grid_count(g, o->reported);
	grid_failing(g, o->reported - o->reported_pass);
	return true;
}

static bool put_verdict(void *arg, const struct flow_verdict *v)
{
	struct own *w = arg;
	struct grid *g = &w->grid;
	char text[32];

	grid_row(g);
	grid_str(g, str_of(show_time(v->time, text)));
	grid_str(g, v->node);
	grid_str(g, v->source_ip);
	grid_str(g, v->header_from);
	grid_str(g, v->envelope_from);
	grid_str(g, v->result);
	grid_flag(g, v->dkim);
	grid_flag(g, v->spf);
	grid_str(g, v->disposition);
	grid_str(g, v->action);
	grid_json(g, v->auth);
	return true;
}

static bool put_one(struct own *w)
{
	struct view *view = w->view;
	struct html *h = &view->page.h;
	struct arena *arena = view->page.arena;

	w->grid = grid_begin(&view->page, day_columns,
			     _("Here and elsewhere, by day"), true);
	if (!flow_own_days(view->store, &view->v, arena, put_day, w,
			   &view->err))
		return false;
	grid_end(&w->grid);
	html_leaf(h, "h2", NULL, _("The newest messages"));
	w->grid = grid_begin(&view->page, verdict_columns,
			     _("The newest messages"), false);
	if (!flow_verdicts(view->store, &view->v, SITE_LIST, arena, put_verdict,
			   w, &view->err))
		return false;
	grid_end(&w->grid);
	return true;
}

bool page_own(struct view *view)
{
	struct own w = { .view = view };
	struct html *h = &view->page.h;

	view_begin(view, _("Judged here"));
	html_leaf(h, "h1", NULL, _("Judged here"));
	html_leaf(h, "p", "dim",
		  _("What inkand on your machines found out about mail that "
		    "came in (its setting Store)."));
	/* a domain that was not asked for is only the one of the reports */
	if (web_arg(view->page.r, "domain").n && view_has_domain(view)) {
		if (!put_one(&w))
			return false;
	} else {
		w.grid = grid_begin(&view->page, domain_columns,
				    _("Domains of authors"), true);
		if (!flow_own_domains(view->store, &view->v, view->page.arena,
				      put_domain, &w, &view->err))
			return false;
		grid_end(&w.grid);
	}
	view_formats(view);
	return true;
}
