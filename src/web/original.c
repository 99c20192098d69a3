/* A report as it came: its beginning on its page, all of it to be saved.  Both are
 * text and nothing else, whatever is in it. */
#include "report/unpack.h"
#include "store/originals.h"
#include "web/site_inside.h"

enum { SHOWN = 64 << 10, TEXT_MAX = 12 << 20 };

/* The first document of an archive, up to a size. */
struct taking {
	struct buf *out;
	size_t most;
	bool cut;
};

static bool take_first(void *arg, unsigned number, enum unpack_kind kind,
		       str name)
{
	(void)arg, (void)name;
	return !number && (kind == UNPACK_XML || kind == UNPACK_JSON);
}

static bool take_octets(void *arg, str octets)
{
	struct taking *t = arg;
	size_t room = t->most - t->out->n;

	t->cut |= octets.n > room;
	buf_put(t->out, str_head(octets, room));
	return !t->cut;
}

static void take_end(void *arg, const char *why, bool mended)
{
	(void)arg, (void)why, (void)mended;
}

/* Unpacks at most so much of it.  True: that was all. */
static bool unpacked(str packed, size_t most, struct buf *out)
{
	struct taking t = { out, most, false };
	struct unpack_sink sink = { &t, take_first, take_octets, take_end };
	struct unpack_budget budget = { 0 };

	(void)unpack(packed, &sink, &budget);
	return !t.cut;
}

static struct link link_of(struct view *view, const struct store_report *r)
{
	struct link l = view_link(view, "original");
	struct buf b = buf_of(view->page.arena, 32);

	buf_printf(&b, "%llu", (unsigned long long)r->number);
	link_set(&l, "domain", r->domain);
	link_set(&l, "report", buf_str(&b));
	return l;
}

bool original_put(struct view *view, const struct store_report *r)
{
	struct html *h = &view->page.h;
	struct buf packed = buf_of(NULL, STORE_ORIGINAL_MAX);
	struct buf text = buf_of(view->page.arena, SHOWN);
	struct link l = link_of(view, r);
	bool all;

	if (!store_original(view->store, r->domain, r->number, &packed,
			    &view->err)) {
		buf_free(&packed);
		return false;
	}
	all = unpacked(buf_str(&packed), SHOWN, &text);
	buf_free(&packed);
	if (!text.n || view->page.format != PAGE_HTML)
		return true;
	html_open_class(h, "details", "original");
	html_leaf(h, "summary", NULL, _("The report as it came"));
	if (!view->page.file_of) {
		html_open(h, "p");
		page_link_words(&view->page, &l, _("Save it"));
		html_close(h);
	}
	if (!all)
		html_leaf(h, "p", "dim", _("This is its beginning."));
	html_open(h, "pre");
	html_str(h, buf_str(&text));
	html_close(h);
	html_close(h);
	return true;
}

static str name_of(struct arena *arena, uint64_t number, const char *kind)
{
	struct buf b = buf_of(arena, 128);

	buf_printf(&b, "attachment; filename=\"report-%llu.%s\"",
		   (unsigned long long)number, kind);
	return buf_str(&b);
}

bool original_download(struct view *view, struct web_response *out)
{
	struct arena *arena = view->page.arena;
	uint64_t number = view_number(view, "report");
	struct buf packed = buf_of(NULL, STORE_ORIGINAL_MAX);
	struct buf text = buf_of(NULL, TEXT_MAX);
	bool ok = store_original(view->store, view->v.of.domain, number,
				 &packed, &view->err);
	bool gzip = unpack_kind_of(str_head(buf_str(&packed), 16)) ==
		    UNPACK_GZIP;

	*out = (struct web_response){ .status = 200 };
	if (ok && packed.n && unpacked(buf_str(&packed), TEXT_MAX, &text)) {
		bool json = unpack_kind_of(str_head(buf_str(&text), 512)) ==
			    UNPACK_JSON;

		out->type = "text/plain; charset=utf-8";
		out->body = arena_str(arena, buf_str(&text));
		out->disposition = name_of(arena, number,
					   json ? "json" : "xml");
	} else if (ok && packed.n) { /* too much to be unpacked here */
		out->type = "application/octet-stream";
		out->body = arena_str(arena, buf_str(&packed));
		out->disposition = name_of(arena, number,
					   gzip ? "xml.gz" : "zip");
	} else if (ok) {
		page_sorry(&view->page, 404,
			   _("This report is not kept as it came."), out);
	}
	buf_free(&packed);
	buf_free(&text);
	return ok;
}
