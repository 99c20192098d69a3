#include "web/page.h"

#include "base/tr.h"
#include "web/guard.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

enum { DATA_MAX = 32 << 20 };

void page_set_language(const char *language)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *now = getenv("LANGUAGE");
	const char *domain = textdomain(NULL);
	char name[64];

	if (now && strcmp(now, language) == 0)
		return;
	/* gettext looks at LANGUAGE only in a locale that is not "C" */
	if (!now && !setlocale(LC_MESSAGES, "C.UTF-8"))
		(void)setlocale(LC_MESSAGES, "en_US.UTF-8");
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread asks for text */
	(void)setenv("LANGUAGE", language, 1);
	/* naming the domain anew is what makes gettext look again */
	(void)snprintf(name, sizeof name, "%s", domain ? domain : "inkan");
	(void)textdomain(name);
}

struct page page_new(const struct web_request *r, const char *usual_language)
{
	struct page p = {
		.h = html_new(r->arena),
		.arena = r->arena,
		.r = r,
		.language = guard_language(web_arg(r, "lang"), r->languages,
					   usual_language),
		.data = buf_of(r->arena, DATA_MAX),
	};
	str format = web_arg(r, "format");

	if (str_eq(format, STR("csv")))
		p.format = PAGE_CSV;
	if (str_eq(format, STR("json")))
		p.format = PAGE_JSON;
	p.h.mute = p.format != PAGE_HTML;
	page_set_language(p.language);
	return p;
}

bool page_href(struct page *p, const struct link *l)
{
	str to = p->file_of ? p->file_of(p->arg, l) : link_text(p->arena, l);

	if (to.p)
		html_attr_str(&p->h, "href", to);
	return to.p != NULL;
}

void page_link(struct page *p, const struct link *l, str text)
{
	html_open(&p->h, "a");
	(void)page_href(p, l);
	html_str(&p->h, text);
	html_close(&p->h);
}

void page_link_words(struct page *p, const struct link *l, const char *words)
{
	page_link(p, l, str_of(words));
}

static void put_meta(struct html *h, const char *name, const char *content)
{
	html_void(h, "meta");
	html_attr(h, "name", name);
	html_attr(h, "content", content);
}

static void put_style(struct html *h, const char *file)
{
	html_void(h, "link");
	html_attr(h, "rel", "stylesheet");
	html_attr(h, "href", file);
}

static void put_script(struct html *h, const char *file)
{
	html_open(h, "script");
	html_attr(h, "src", file);
	html_flag(h, "defer");
	html_close(h);
}

const char *const page_plain_styles[] = { "theme.css", "shell.css", NULL };

static void put_refresh(struct page *p)
{
	char seconds[16];

	(void)snprintf(seconds, sizeof seconds, "%u", p->refresh);
	html_void(&p->h, "meta");
	html_attr(&p->h, "http-equiv", "refresh");
	html_attr(&p->h, "content", seconds);
}

static void put_sheets(struct page *p)
{
	static const char *const usual[] = { "theme.css", "shell.css",
					     "uplot.css", "inkan.css", NULL };
	const char *const *sheet = p->styles ? p->styles : usual;

	for (; *sheet; sheet++)
		put_style(&p->h, *sheet);
	if (p->styles)
		return;
	put_script(&p->h, "uplot.js");
	put_script(&p->h, "inkan.js");
}

static void put_head(struct page *p, const char *title)
{
	struct html *h = &p->h;

	html_open(h, "head");
	html_void(h, "meta");
	html_attr(h, "charset", "utf-8");
	html_leaf(h, "title", NULL, title);
	put_meta(h, "viewport", "width=device-width, initial-scale=1");
	put_meta(h, "color-scheme", "light dark");
	put_meta(h, "referrer", "no-referrer");
	html_void(h, "link");
	html_attr(h, "rel", "icon");
	html_attr(h, "href", "inkan.svg");
	put_sheets(p);
	if (p->refresh)
		put_refresh(p);
	html_close(h);
}

