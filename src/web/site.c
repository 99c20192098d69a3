#include "report/tables.h"
#include "web/site_inside.h"

#include <stdlib.h>

struct site {
	char *url;
	const char *language;
	struct store *store;
	str (*file_of)(void *arg, const struct link *l); /* or NULL */
	void *file_arg;
	bool reading; /* and out of memory if it still is at the next page */
};

static const struct {
	const char *path;
	bool (*fn)(struct view *view);
} pages[] = {
	{ "/", page_overview },           { "/sources", page_sources },
	{ "/source", page_source },       { "/days", page_days },
	{ "/reports", page_reports },     { "/report", page_report },
	{ "/reporters", page_reporters }, { "/tls", page_tls },
	{ "/selectors", page_selectors }, { "/own", page_own },
	{ "/data", page_data },
};

bool site_has_page(const char *path)
{
	if (strcmp(path, ".") == 0)
		return true;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(pages[i].path + 1, path) == 0)
			return true;
	return false;
}

void site_set_files(struct site *s, str (*file_of)(void *, const struct link *),
		    void *arg)
{
	s->file_of = file_of;
	s->file_arg = arg;
}

struct site *site_new(const char *store_url, const char *usual_language,
		      struct err *e)
{
	struct site *s = calloc(1, sizeof *s);

	if (!s || !(s->url = strdup(store_url))) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		free(s);
		return NULL;
	}
	s->language = usual_language;
	s->store = store_open(s->url, false, e);
	if (s->store)
		return s;
	site_free(s);
	return NULL;
}

void site_free(struct site *s)
{
	if (!s)
		return;
	store_close(s->store);
	free(s->url);
	free(s);
}

/* A snapshot to read from; a connection that was lost is made anew. */
static bool begin(struct site *s, struct err *e)
{
	bool lost = s->reading;

	s->reading = true;
	if (s->store && !lost && store_read_begin(s->store, e))
		return true;
	store_close(s->store);
	s->store = store_open(s->url, false, e);
	s->reading = s->store && store_read_begin(s->store, e);
	return s->reading;
}

static void end(struct site *s)
{
	store_read_end(s->store);
	s->reading = false;
}

/* ---- whole tables ---- */

struct download {
	struct site *site;
	const struct table *table;
	struct store_filter filter;
	struct arena *question;
	char *domain;
	struct table_place last;
	bool json, any, failed;
	struct buf *out;
	uint64_t n;
};

enum { DOWNLOAD_ROWS = 2000 };

static bool put_row(void *arg, const str *values)
{
	struct download *d = arg;

	if (d->json) {
		buf_put(d->out, d->any ? STR(",\n") : STR("[\n"));
		table_json(d->out, d->table, values);
	} else {
		table_csv(d->out, d->table, values);
	}
	d->any = true;
	if (++d->n == DOWNLOAD_ROWS)
		table_place(d->table, values, &d->last);
	return true;
}

static bool next_rows(struct download *d, bool first, struct err *e)
{
	bool ok;

	if (!begin(d->site, e))
		return false;
	ok = table_rows(d->site->store, d->table, &d->filter,
			first ? NULL : d->last.key, DOWNLOAD_ROWS, d->question,
			put_row, d, e);
	end(d->site);
	return ok;
}

/* A row is too long for memory at once, so it comes in pieces. */
static bool more(void *state, struct buf *out, bool *end)
{
	struct download *d = state;
	bool first = !d->any;
	struct err e;

	d->out = out;
	d->n = 0;
	if (first && !d->json)
		table_csv_head(out, d->table);
	arena_reset(d->question);
	if (!arena_enter(d->question))
		return false;
	d->failed = !next_rows(d, first, &e);
	arena_leave(d->question);
	*end = d->n < DOWNLOAD_ROWS;
	if (*end && d->json)
		buf_put(out, d->any ? STR("\n]\n") : STR("[]\n"));
	return !d->failed;
}

static void free_download(void *state)
{
	struct download *d = state;

	arena_free(d->question);
	free(d->domain);
	free(d);
}

static struct download *download_new(struct site *s, const struct table *t,
				     const struct store_view *v)
{
	struct download *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	*d = (struct download){ .site = s, .table = t, .filter = v->of };
	d->question = arena_new(16384);
	d->domain = strndup(v->of.domain.n ? v->of.domain.p : "",
			    v->of.domain.n);
	if (d->question && d->domain) {
		d->filter.domain = str_of(d->domain);
		return d;
	}
	free_download(d);
	return NULL;
}

bool site_download(struct site *s, const struct web_request *r,
		   const struct store_view *v, struct web_response *out)
{
	str name = web_arg(r, "table");
	const struct table *t = tables;
	struct buf b = buf_of(r->arena, 128);
	struct download *d;

	while (t->name && !str_eq(name, str_of(t->name)))
		t++;
	if (!t->name || !(d = download_new(s, t, v)))
		return false;
	d->json = str_eq(web_arg(r, "format"), STR("json"));
	buf_printf(&b, "attachment; filename=\"%s.%s\"", t->name,
		   d->json ? "json" : "csv");
	*out = (struct web_response){
		.status = 200,
		.type = d->json ? "application/json"
				: "text/csv; charset=utf-8",
		.disposition = buf_str(&b),
		.more = more,
		.free_state = free_download,
		.state = d,
	};
	return true;
}

/* ---- pages ---- */

static bool show(struct site *s, struct view *view, const struct web_request *r,
		 struct web_response *out)
{
	bool (*fn)(struct view *) = NULL;

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (str_eq(r->path, str_of(pages[i].path)))
			fn = pages[i].fn;
	if (!view_read(view))
		return false;
	if (!fn && str_eq(r->path, STR("/download")) &&
	    site_download(s, r, &view->v, out))
		return true;
	if (!fn && str_eq(r->path, STR("/original")))
		return original_download(view, out);
	if (!fn) {
		page_sorry(&view->page, 404, _("There is no such page."), out);
		return true;
	}
	if (!fn(view))
		return false;
	view_end(view, out);
	return true;
}

void site_answer(void *arg, const struct web_request *r,
		 struct web_response *out)
{
	struct site *s = arg;
	struct view view = { .page = page_new(r, s->language) };

	view.page.file_of = s->file_of;
	view.page.arg = s->file_arg;

	if (r->post) {
		page_sorry(&view.page, 405, _("Nothing can be sent here."),
			   out);
		return;
	}
	if (!begin(s, &view.err)) {
		page_sorry(&view.page, 503, view.err.text, out);
		return;
	}
	view.store = s->store;
	if (!show(s, &view, r, out))
		page_sorry(&view.page, 503, view.err.text, out);
	end(s);
}

void site_warm(struct site *s)
{
	struct arena *arena = arena_new(65536);
	struct web_request r = { .arena = arena, .path = STR("/") };
	struct web_response out;

	if (arena && arena_enter(arena)) {
		site_answer(s, &r, &out);
		arena_leave(arena);
	}
	arena_free(arena);
}
