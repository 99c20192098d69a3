/* Sources: who sends as the domain. */
#include "web/site_inside.h"

static const struct grid_column columns[] = {
	{ "source_ip", N_("Address"), false },
	{ "name", N_("Passed as"), false },
	{ "kind", N_("Kind"), false },
	{ "messages", N_("Messages"), true },
	{ "fail", N_("Failing"), true },
	{ NULL, " ", false },
	{ "pass_percent", N_("Pass %"), true },
	{ "dkim_aligned", N_("DKIM aligned"), true },
	{ "spf_aligned", N_("SPF aligned"), true },
	{ NULL, NULL, false },
};

const char *source_kind_words(enum store_source_kind kind)
{
	static const char *const words[] = { N_("your own"), N_("a service"),
					     N_("a forwarder"), N_("unknown") };

	return _(words[kind]);
}

static uint64_t most_messages(const struct store_sources *s)
{
	uint64_t most = 1;

	for (size_t i = 0; i < s->n; i++)
		if (s->source[i].messages > most)
			most = s->source[i].messages;
	return most;
}

static void put_source(struct view *view, struct grid *g,
		       const struct store_source *s, uint64_t most)
{
	struct link l = view_link(view, "source");

	link_set(&l, "ip", s->source_ip);
	link_set(&l, "domain", view->v.of.domain);
	grid_row(g);
	grid_link(g, &l, s->source_ip);
	grid_str(g, s->name);
	grid_words(g, store_source_word(s->kind), source_kind_words(s->kind),
		   "kind");
	grid_count(g, s->messages);
	grid_failing(g, s->messages - s->pass);
	grid_bar(g, s->pass, s->messages - s->pass, most);
	grid_percent(g, s->pass, s->messages);
	grid_count(g, s->dkim);
	grid_count(g, s->spf);
}

size_t sources_grid(struct view *view, const struct store_sources *s, int kind,
		    size_t skip, size_t most, const char *title, bool main_one)
{
	struct grid g = grid_begin(&view->page, columns, title, main_one);
	uint64_t widest = most_messages(s);
	size_t n = 0;

	if (g.data) {
		skip = 0;
		most = s->n;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (kind >= 0 && (int)s->source[i].kind != kind)
			continue;
		if (n >= skip && n - skip < most)
			put_source(view, &g, &s->source[i], widest);
		n++;
	}
	grid_end(&g);
	return n;
}

static int kind_asked(const struct view *view)
{
	str text = web_arg(view->page.r, "kind");

	for (int k = STORE_OWN; k <= STORE_UNKNOWN; k++)
		if (str_eq(text, str_of(store_source_word(
					 (enum store_source_kind)k))))
			return k;
	return -1;
}

static void put_kinds(struct view *view, int kind)
{
	struct html *h = &view->page.h;

	html_open_class(h, "p", "tabs");
	for (int k = -1; k <= STORE_UNKNOWN; k++) {
		struct link l = view_link(view, "sources");

		if (k >= 0)
			link_set(&l, "kind",
				 str_of(store_source_word(
					 (enum store_source_kind)k)));
		html_open(h, "a");
		if (k == kind)
			html_attr(h, "aria-current", "true");
		(void)page_href(&view->page, &l);
		html_text(h,
			  k < 0 ? _("all")
				: source_kind_words((enum store_source_kind)k));
		html_close(h);
	}
	html_close(h);
}

bool page_sources(struct view *view)
{
	uint64_t at = view_number(view, "page");
	int kind = kind_asked(view);
	struct flow f;
	size_t n;

	if (at > 1000000)
		at = 0;
	if (!flow_make(view->store, &view->v, view->page.arena, &f, &view->err))
		return false;
	view_begin(view, _("Sources"));
	html_leaf(&view->page.h, "h1", NULL, _("Sources"));
	if (!view->page.file_of)
		put_kinds(view, kind);
	n = sources_grid(view, &f.sources, kind, (size_t)at * SITE_LIST,
			 SITE_LIST,
			 _("Who sends as the domain, by failing "
			   "messages"),
			 true);
	view_pages(view, at, n > (at + 1) * SITE_LIST);
	view_formats(view);
	return true;
}
