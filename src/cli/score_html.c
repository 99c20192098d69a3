/* score_html: the score as one page for sharing: no script, no picture, nothing
 * from elsewhere; light and dark, for a telephone too. */
#include "base/buf.h"
#include "cli/score_out.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PAGE_MAX = 16 << 20, GOOD = 900, FAIR = 700 };

static const char style[] =
	":root{color-scheme:light dark;--good:#1a7f37;--warn:#9a6700;"
	"--bad:#cf222e;--dim:#656d76;--line:#8886}"
	"@media(prefers-color-scheme:dark){:root{--good:#3fb950;--warn:#d29922;"
	"--bad:#f85149;--dim:#8b949e}}"
	"body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:0 auto;"
	"padding:1rem}"
	"h1{font-size:1.1rem;font-weight:600;margin:.5rem 0}"
	".total{font-size:3.5rem;font-weight:700;line-height:1.1}"
	"h2{font-size:1.1rem;display:flex;justify-content:space-between;"
	"border-bottom:1px solid var(--line);margin:1.6rem 0 .4rem}"
	"details,.row{padding:.35rem 0;border-bottom:1px solid var(--line)}"
	"summary{cursor:pointer}"
	".mark{display:inline-block;min-width:5.5em;font-weight:600}"
	".ok,.g{color:var(--good)}.warn,.note,.w{color:var(--warn)}"
	".fail,.b{color:var(--bad)}.skip{color:var(--dim)}"
	"dl{margin:.4rem 0 .4rem 1rem}dt{color:var(--dim);font-size:.85rem}"
	"dd{margin:0 0 .4rem}code,pre{font-family:ui-monospace,monospace;"
	"font-size:.85rem;overflow-wrap:anywhere;white-space:pre-wrap}";

/* Text from anywhere: no markup and no control byte survives. */
static void put_text(struct cli *cli, struct buf *b, str text)
{
	text = out_text(cli->arena, text);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '<')
			buf_put(b, STR("&lt;"));
		else if (c == '>')
			buf_put(b, STR("&gt;"));
		else if (c == '&')
			buf_put(b, STR("&amp;"));
		else if (c == '"')
			buf_put(b, STR("&quot;"));
		else if (c == '\'')
			buf_put(b, STR("&#39;"));
		else
			buf_putc(b, c);
	}
}

static void put_words(struct cli *cli, struct buf *b, const char *words)
{
	put_text(cli, b, str_of(words ? words : ""));
}

static void put_points(struct buf *b, int hundredths)
{
	if (hundredths % 10)
		buf_printf(b, "%d.%02d", hundredths / 100, hundredths % 100);
	else
		buf_printf(b, "%d.%d", hundredths / 100, hundredths % 100 / 10);
}

static void put_mark(struct cli *cli, struct buf *b,
		     const struct score_row *row)
{
	static const char *const marks[] = { "\xe2\x9c\x93", "i", "!",
					     "\xe2\x9c\x97", "\xe2\x80\x93" };

	buf_printf(b, "<span class=\"mark %s\">",
		   score_status_word(row->status));
	buf_printf(b, "%s ", marks[row->status]);
	if (row->lost) {
		buf_put(b, STR("\xe2\x88\x92"));
		put_points(b, row->lost);
	} else if (row->status == SCORE_SKIP) {
		put_words(cli, b, _("not tested"));
	}
	buf_put(b, STR("</span> "));
}

static void put_part(struct cli *cli, struct buf *b, const char *name,
		     const char *words)
{
	buf_put(b, STR("<dt>"));
	put_words(cli, b, name);
	buf_put(b, STR("</dt><dd>"));
	put_words(cli, b, words);
	buf_put(b, STR("</dd>"));
}

