#include "report/show.h"
#include "report/values.h"
#include "web/site_inside.h"

#include <stdio.h>
#include <stdlib.h>

const char *const view_keep[] = { "domain", "days",        "since",
				  "until",  "failing",     "reporter",
				  "ip",     "disposition", "selector",
				  "lang",   NULL };

const struct page_tab view_tabs[] = {
	{ ".", N_("Overview") },
	{ "sources", N_("Sources") },
	{ "reports", N_("Reports") },
	{ "reporters", N_("Reporters") },
	{ "tls", N_("TLS") },
	{ "selectors", N_("Selectors") },
	{ "own", N_("Judged here") },
	{ "data", N_("Data") },
	{ NULL, NULL },
};

static const struct {
	const char *value;
	int64_t days;
	const char *words;
} periods[] = {
	{ "7", 7, N_("7 days") },     { "30", 30, N_("30 days") },
	{ "90", 90, N_("90 days") },  { "365", 365, N_("a year") },
	{ "all", 0, N_("all days") },
};

enum { PERIODS = sizeof periods / sizeof *periods };

bool view_has_domain(const struct view *view)
{
	return view->v.of.domain.n > 0;
}

struct link view_link(const struct view *view, const char *path)
{
	struct link l = link_to(path);

	for (size_t i = 0; view_keep[i]; i++)
		link_keep(&l, view->page.r, view_keep[i]);
	return l;
}

uint64_t view_number(const struct view *view, const char *name)
{
	return store_number(web_arg(view->page.r, name));
}

static void read_ip(struct view *view, str text)
{
	if (!text.n)
		return;
	if (!ip_prefix_parse(text, &view->v.net)) {
		view->v.net.ip.family = IP_NONE;
		view->problem = N_("That is no address and no network: write "
				   "192.0.2.1 or 192.0.2.0/24.");
	}
}

static void read_day(struct view *view, const char *name, int64_t *day)
{
	str text = str_trim(web_arg(view->page.r, name));
	int64_t seconds;

	if (!text.n)
		return;
	view->days = 0;
	if (text.n == 10 && value_time(text, &seconds))
		*day = seconds / 86400;
	else
		view->problem = N_("That is no day: write it as 2026-11-24.");
}

static bool take_domain(void *arg, const struct store_summary *s)
{
	struct view *view = arg;
	struct site_domains *d = &view->domains;

	d->domain = arena_grow(view->page.arena, d->domain,
			       d->n * sizeof *d->domain,
			       (d->n + 1) * sizeof *d->domain);
	d->domain[d->n] = *s;
	d->domain[d->n++].domain = arena_str(view->page.arena, s->domain);
	return true;
}

/* The newest day of the choice is where a period ends. */
static int64_t newest(const struct view *view)
{
	int64_t day = view->newest_own;

	for (size_t i = 0; i < view->domains.n; i++) {
		const struct store_summary *s = &view->domains.domain[i];

		if ((!view->v.of.domain.n ||
		     str_eq(s->domain, view->v.of.domain)) &&
		    s->last > day)
			day = s->last;
	}
	return day;
}

static void read_period(struct view *view)
{
	str text = web_arg(view->page.r, "days");
	int64_t last = newest(view);

	view->days = SITE_DAYS;
	for (size_t i = 0; i < PERIODS; i++)
		if (str_eq(text, str_of(periods[i].value)))
			view->days = periods[i].days;
	if (view->days) {
		view->v.of.until = last;
		view->v.of.since = last - view->days + 1;
	}
	read_day(view, "since", &view->v.of.since);
	read_day(view, "until", &view->v.of.until);
	if (view->v.of.since < 0)
		view->v.of.since = 0;
	if (view->v.of.until < view->v.of.since)
		view->v.of.until = view->v.of.since;
}

static bool take_newest_own(void *arg, const str *c)
{
	int64_t day = (int64_t)store_number(c[0]);
	struct view *view = arg;

	if (day > view->newest_own)
		view->newest_own = day;
	return true;
}

