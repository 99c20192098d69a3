/* Reports: their list, and one of them. */
#include "report/show.h"
#include "report/tables.h"
#include "web/site_inside.h"

static const struct grid_column columns[] = {
	{ "begin", N_("Day"), false },
	{ "domain", N_("Domain"), false },
	{ "org", N_("Reporter"), false },
	{ "kind", N_("Kind"), false },
	{ "report_id", N_("Report id"), false },
	{ "records", N_("Rows"), true },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ "policy", N_("Policy"), false },
	{ "problems", N_("Problems"), false },
	{ NULL, NULL, false },
};

static const char *kind_word(enum store_kind kind)
{
	static const char *const words[] = { "aggregate", "tls", "failure" };

	return words[kind];
}

static const char *kind_words(enum store_kind kind)
{
	static const char *const words[] = { N_("DMARC"), N_("TLS"),
					     N_("failure") };

	return _(words[kind]);
}

struct listing {
	struct view *view;
	struct grid grid;
	size_t n;
	struct flow_report one; /* for the page of one; in the arena */
};

static struct link report_link(struct view *view, const struct store_report *r)
{
	struct link l = view_link(view, "report");
	struct buf b = buf_of(view->page.arena, 32);

	buf_printf(&b, "%llu", (unsigned long long)r->number);
	link_set(&l, "domain", arena_str(view->page.arena, r->domain));
	link_set(&l, "report", buf_str(&b));
	return l;
}

/* "date order, 3 rows left out, id used twice" */
static str problems(struct view *view, const struct store_report *r)
{
	struct buf b = buf_of(view->page.arena, 4096);
	str words = r->warnings, word;
	char n[32];

	while (words.n && str_split(&words, ' ', &word)) {
		if (b.n)
			buf_put(&b, STR(", "));
		buf_put(&b, word);
	}
	if (r->skipped) {
		buf_put(&b, b.n ? STR(", ") : STR(""));
		buf_printf(&b, _("%s rows left out"),
			   show_number(r->skipped, n));
	}
	if (r->reused) {
		buf_put(&b, b.n ? STR(", ") : STR(""));
		buf_put(&b, str_of(_("its id is used twice")));
	}
	return buf_str(&b);
}

static bool put_report(void *arg, const struct flow_report *f)
{
	struct listing *l = arg;
	const struct store_report *r = &f->r;
	struct grid *g = &l->grid;
	struct link link = report_link(l->view, r);

	if (++l->n > SITE_LIST && !g->data)
		return true;
	grid_row(g);
	grid_day(g, r->begin / 86400);
	grid_str(g, r->domain);
	grid_link(g, &link, r->org);
	grid_words(g, kind_word(r->kind), kind_words(r->kind), "kind");
	grid_str(g, r->report_id);
	grid_count(g, r->records);
	grid_count(g, r->messages);
	if (r->kind == STORE_FAILURE)
		grid_count(g, r->messages);
	else
		grid_failing(g, r->messages - r->pass);
	grid_str(g, r->p);
	grid_str(g, problems(l->view, r));
	return true;
}

static void put_choice(struct view *view, bool with_problems)
{
	struct html *h = &view->page.h;
	struct link l = view_link(view, "reports");

	html_open_class(h, "p", "tabs");
	for (int i = 0; i < 2; i++) {
		link_set(&l, "problems", i ? STR("1") : STR(""));
		html_open(h, "a");
		if (with_problems == (i == 1))
			html_attr(h, "aria-current", "true");
		(void)page_href(&view->page, &l);
		html_text(h, i ? _("with problems") : _("all"));
		html_close(h);
	}
	html_close(h);
}

bool page_reports(struct view *view)
{
	struct listing l = { .view = view };
	uint64_t at = view_number(view, "page");
	bool with_problems = web_arg(view->page.r, "problems").n > 0;
	bool all = view->page.format != PAGE_HTML;

	if (at > 1000000)
		at = 0;
	view_begin(view, _("Reports"));
	html_leaf(&view->page.h, "h1", NULL, _("Reports"));
	if (!view->page.file_of)
		put_choice(view, with_problems);
	l.grid = grid_begin(&view->page, columns,
			    _("Reports, the newest first"), true);
	if (!flow_reports(view->store, &view->v,
			  with_problems ? FLOW_WITH_PROBLEMS : FLOW_EVERY, 0,
			  all ? 0 : at * SITE_LIST,
			  all ? INT64_MAX : SITE_LIST + 1, view->page.arena,
			  put_report, &l, &view->err))
		return false;
	grid_end(&l.grid);
	view_pages(view, at, !all && l.n > SITE_LIST);
	view_formats(view);
	return true;
}

/* ---- one report ---- */

static bool take_one(void *arg, const struct flow_report *f)
{
	struct listing *l = arg;
	struct arena *arena = l->view->page.arena;
	struct store_report *r = &l->one.r;

	l->n++;
	l->one = *f;
	r->domain = arena_str(arena, f->r.domain);
	r->org = arena_str(arena, f->r.org);
	r->report_id = arena_str(arena, f->r.report_id);
	r->policy = arena_str(arena, f->r.policy);
	r->warnings = arena_str(arena, f->r.warnings);
	r->file = arena_str(arena, f->r.file);
	if (f->r.p.p)
		r->p = arena_str(arena, f->r.p);
	l->one.email = arena_str(arena, f->email);
	l->one.contact = arena_str(arena, f->contact);
	return true;
}

