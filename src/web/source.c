/* One source: how its mail came out, who reported it, and the rows. */
#include "base/map.h"
#include "report/advice.h"
#include "report/show.h"
#include "web/site_inside.h"

#include <stdlib.h>

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

struct reporter {
	str org;
	uint64_t messages, pass;
};

struct source {
	struct view *view;
	struct grid grid;
	struct map reporters;
	struct flow_row *row;
	size_t n_rows, cap, seen;
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

static str keep(struct source *s, str text)
{
	return text.p ? arena_str(s->view->page.arena, text) : text;
}

static bool take_row(void *arg, const struct flow_row *r)
{
	struct source *s = arg;
	struct arena *arena = s->view->page.arena;
	struct reporter *rep = map_find(&s->reporters, r->org);
	struct flow_row *to;

	if (!rep) {
		rep = arena_new_of(arena, struct reporter);
		rep->org = arena_str(arena, r->org);
		*map_put(&s->reporters, rep->org) = rep;
	}
	rep->messages += r->messages;
	rep->pass += r->dkim || r->spf ? r->messages : 0;
	s->seen++;
	if (s->n_rows == SITE_LINES)
		return true;
	if (!s->row)
		s->row = arena_array_of(arena, struct flow_row, SITE_LINES);
	to = &s->row[s->n_rows++];
	*to = *r;
	to->domain = keep(s, r->domain);
	to->org = keep(s, r->org);
	to->source_ip = keep(s, r->source_ip);
	to->disposition = keep(s, r->disposition);
	to->header_from = keep(s, r->header_from);
	to->envelope_from = keep(s, r->envelope_from);
	to->envelope_to = keep(s, r->envelope_to);
	to->reasons = keep(s, r->reasons);
	to->auth = keep(s, r->auth);
	to->raw = keep(s, r->raw);
	return true;
}

static int by_messages(const void *a, const void *b)
{
	const struct reporter *x = *(const struct reporter *const *)a;
	const struct reporter *y = *(const struct reporter *const *)b;

	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return str_cmp(x->org, y->org);
}

static void put_reporters(struct source *s)
{
	const struct reporter **all = arena_array_of(s->view->page.arena,
						     const struct reporter *,
						     s->reporters.n + 1);
	struct grid g;
	size_t n = 0, at = 0;
	void *value;
	str key;

	while (map_next(&s->reporters, &at, &key, &value))
		all[n++] = value;
	qsort(all, n, sizeof *all, by_messages);
	html_leaf(&s->view->page.h, "h2", NULL, _("Who reported it"));
	g = grid_begin(&s->view->page, reporter_columns, _("Reporters"), false);
	for (size_t i = 0; i < n && i < SITE_LIST; i++) {
		struct link l = view_link(s->view, "source");

		link_set(&l, "reporter", all[i]->org);
		grid_row(&g);
		grid_link(&g, &l, all[i]->org);
		grid_count(&g, all[i]->messages);
		grid_failing(&g, all[i]->messages - all[i]->pass);
	}
	grid_end(&g);
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
	struct grid g;

	if (!flow_rows(view->store, &view->v, 0, 0, FLOW_ROWS, view->page.arena,
		       take_row, s, &view->err))
		return false;
	put_reporters(s);
	html_leaf(h, "h2", NULL, _("The newest rows"));
	html_leaf(h, "p", "dim",
		  _("Reporters and rows are of the newest reports of this "
		    "time; the table of records under Data has all."));
	g = grid_begin(&view->page, row_columns, _("Rows of reports"), true);
	for (size_t i = 0; i < s->n_rows; i++)
		row_put(view, &g, &s->row[i]);
	grid_end(&g);
	return true;
}

bool page_source(struct view *view)
{
	struct source s = {
		.view = view,
		.reporters = map_of(view->page.arena,
				    (struct map_seed){ (uintptr_t)view, 3 },
				    false),
	};
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
	if (!put_rows(&s))
		return false;
	view_formats(view);
	return true;
}
