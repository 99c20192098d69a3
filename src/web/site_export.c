/* The pages as files: from the first page on, as far as links lead. */
#include "base/map.h"
#include "crypto/hash.h"
#include "web/asset.h"
#include "web/site_inside.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { PATH_LENGTH = 4096, NAMED_BY = 8 };

struct waiting {
	str text, name;
	struct waiting *next;
};

struct exporter {
	struct site *site;
	struct arena *arena;
	const char *dir;
	struct map known; /* of link texts: struct waiting */
	struct waiting *first, **last;
	size_t n;
};

/* What makes a page of its own in the files; other choices lead nowhere. */
static bool is_kept(str name)
{
	static const char *const names[] = { "domain", "ip",   "report",
					     "kind",   "page", "after" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

static str file_name(struct exporter *x, const struct link *l, str text)
{
	struct buf b = buf_of(x->arena, 128);
	str digest;

	if (str_eq(text, STR(".")))
		return STR("index.html");
	buf_put(&b, strcmp(l->path, ".") == 0 ? STR("index") : str_of(l->path));
	if (text.n != strlen(l->path)) {
		digest = hash_of(x->arena, HASH_SHA256, text);
		buf_putc(&b, '-');
		for (size_t i = 0; i < NAMED_BY; i++)
			buf_printf(&b, "%02x", (unsigned char)digest.p[i]);
	}
	buf_put(&b, STR(".html"));
	return buf_str(&b);
}

static str file_of(void *arg, const struct link *l)
{
	struct exporter *x = arg;
	struct waiting *w;
	str text;

	if (!site_has_page(l->path) || strcmp(l->path, "data") == 0)
		return (str){ NULL, 0 };
	for (size_t i = 0; i < l->n; i++)
		if (l->arg[i].value.n && !is_kept(l->arg[i].name))
			return (str){ NULL, 0 };
	text = link_text(x->arena, l);
	w = map_find(&x->known, text);
	if (!w && x->n < SITE_FILES) {
		w = arena_new_of(x->arena, struct waiting);
		w->text = text;
		w->name = file_name(x, l, text);
		*map_put(&x->known, text) = w;
		*x->last = w;
		x->last = &w->next;
		x->n++;
	}
	return w ? w->name : (str){ NULL, 0 };
}

static bool write_file(const char *dir, str name, str body, struct err *e)
{
	char path[PATH_LENGTH];
	FILE *f;
	bool ok;

	(void)snprintf(path, sizeof path, "%s/%.*s", dir, STR_ARG(name));
	f = fopen(path, "we");
	if (!f) {
		(void)err_sys(e, "cannot write %s", path);
		e->code = ERR_CREATE;
		return false;
	}
	ok = fwrite(body.p, 1, body.n, f) == body.n;
	if (fclose(f) == 0 && ok)
		return true;
	(void)err_sys(e, "cannot write %s", path);
	e->code = ERR_CREATE;
	return false;
}

/* One page in memory of its own. */
static bool put_page(struct exporter *x, const struct waiting *w, struct err *e)
{
	struct arena *arena = arena_new(65536);
	size_t mark = str_find(w->text, '?');
	struct web_request r = { .arena = arena };
	struct web_response out;
	struct buf path;
	bool ok = false;

	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	path = buf_of(arena, 64);
	buf_putc(&path, '/');
	if (w->text.p[0] != '.')
		buf_put(&path, str_head(w->text, mark));
	r.path = buf_str(&path);
	web_args_parse(arena, str_skip(w->text, mark + 1), r.arg, &r.n_args);
	site_answer(x->site, &r, &out);
	if (out.status == 200)
		ok = write_file(x->dir, w->name, out.body, e);
	else
		(void)err_set(e, ERR_UNAVAILABLE,
			      "cannot make the page %.*s of the store",
			      STR_ARG(str_head(w->text, 200)));
	arena_leave(arena);
	arena_free(arena);
	return ok;
}

bool site_export(struct site *s, const char *dir, size_t *n, struct err *e)
{
	struct exporter x = { .site = s,
			      .dir = dir,
			      .arena = arena_new(65536) };
	const struct link start = link_to(".");
	bool ok = x.arena != NULL;

	if (!ok)
		return err_set(e, ERR_INTERNAL, "out of memory");
	x.last = &x.first;
	x.known = map_of(x.arena, (struct map_seed){ (uintptr_t)&x, 4 }, false);
	if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
		(void)err_sys(e, "cannot create %s", dir);
		e->code = ERR_CREATE;
		ok = false;
	}
	for (const struct asset *a = assets; ok && a->name; a++)
		ok = write_file(dir, str_of(a->name),
				(str){ (const char *)a->bytes, a->n }, e);
	site_set_files(s, file_of, &x);
	(void)file_of(&x, &start);
	for (const struct waiting *w = x.first; ok && w; w = w->next)
		ok = put_page(&x, w, e);
	site_set_files(s, NULL, NULL);
	*n = x.n;
	arena_free(x.arena);
	return ok;
}