static void fact(struct html *h, const char *name, str value)
{
	if (!value.n)
		return;
	html_open(h, "div");
	html_leaf(h, "dt", NULL, name);
	html_leaf_str(h, "dd", NULL, value);
	html_close(h);
}

static void put_facts(struct listing *l)
{
	struct view *view = l->view;
	struct html *h = &view->page.h;
	const struct store_report *r = &l->one.r;
	char text[32];

	html_open_class(h, "dl", "facts");
	fact(h, _("Kind"), str_of(kind_words(r->kind)));
	fact(h, _("Domain"), r->domain);
	fact(h, _("Report id"), r->report_id);
	fact(h, _("Begin"), str_of(show_time(r->begin, text)));
	fact(h, _("End"), str_of(show_time(r->end, text)));
	fact(h, _("Address of the reporter"), l->one.email);
	fact(h, _("Contact"), l->one.contact);
	fact(h, _("Messages"), str_of(show_number(r->messages, text)));
	fact(h, _("Pass"), str_of(show_number(r->pass, text)));
	fact(h, _("Rows"), str_of(show_number(r->records, text)));
	fact(h, _("Published policy"), r->policy);
	fact(h, _("Came from"), r->file);
	fact(h, _("Imported"), str_of(show_time(l->one.imported, text)));
	fact(h, _("Problems"), problems(view, r));
	html_close(h);
}

struct rows {
	struct view *view;
	struct grid grid;
	uint64_t last;
	size_t n;
};

static bool put_row(void *arg, const struct flow_row *r)
{
	struct rows *rows = arg;

	if (++rows->n > SITE_LIST && !rows->grid.data)
		return true;
	rows->last = r->n;
	row_put(rows->view, &rows->grid, r);
	return true;
}

static void put_next(struct rows *rows)
{
	struct view *view = rows->view;
	struct link l = view_link(view, "report");
	struct buf b = buf_of(view->page.arena, 32);

	link_keep(&l, view->page.r, "report");
	buf_printf(&b, "%llu", (unsigned long long)rows->last);
	link_set(&l, "after", buf_str(&b));
	html_open_class(&view->page.h, "p", "pages");
	page_link_words(&view->page, &l, _("Next"));
	html_close(&view->page.h);
}

static bool put_rows(struct view *view, uint64_t number)
{
	struct rows rows = { .view = view };
	bool all = view->page.format != PAGE_HTML;

	rows.grid = grid_begin(&view->page, row_columns,
			       _("Rows of the report"), true);
	if (!flow_rows(view->store, &view->v, number,
		       all ? 0 : view_number(view, "after"),
		       all ? INT64_MAX : SITE_LIST + 1, view->page.arena,
		       put_row, &rows, &view->err))
		return false;
	grid_end(&rows.grid);
	if (!all && rows.n > SITE_LIST)
		put_next(&rows);
	return true;
}

/* Rows of a TLS or failure report: every column that has something. */
struct plain {
	struct view *view;
	const struct table *table;
	size_t n;
};

static bool put_plain(void *arg, const str *values)
{
	struct plain *p = arg;
	struct html *h = &p->view->page.h;
	char text[32];

	if (++p->n > SITE_LIST)
		return true;
	html_open_class(h, "dl", "facts");
	for (size_t i = 3; p->table->column[i].name; i++) {
		const struct table_column *c = &p->table->column[i];
		str v = c->cell == CELL_TIME
				? str_of(show_time(
					  (int64_t)store_number(values[i]),
					  text))
				: values[i];

		fact(h, c->name, v);
	}
	html_close(h);
	return true;
}

static bool put_plain_rows(struct view *view, const struct store_report *r)
{
	const char *name = r->kind == STORE_TLS ? "tls" : "failures";
	struct plain p = { .view = view, .table = tables };

	while (p.table->name && strcmp(p.table->name, name) != 0)
		p.table++;
	html_leaf(&view->page.h, "h2", NULL, _("Rows of the report"));
	return table_report(view->store, p.table, r->domain, r->number,
			    view->page.arena, put_plain, &p, &view->err);
}

bool page_report(struct view *view)
{
	struct listing l = { .view = view };
	uint64_t number = view_number(view, "report");

	if (view_has_domain(view) &&
	    !flow_reports(view->store, &view->v, FLOW_ONE, number, 0, 1,
			  view->page.arena, take_one, &l, &view->err))
		return false;
	view_begin(view, _("Report"));
	if (!l.n) {
		html_leaf(&view->page.h, "h1", NULL,
			  _("There is no such report."));
		return true;
	}
	html_open(&view->page.h, "h1");
	html_text(&view->page.h, _("Report of"));
	html_text(&view->page.h, " ");
	html_str(&view->page.h, l.one.r.org);
	html_close(&view->page.h);
	put_facts(&l);
	if (l.one.r.kind != STORE_AGGREGATE)
		return put_plain_rows(view, &l.one.r) &&
		       original_put(view, &l.one.r);
	if (!put_rows(view, number) || !original_put(view, &l.one.r))
		return false;
	view_formats(view);
	return true;
}