bool view_read(struct view *view)
{
	const struct web_request *r = view->page.r;
	struct store_filter every = { STORE_ALL_DAYS, .domain = STR("") };
	str domain = str_trim(web_arg(r, "domain"));

	view->v = (struct store_view){ .of = every };
	view->v.of.failing = web_arg(r, "failing").n > 0;
	view->v.reporter = web_arg(r, "reporter");
	view->v.disposition = web_arg(r, "disposition");
	view->v.selector = web_arg(r, "selector");
	read_ip(view, str_trim(web_arg(r, "ip")));
	if (!store_summaries(view->store, &every, take_domain, view,
			     &view->err) ||
	    (str_eq(r->path, STR("/own")) &&
	     !store_query(view->store, "SELECT max(day) FROM verdict_day", NULL,
			  0, take_newest_own, view, &view->err)))
		return false;
	if (domain.n) {
		view->v.of.domain = value_domain(view->page.arena, domain);
		if (!view->v.of.domain.n)
			view->problem = N_("That is no domain.");
	} else if (view->domains.n == 1) {
		view->v.of.domain = view->domains.domain[0].domain;
	}
	read_period(view);
	return true;
}

/* ---- the form of choices ---- */

static void option(struct html *h, const char *value, const char *words,
		   bool chosen)
{
	html_open(h, "option");
	html_attr(h, "value", value);
	if (chosen)
		html_flag(h, "selected");
	html_text(h, words);
	html_close(h);
}