/* The same page in the other language. */
static void put_languages(struct page *p)
{
	static const struct {
		const char *code, *name;
	} all[] = { { "en", "English" },
		    { "ja", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" } };
	struct link l = link_to(
		p->r->path.n > 1 ? arena_cstr(p->arena, str_skip(p->r->path, 1))
				 : ".");

	for (size_t i = 0; i < p->r->n_args; i++)
		link_set(&l, arena_cstr(p->arena, p->r->arg[i].name),
			 p->r->arg[i].value);
	html_open_class(&p->h, "span", "languages");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		link_set(&l, "lang", str_of(all[i].code));
		html_open(&p->h, "a");
		html_attr(&p->h, "lang", all[i].code);
		html_attr(&p->h, "hreflang", all[i].code);
		if (strcmp(all[i].code, p->language) == 0)
			html_attr(&p->h, "aria-current", "true");
		(void)page_href(p, &l);
		html_text(&p->h, all[i].name);
		html_close(&p->h);
	}
	html_close(&p->h);
}

static void put_tabs(struct page *p, const struct page_tab *tabs,
		     const char *const *keep)
{
	str here = str_skip(p->r->path, 1);

	if (!tabs)
		return;
	html_open(&p->h, "nav");
	html_attr(&p->h, "aria-label", _("Pages"));
	for (; tabs->path; tabs++) {
		struct link l = link_to(tabs->path);

		for (size_t i = 0; keep && keep[i]; i++)
			link_keep(&l, p->r, keep[i]);
		if (p->file_of && !p->file_of(p->arg, &l).p)
			continue;
		html_open(&p->h, "a");
		if (str_eq(here, str_of(tabs->path)) ||
		    (!here.n && strcmp(tabs->path, ".") == 0))
			html_attr(&p->h, "aria-current", "page");
		(void)page_href(p, &l);
		html_text(&p->h, _(tabs->title));
		html_close(&p->h);
	}
	html_close(&p->h);
}

void page_begin(struct page *p, const char *title, const struct page_tab *tabs,
		const char *const *keep)
{
	struct html *h = &p->h;

	if (!h->mute)
		buf_put(&h->out, STR("<!DOCTYPE html>\n"));
	html_open(h, "html");
	html_attr(h, "lang", p->language);
	put_head(p, title);
	html_open(h, "body");
	html_open_class(h, "a", "skip");
	html_attr(h, "href", "#main");
	html_text(h, _("To the content"));
	html_close(h);
	html_open_class(h, "header", "top");
	html_open_class(h, "a", "brand");
	html_attr(h, "href", p->file_of ? "index.html" : ".");
	html_text(h, "inkan");
	html_close(h);
	put_tabs(p, tabs, keep);
	if (!p->file_of)
		put_languages(p);
	html_close(h);
	html_open(h, "main");
	html_attr(h, "id", "main");
}

void page_end(struct page *p, struct web_response *out)
{
	html_close(&p->h); /* main */
	html_close(&p->h); /* body */
	html_close(&p->h); /* html */
	*out = (struct web_response){ .status = 200 };
	if (p->format == PAGE_CSV) {
		out->type = "text/csv; charset=utf-8";
		out->body = buf_str(&p->data);
		out->disposition = STR("attachment; filename=\"inkan.csv\"");
	} else if (p->format == PAGE_JSON) {
		out->type = "application/json";
		out->body = p->has_data ? buf_str(&p->data) : STR("null\n");
	} else {
		out->type = "text/html; charset=utf-8";
		out->body = buf_str(&p->h.out);
	}
	if (p->h.out.overflow || p->data.overflow) {
		out->status = 500;
		out->type = "text/plain; charset=utf-8";
		out->body = STR("The page is too long: choose less.\n");
	}
}

void page_sorry(struct page *p, int status, const char *words,
		struct web_response *out)
{
	p->format = PAGE_HTML;
	p->h = html_new(p->arena);
	page_begin(p, "inkan", NULL, NULL);
	html_leaf(&p->h, "h1", "sorry", words);
	page_end(p, out);
	out->status = status;
}
