/* The chart of messages by day: drawn as SVG, which needs nothing of a browser;
 * where scripts run, uPlot takes its place and reads the table beside it. */
#include "report/show.h"
#include "web/site_inside.h"

#include <stdio.h>

enum { WIDTH = 1000, HEIGHT = 220, DAYS_MOST = 1200 };

static const struct grid_column columns[] = {
	{ "day", N_("Day"), false },
	{ "messages", N_("Messages"), true },
	{ "pass", N_("Pass"), true },
	{ "fail", N_("Fail"), true },
	{ "pass_percent", N_("Pass %"), true },
	{ "dkim_aligned", N_("DKIM aligned"), true },
	{ "spf_aligned", N_("SPF aligned"), true },
	{ "quarantine", N_("Quarantined"), true },
	{ "reject", N_("Rejected"), true },
	{ NULL, NULL, false },
};

static uint64_t highest(const struct flow *f)
{
	uint64_t most = 1;

	for (size_t i = 0; i < f->n_days; i++)
		if (f->day[i].sum.messages > most)
			most = f->day[i].sum.messages;
	return most;
}

static void put_rect(struct html *h, const char *class, double x, double y,
		     double width, double height)
{
	char text[32];
	const struct {
		const char *name;
		double value;
	} all[] = { { "x", x },
		    { "y", y },
		    { "width", width },
		    { "height", height } };

	html_open_class(h, "rect", class);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		(void)snprintf(text, sizeof text, "%.2f", all[i].value);
		html_attr(h, all[i].name, text);
	}
	html_close(h);
}

static struct link day_link(struct view *view, int64_t day)
{
	struct link l = view_link(view, ".");
	char text[32];
	str value = arena_str(view->page.arena, str_of(show_day(day, text)));

	link_set(&l, "days", STR(""));
	link_set(&l, "since", value);
	link_set(&l, "until", value);
	return l;
}

/* One day: a link over its whole height. */
static void put_bar(struct view *view, const struct flow_day *d, double x,
		    double width, double unit)
{
	struct html *h = &view->page.h;
	double pass = (double)d->sum.pass * unit;
	double fail = (double)(d->sum.messages - d->sum.pass) * unit;
	struct buf b = buf_of(view->page.arena, 256);
	struct link l = day_link(view, d->day);
	char day[32], n[32], bad[32];

	buf_printf(&b, _("%s: %s messages, %s failing"), show_day(d->day, day),
		   show_number(d->sum.messages, n),
		   show_number(d->sum.messages - d->sum.pass, bad));
	html_open(h, "a");
	if (!view->page.file_of) {
		(void)page_href(&view->page, &l);
		html_attr(h, "tabindex", "-1");
	}
	html_leaf_str(h, "title", NULL, buf_str(&b));
	put_rect(h, "whole", x, 0, width, HEIGHT);
	put_rect(h, "pass", x, HEIGHT - pass, width * 0.86, pass);
	put_rect(h, "fail", x, HEIGHT - pass - fail, width * 0.86, fail);
	html_close(h);
}

static void put_svg(struct view *view, const struct flow *f)
{
	struct html *h = &view->page.h;
	int64_t first = f->day[0].day;
	int64_t n = f->day[f->n_days - 1].day - first + 1;
	double width = WIDTH / (double)(n < 10 ? 10 : n);
	double unit = HEIGHT / (double)highest(f);

	html_open(h, "svg");
	html_attr(h, "viewBox", "0 0 1000 220");
	html_attr(h, "preserveAspectRatio", "none");
	html_attr(h, "role", "img");
	html_attr(h, "aria-label",
		  _("Messages by day; the table below has the numbers"));
	for (size_t i = 0; i < f->n_days; i++)
		put_bar(view, &f->day[i],
			(double)(f->day[i].day - first) * width, width, unit);
	html_close(h);
}

static void put_axis(struct view *view, const struct flow *f)
{
	struct html *h = &view->page.h;
	char text[32];

	html_open_class(h, "p", "axis");
	html_leaf(h, "span", NULL, show_day(f->day[0].day, text));
	html_open_class(h, "span", "legend");
	html_leaf(h, "span", "key pass", _("Pass"));
	html_leaf(h, "span", "key fail", _("Fail"));
	html_close(h);
	html_leaf(h, "span", NULL, show_day(f->day[f->n_days - 1].day, text));
	html_close(h);
}

static void put_table(struct view *view, const struct flow *f)
{
	struct grid g = grid_begin(&view->page, columns, _("Messages by day"),
				   str_eq(view->page.r->path, STR("/days")));
	struct link l;
	char text[32];

	for (size_t i = f->n_days; i-- > 0;) {
		const struct flow_sum *s = &f->day[i].sum;

		grid_row(&g);
		l = day_link(view, f->day[i].day);
		grid_link(&g, &l, str_of(show_day(f->day[i].day, text)));
		grid_count(&g, s->messages);
		grid_count(&g, s->pass);
		grid_failing(&g, s->messages - s->pass);
		grid_percent(&g, s->pass, s->messages);
		grid_count(&g, s->dkim);
		grid_count(&g, s->spf);
		grid_count(&g, s->quarantine);
		grid_count(&g, s->reject);
	}
	grid_end(&g);
}

void chart_days(struct view *view, const struct flow *f)
{
	struct html *h = &view->page.h;

	if (!f->n_days) {
		put_table(view, f);
		return;
	}
	html_open_class(h, "figure", "chart");
	html_leaf(h, "figcaption", NULL, _("Messages by day"));
	html_open_class(h, "div", "plot");
	html_attr(h, "data-pass", _("Pass"));
	html_attr(h, "data-fail", _("Fail"));
	html_attr(h, "data-all", _("Messages"));
	html_attr(h, "data-day", _("Day"));
	if (f->day[f->n_days - 1].day - f->day[0].day < DAYS_MOST)
		put_svg(view, f);
	html_close(h);
	put_axis(view, f);
	html_open(h, "details");
	html_leaf(h, "summary", NULL, _("The numbers"));
	put_table(view, f);
	html_close(h);
	html_close(h);
}