static void put_domains(struct view *view)
{
	struct html *h = &view->page.h;

	html_open(h, "label");
	html_leaf(h, "span", NULL, _("Domain"));
	html_open(h, "select");
	html_attr(h, "name", "domain");
	if (view->domains.n != 1)
		option(h, "", _("all domains"), !view_has_domain(view));
	for (size_t i = 0; i < view->domains.n; i++) {
		str d = view->domains.domain[i].domain;

		html_open(h, "option");
		html_attr_str(h, "value", d);
		if (str_eq(d, view->v.of.domain))
			html_flag(h, "selected");
		html_str(h, d);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void put_periods(struct view *view)
{
	struct html *h = &view->page.h;
	bool exact = web_arg(view->page.r, "since").n ||
		     web_arg(view->page.r, "until").n;

	html_open(h, "label");
	html_leaf(h, "span", NULL, _("Time"));
	html_open(h, "select");
	html_attr(h, "name", "days");
	for (size_t i = 0; i < PERIODS; i++)
		option(h, periods[i].value, _(periods[i].words),
		       !exact && view->days == periods[i].days);
	html_close(h);
	html_close(h);
}

static void put_input(struct view *view, const char *name, const char *label,
		      const char *type, const char *example)
{
	struct html *h = &view->page.h;

	html_open(h, "label");
	html_leaf(h, "span", NULL, label);
	html_void(h, "input");
	html_attr(h, "type", type);
	html_attr(h, "name", name);
	html_attr(h, "placeholder", example);
	html_attr_str(h, "value", web_arg(view->page.r, name));
	html_close(h);
}

static void put_dispositions(struct view *view)
{
	static const char *const all[] = { "none", "quarantine", "reject",
					   "pass" };
	struct html *h = &view->page.h;

	html_open(h, "label");
	html_leaf(h, "span", NULL, _("Disposition"));
	html_open(h, "select");
	html_attr(h, "name", "disposition");
	option(h, "", _("any"), !view->v.disposition.n);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		option(h, all[i], all[i],
		       str_eq(view->v.disposition, str_of(all[i])));
	html_close(h);
	html_close(h);
}

static void put_failing(struct view *view)
{
	struct html *h = &view->page.h;

	html_open_class(h, "label", "check");
	html_void(h, "input");
	html_attr(h, "type", "checkbox");
	html_attr(h, "name", "failing");
	html_attr(h, "value", "1");
	if (view->v.of.failing)
		html_flag(h, "checked");
	html_leaf(h, "span", NULL, _("only failing"));
	html_close(h);
}

static void put_more(struct view *view)
{
	struct html *h = &view->page.h;
	const struct web_request *r = view->page.r;
	bool chosen = view->v.reporter.n || view->v.disposition.n ||
		      view->v.selector.n || web_arg(r, "ip").n ||
		      web_arg(r, "since").n || web_arg(r, "until").n;

	html_open_class(h, "details", "more");
	if (chosen)
		html_flag(h, "open");
	html_leaf(h, "summary", NULL, _("More choices"));
	html_open_class(h, "div", "choices");
	put_input(view, "since", _("Begin"), "text", "2026-11-01");
	put_input(view, "until", _("End"), "text", "2026-11-30");
	put_input(view, "reporter", _("Reporter"), "text", "receiver.example");
	put_input(view, "ip", _("Address or network"), "text", "192.0.2.0/24");
	put_input(view, "selector", _("Selector"), "text", "s1");
	put_dispositions(view);
	html_close(h);
	html_close(h);
}

/* Arguments of the page itself that the form keeps. */
static void put_hidden(struct view *view, const char *name)
{
	str value = web_arg(view->page.r, name);

	if (!value.n)
		return;
	html_void(&view->page.h, "input");
	html_attr(&view->page.h, "type", "hidden");
	html_attr(&view->page.h, "name", name);
	html_attr_str(&view->page.h, "value", value);
}

static void put_form(struct view *view)
{
	struct html *h = &view->page.h;
	struct link plain = link_to(
		view->page.r->path.n > 1
			? arena_cstr(view->page.arena,
				     str_skip(view->page.r->path, 1))
			: ".");

	html_open_class(h, "form", "filter");
	html_attr(h, "method", "get");
	html_attr(h, "aria-label", _("What is shown"));
	put_hidden(view, "lang");
	put_hidden(view, "kind");
	put_hidden(view, "report");
	html_open_class(h, "div", "choices");
	put_domains(view);
	put_periods(view);
	put_failing(view);
	html_leaf(h, "button", NULL, _("Show"));
	link_keep(&plain, view->page.r, "lang");
	html_open_class(h, "a", "reset");
	(void)page_href(&view->page, &plain);
	html_text(h, _("Reset"));
	html_close(h);
	html_close(h);
	put_more(view);
	html_close(h);
}

void view_begin(struct view *view, const char *title)
{
	struct html *h = &view->page.h;

	page_begin(&view->page, title, view_tabs, view_keep);
	if (!view->page.file_of)
		put_form(view);
	if (!view->problem)
		return;
	html_open_class(h, "p", "problem");
	html_attr(h, "role", "alert");
	html_text(h, _(view->problem));
	html_close(h);
}

void view_end(struct view *view, struct web_response *out)
{
	page_end(&view->page, out);
}

void view_formats(struct view *view)
{
	struct html *h = &view->page.h;
	const struct web_request *r = view->page.r;
	struct link l = link_to(r->path.n > 1 ? arena_cstr(view->page.arena,
							   str_skip(r->path, 1))
					      : ".");

	if (view->page.file_of)
		return;
	for (size_t i = 0; i < r->n_args; i++)
		link_set(&l, arena_cstr(view->page.arena, r->arg[i].name),
			 r->arg[i].value);
	html_open_class(h, "p", "formats");
	link_set(&l, "format", STR("csv"));
	page_link(&view->page, &l, STR("CSV"));
	link_set(&l, "format", STR("json"));
	page_link(&view->page, &l, STR("JSON"));
	html_close(h);
}

static void put_page(struct view *view, uint64_t at, const char *words,
		     const char *rel)
{
	const struct web_request *r = view->page.r;
	struct buf b = buf_of(view->page.arena, 32);
	struct link l = view_link(view, arena_cstr(view->page.arena,
						   str_skip(r->path, 1)));

	link_keep(&l, r, "kind");
	link_keep(&l, r, "report");
	link_keep(&l, r, "problems");
	buf_printf(&b, "%llu", (unsigned long long)at);
	link_set(&l, "page", buf_str(&b));
	html_open(&view->page.h, "a");
	html_attr(&view->page.h, "rel", rel);
	(void)page_href(&view->page, &l);
	html_text(&view->page.h, words);
	html_close(&view->page.h);
}

void view_pages(struct view *view, uint64_t at, bool more)
{
	if (!at && !more)
		return;
	html_open_class(&view->page.h, "p", "pages");
	if (at)
		put_page(view, at - 1, _("Before"), "prev");
	if (more)
		put_page(view, at + 1, _("Next"), "next");
	html_close(&view->page.h);
}