static void put_row(struct cli *cli, struct buf *b,
		    const struct score_kind *kind, const struct score_row *row)
{
	bool open = row->status == SCORE_FAIL || row->status == SCORE_WARN;

	buf_printf(b, "<details%s><summary>", open ? " open" : "");
	put_mark(cli, b, row);
	put_words(cli, b, _(kind->title));
	buf_put(b, STR("</summary><dl>"));
	put_part(cli, b, _("seen"), row->seen ? _(row->seen) : "");
	if (row->detail.n) {
		buf_put(b, STR("<dd><code>"));
		put_text(cli, b, str_head(row->detail, 1000));
		buf_put(b, STR("</code></dd>"));
	}
	put_part(cli, b, _("wanted"), _(kind->wanted));
	put_part(cli, b, _("why"), _(kind->why));
	if (open)
		put_part(cli, b, _("do"), _(kind->fix));
	buf_put(b, STR("</dl></details>\n"));
}

static void put_category(struct cli *cli, struct buf *b, const struct score *s,
			 enum score_category c)
{
	buf_put(b, STR("<section><h2><span>"));
	put_words(cli, b, score_title(c));
	buf_put(b, STR("</span><span>"));
	put_points(b, s->points[c]);
	buf_put(b, STR(" / "));
	put_points(b, score_out_of[c]);
	buf_put(b, STR("</span></h2>\n"));
	for (int i = 0; i < SCORE_ROWS; i++)
		if (score_kinds[i].category == c)
			put_row(cli, b, &score_kinds[i], &s->rows[i]);
	buf_put(b, STR("</section>\n"));
}

static void put_header(struct cli *cli, struct buf *b, const struct header *h)
{
	buf_put(b, STR("<details><summary>"));
	put_words(cli, b, _("The header as it came"));
	buf_put(b, STR("</summary><pre>"));
	for (size_t i = 0; i < h->n; i++) {
		put_text(cli, b, h->fields[i].raw);
		buf_putc(b, '\n');
	}
	buf_put(b, STR("</pre></details>\n"));
}

static void put_page(struct cli *cli, struct buf *b, const struct score *s,
		     const struct header *h)
{
	const struct field *subject = header_find(h, STR("Subject"), 0);

	buf_printf(b,
		   "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta "
		   "charset=\"utf-8\"><meta name=\"viewport\" "
		   "content=\"width=device-width,initial-scale=1\">"
		   "<meta name=\"referrer\" content=\"no-referrer\">"
		   "<title>",
		   _("en"));
	put_words(cli, b, _("Mail score"));
	buf_printf(b, "</title><style>%s</style></head><body><main><h1>",
		   style);
	put_words(cli, b, _("Mail score"));
	buf_put(b, STR("</h1>"));
	if (subject) {
		buf_put(b, STR("<p>"));
		put_text(cli, b, str_head(str_trim(subject->value), 300));
		buf_put(b, STR("</p>"));
	}
	buf_printf(b, "<p class=\"total %s\">",
		   s->total >= GOOD   ? "g"
		   : s->total >= FAIR ? "w"
				      : "b");
	put_points(b, s->total);
	buf_put(b, STR("<small> / 10</small></p>\n"));
	for (int c = 0; c < SCORE_CATEGORIES; c++)
		put_category(cli, b, s, (enum score_category)c);
	put_header(cli, b, h);
	buf_put(b, STR("</main></body></html>\n"));
}

static bool write_all(int fd, str text)
{
	while (text.n) {
		ssize_t done = write(fd, text.p, text.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text = str_skip(text, (size_t)done);
	}
	return true;
}

bool score_html(struct cli *cli, const struct score *s,
		const struct header *header, const char *path)
{
	struct buf b = buf_of(cli->arena, PAGE_MAX);
	bool ok;
	int fd;

	put_page(cli, &b, s, header);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ok = fd >= 0 && write_all(fd, buf_str(&b));
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (ok)
		return true;
	(void)err_sys(&cli->err, _("cannot write %s"), path);
	cli->err.code = ERR_CREATE;
	return false;
}
