#include "web/grid.h"

#include "base/jsontext.h"
#include "base/tr.h"
#include "report/show.h"
#include "report/tables.h"

#include <assert.h>
#include <stdio.h>

enum { BAR = 1000 };

struct grid grid_begin(struct page *p, const struct grid_column *columns,
		       const char *title, bool main_one)
{
	struct grid g = {
		.p = p,
		.column = columns,
		.data = main_one && p->format != PAGE_HTML,
	};
	struct html *h = &p->h;
	bool first = true;

	html_open_class(h, "div", "grid");
	html_open(h, "table");
	html_leaf(h, "caption", NULL, title);
	html_open(h, "thead");
	html_open(h, "tr");
	for (const struct grid_column *c = columns; c->title; c++) {
		html_open(h, "th");
		html_attr(h, "scope", "col");
		if (c->number)
			html_attr(h, "class", "number");
		html_text(h, *c->title ? _(c->title) : "");
		html_close(h);
		if (!g.data || p->format != PAGE_CSV || !c->name)
			continue;
		buf_put(&p->data, first ? STR("") : STR(","));
		buf_put(&p->data, str_of(c->name));
		first = false;
	}
	html_close(h);
	html_close(h);
	html_open(h, "tbody");
	if (g.data && p->format == PAGE_CSV)
		buf_put(&p->data, STR("\r\n"));
	return g;
}

static void end_row(struct grid *g)
{
	if (!g->rows)
		return;
	assert(!g->column[g->at].title);
	html_close(&g->p->h);
	if (g->data)
		buf_put(&g->p->data,
			g->p->format == PAGE_CSV ? STR("\r\n") : STR("}"));
}

void grid_end(struct grid *g)
{
	end_row(g);
	html_close(&g->p->h); /* tbody */
	html_close(&g->p->h); /* table */
	html_close(&g->p->h); /* div */
	if (!g->data)
		return;
	g->p->has_data = true;
	if (g->p->format == PAGE_JSON)
		buf_put(&g->p->data, g->rows ? STR("\n]\n") : STR("[]\n"));
}

void grid_row(struct grid *g)
{
	end_row(g);
	html_open(&g->p->h, "tr");
	if (g->data && g->p->format == PAGE_JSON)
		buf_put(&g->p->data, g->rows ? STR(",\n{") : STR("[\n{"));
	g->rows++;
	g->at = 0;
	g->first = true;
}

/* The next column's value as data; quoted: it is text. */
static void put_data(struct grid *g, str value, bool quoted)
{
	const char *name = g->column[g->at].name;
	struct buf *b = &g->p->data;

	assert(g->column[g->at].title);
	if (!g->data || !name)
		return;
	if (!g->first)
		buf_putc(b, ',');
	g->first = false;
	if (g->p->format == PAGE_CSV) {
		cell_csv(b, value, quoted);
		return;
	}
	jsontext_put(b, str_of(name));
	buf_putc(b, ':');
	if (!value.p)
		buf_put(b, STR("null"));
	else if (quoted)
		jsontext_put(b, value);
	else
		buf_put(b, value);
}

static void open_cell(struct grid *g)
{
	const struct grid_column *c = &g->column[g->at++];
	struct html *h = &g->p->h;

	html_open(h, "td");
	if (c->number)
		html_attr(h, "class", "number");
	if (*c->title)
		html_attr(h, "data-label", _(c->title));
}

void grid_str(struct grid *g, str value)
{
	put_data(g, value, true);
	open_cell(g);
	html_str(&g->p->h, value);
	html_close(&g->p->h);
}

void grid_words(struct grid *g, const char *data, const char *shown,
		const char *class)
{
	put_data(g, str_of(data), true);
	open_cell(g);
	html_leaf(&g->p->h, "span", class, shown);
	html_close(&g->p->h);
}

void grid_link(struct grid *g, const struct link *l, str value)
{
	put_data(g, value, true);
	open_cell(g);
	page_link(g->p, l, value.n ? value : STR("\xe2\x80\x93"));
	html_close(&g->p->h);
}

static void put_number(struct grid *g, uint64_t n, const char *class)
{
	char plain[24], text[32];

	(void)snprintf(plain, sizeof plain, "%llu", (unsigned long long)n);
	put_data(g, str_of(plain), false);
	open_cell(g);
	html_leaf(&g->p->h, "span", class, show_number(n, text));
	html_close(&g->p->h);
}

void grid_count(struct grid *g, uint64_t n)
{
	put_number(g, n, NULL);
}

void grid_failing(struct grid *g, uint64_t n)
{
	put_number(g, n, n ? "bad" : "dim");
}

const char *grid_percentage(uint64_t part, uint64_t whole, char text[16])
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	if (share < 0.05 && part)
		share = 0.1;
	if (share >= 99.95 && part < whole)
		share = 99.9;
	(void)snprintf(text, 16, "%.1f", share);
	return text;
}

void grid_percent(struct grid *g, uint64_t part, uint64_t whole)
{
	char text[16];

	put_data(g, str_of(grid_percentage(part, whole, text)), false);
	open_cell(g);
	html_text(&g->p->h, text);
	html_text(&g->p->h, " %");
	html_close(&g->p->h);
}

void grid_day(struct grid *g, int64_t day)
{
	char text[32];

	put_data(g, str_of(show_day(day, text)), true);
	open_cell(g);
	html_leaf(&g->p->h, "time", NULL, text);
	html_close(&g->p->h);
}

void grid_flag(struct grid *g, bool value)
{
	put_data(g, value ? STR("true") : STR("false"), false);
	open_cell(g);
	html_leaf(&g->p->h, "span", value ? "good" : "bad",
		  value ? _("Pass") : _("Fail"));
	html_close(&g->p->h);
}

void grid_json(struct grid *g, str value)
{
	put_data(g, value.n ? value : (str){ NULL, 0 }, false);
	open_cell(g);
	if (value.n)
		html_leaf_str(&g->p->h, "code", NULL, value);
	html_close(&g->p->h);
}

static void put_part(struct html *h, const char *class, uint64_t x,
		     uint64_t width)
{
	if (!width)
		return;
	html_open_class(h, "rect", class);
	html_attr_number(h, "x", (int64_t)x);
	html_attr(h, "y", "0");
	html_attr_number(h, "width", (int64_t)width);
	html_attr(h, "height", "10");
	html_close(h);
}

static uint64_t scaled(uint64_t n, uint64_t most)
{
	uint64_t w = most ? (uint64_t)(BAR * ((double)n / (double)most)) : 0;

	return n && w < 4 ? 4 : w > BAR ? BAR : w;
}

void grid_bar(struct grid *g, uint64_t pass, uint64_t fail, uint64_t most)
{
	struct html *h = &g->p->h;
	uint64_t width = scaled(pass, most);

	put_data(g, STR(""), true);
	open_cell(g);
	html_open_class(h, "svg", "bar");
	html_attr(h, "viewBox", "0 0 1000 10");
	html_attr(h, "preserveAspectRatio", "none");
	html_attr(h, "aria-hidden", "true");
	put_part(h, "pass", 0, width);
	put_part(h, "fail", width, scaled(fail, most));
	html_close(h);
	html_close(h);
}
