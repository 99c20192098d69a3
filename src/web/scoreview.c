#include "web/scoreview.h"

#include "base/tr.h"
#include "web/asset.h"

#include <stdio.h>
#include <time.h>

enum { GOOD = 900, FAIR = 700, DETAIL_MAX = 1000 };

const char *scoreview_class(int total)
{
	return total >= GOOD ? "g" : total >= FAIR ? "w" : "b";
}

const char *scoreview_time(int64_t seconds, char out[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm))
		(void)strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm);
	return out;
}

static str points(int hundredths, char text[SCORE_POINTS_MAX])
{
	return score_points(hundredths, text);
}

/* "−2.0" */
static void put_lost(struct html *h, int hundredths)
{
	char text[SCORE_POINTS_MAX];

	html_open_class(h, "span", "lost");
	html_text(h, "\xe2\x88\x92");
	html_str(h, points(hundredths, text));
	html_close(h);
}

static const char *sentence(int total)
{
	if (total == 1000)
		return _("Ten of ten: nothing to improve");
	if (total >= GOOD)
		return _("Good: most servers will be content");
	if (total >= FAIR)
		return _("Fair: some servers will doubt this mail");
	return _("Poor: many servers will refuse this mail or call it spam");
}

static void put_circle(struct html *h, const char *class, int total)
{
	char dash[32];

	html_open(h, "circle");
	if (class)
		html_attr(h, "class", class);
	html_attr(h, "cx", "60");
	html_attr(h, "cy", "60");
	html_attr(h, "r", "52");
	if (class) {
		(void)snprintf(dash, sizeof dash, "%d 1000", total);
		html_attr(h, "pathLength", "1000");
		html_attr(h, "stroke-dasharray", dash);
		html_attr(h, "transform", "rotate(-90 60 60)");
	}
	html_close(h);
}

static void put_ring(struct html *h, int total)
{
	char text[SCORE_POINTS_MAX];

	html_open(h, "svg");
	html_attr(h, "class", "ring");
	html_attr(h, "viewBox", "0 0 120 120");
	html_attr(h, "aria-hidden", "true");
	put_circle(h, NULL, 0);
	if (total)
		put_circle(h, "got", total);
	html_open(h, "text");
	html_attr(h, "x", "60");
	html_attr(h, "y", "66");
	html_str(h, points(total, text));
	html_close(h);
	html_open(h, "text");
	html_attr(h, "class", "of");
	html_attr(h, "x", "60");
	html_attr(h, "y", "85");
	html_text(h, "/ 10");
	html_close(h);
	html_close(h);
}

/* Who sent it, as far as it is known, and when. */
static void put_about(struct html *h, struct arena *arena,
		      const struct result *r)
{
	struct buf b = buf_of(arena, 4096);
	char ip[IP_TEXT_MAX], when[32];

	html_open_class(h, "p", "facts");
	if (r->from.n) {
		html_str(h, r->from);
		html_void(h, "br");
	}
	if (r->ip.family != IP_NONE) {
		(void)ip_text(r->ip, ip);
		buf_printf(&b, r->helo.n ? "%s (%.*s)" : "%s", ip,
			   STR_ARG(r->helo));
		html_str(h, buf_str(&b));
		html_void(h, "br");
	}
	html_text(h, scoreview_time(r->now, when));
	html_close(h);
	if (r->own)
		html_leaf(h, "p", "facts",
			  r->ip.family != IP_NONE
				  ? _("It was handed in at this machine: "
				      "judged as it would leave from the "
				      "address above.")
				  : _("It was handed in at this machine, and "
				      "which address it would leave from is "
				      "not known (--ip)."));
}

static void put_verdict(struct html *h, struct arena *arena,
			const struct result *r)
{
	char text[SCORE_POINTS_MAX];
	struct buf b = buf_of(arena, 128);

	html_open(h, "div");
	html_attr(h, "class",
		  r->score.total >= GOOD   ? "card verdict g"
		  : r->score.total >= FAIR ? "card verdict w"
					   : "card verdict b");
	put_ring(h, r->score.total);
	html_open_class(h, "div", "about");
	html_open(h, "h1");
	buf_printf(&b, _("%.*s of 10"), STR_ARG(points(r->score.total, text)));
	html_str(h, buf_str(&b));
	html_close(h);
	html_leaf(h, "p", "lead", sentence(r->score.total));
	if (r->subject.n)
		html_leaf_str(h, "p", NULL, r->subject);
	put_about(h, arena, r);
	html_close(h);
	html_close(h);
}

static str anchor(struct arena *arena, const struct score_kind *kind)
{
	struct buf b = buf_of(arena, 64);

	buf_printf(&b, "#%s", kind->code);
	return buf_str(&b);
}

/* What costs points, the dearest first. */
static void put_todo(struct html *h, struct arena *arena, const struct score *s)
{
	bool any = false;

	for (int lost = 1000; lost > 0; lost--)
		for (int i = 0; i < SCORE_ROWS; i++) {
			if (s->rows[i].lost != lost)
				continue;
			if (!any) {
				html_open_class(h, "section", "card");
				html_leaf(h, "h2", NULL, _("What to do"));
				html_open_class(h, "ul", "todo");
			}
			any = true;
			html_open_class(h, "li",
					score_status_word(s->rows[i].status));
			put_lost(h, lost);
			html_open(h, "span");
			html_open(h, "a");
			html_attr_str(h, "href",
				      anchor(arena, &score_kinds[i]));
			html_text(h, _(score_kinds[i].title));
			html_close(h);
			html_text(h, ": ");
			html_text(h, _(score_kinds[i].fix));
			html_close(h);
			html_close(h);
		}
	if (any) {
		html_close(h);
		html_close(h);
	}
}

static void put_part(struct html *h, const char *name, const char *class,
		     const char *words)
{
	if (!words || !*words)
		return;
	html_leaf(h, "dt", NULL, name);
	html_leaf(h, "dd", class, words);
}

static void put_raw(struct html *h, str text, const char *label)
{
	html_open(h, "pre");
	html_attr(h, "tabindex", "0");
	html_attr(h, "role", "region");
	html_attr(h, "aria-label", label);
	html_str(h, text);
	html_close(h);
}

/* "short (rsa-sha256, 1024)" */
static void put_said(struct html *h, const struct score_row *row)
{
	enum { SHORT = 60 };

	if (!row->seen || !*row->seen)
		return;
	html_text(h, " ");
	html_open_class(h, "span", "said");
	html_text(h, _(row->seen));
	if (row->detail.n && row->detail.n <= SHORT) {
		html_text(h, " (");
		html_str(h, row->detail);
		html_text(h, ")");
	}
	html_close(h);
}

static void put_summary(struct html *h, const struct score_kind *kind,
			const struct score_row *row)
{
	static const char *const marks[] = { "\xe2\x9c\x93", "i", "!",
					     "\xe2\x9c\x97", "\xe2\x80\x93" };
	static const char *const words[] = { N_("ok"), N_("note"), N_("warn"),
					     N_("fail"), N_("not tested") };

	html_open(h, "summary");
	html_open_class(h, "span", "mark");
	html_attr(h, "role", "img");
	html_attr(h, "aria-label", _(words[row->status]));
	html_text(h, marks[row->status]);
	html_close(h);
	html_open_class(h, "span", "name");
	html_text(h, _(kind->title));
	put_said(h, row);
	html_close(h);
	if (row->lost)
		put_lost(h, row->lost);
	else if (row->status == SCORE_SKIP)
		html_leaf(h, "span", "untested", _("not tested"));
	html_close(h);
}

static void put_row(struct html *h, const struct score_kind *kind,
		    const struct score_row *row)
{
	bool open = row->status == SCORE_FAIL || row->status == SCORE_WARN;
	static const char *const classes[] = { "row ok", "row note", "row warn",
					       "row fail", "row none" };

	html_open_class(h, "details", classes[row->status]);
	html_attr(h, "id", kind->code);
	if (open)
		html_flag(h, "open");
	put_summary(h, kind, row);
	html_open(h, "dl");
	if (row->detail.n) {
		html_leaf(h, "dt", NULL, _("seen"));
		html_leaf_str(h, "dd", NULL, str_head(row->detail, DETAIL_MAX));
	}
	put_part(h, _("wanted"), NULL, _(kind->wanted));
	put_part(h, _("why"), NULL, _(kind->why));
	if (open)
		put_part(h, _("do"), "cure", _(kind->fix));
	html_close(h);
	if (row->evidence.n && open) {
		html_open_class(h, "details", "raw");
		html_leaf(h, "summary", NULL, _("As it came"));
		put_raw(h, row->evidence, _("As it came"));
		html_close(h);
	} else if (row->evidence.n) {
		put_raw(h, row->evidence, _("As it came"));
	}
	html_close(h);
}

static void put_rect(struct html *h, const char *class, int width)
{
	html_open(h, "rect");
	html_attr(h, "class", class);
	html_attr_number(h, "width", width);
	html_attr(h, "height", "4");
	html_close(h);
}

static void put_meter(struct html *h, int got, int of)
{
	html_open(h, "svg");
	html_attr(h, "class", "meter");
	html_attr(h, "viewBox", "0 0 1000 4");
	html_attr(h, "preserveAspectRatio", "none");
	html_attr(h, "aria-hidden", "true");
	put_rect(h, "all", 1000);
	put_rect(h,
		 got == of       ? "full"
		 : 2 * got >= of ? "some"
				 : "few",
		 1000 * got / of);
	html_close(h);
}

static void put_category(struct html *h, const struct score *s,
			 enum score_category c)
{
	char got[SCORE_POINTS_MAX], of[SCORE_POINTS_MAX];

	html_open_class(h, "section", "card part");
	html_open(h, "h2");
	html_leaf(h, "span", NULL, _(score_titles[c]));
	html_open_class(h, "span", "sum");
	html_str(h, points(s->points[c], got));
	html_text(h, " / ");
	html_str(h, points(score_out_of[c], of));
	html_close(h);
	html_close(h);
	put_meter(h, s->points[c], score_out_of[c]);
	for (int i = 0; i < SCORE_ROWS; i++)
		if (score_kinds[i].category == c)
			put_row(h, &score_kinds[i], &s->rows[i]);
	html_close(h);
}

void scoreview(struct html *h, struct arena *arena, const struct result *r)
{
	put_verdict(h, arena, r);
	put_todo(h, arena, &r->score);
	for (int c = 0; c < SCORE_CATEGORIES; c++)
		put_category(h, &r->score, (enum score_category)c);
	if (!r->header.n)
		return;
	html_open_class(h, "details", "card raw");
	html_leaf(h, "summary", NULL, _("The header as it came"));
	put_raw(h, r->header, _("The header as it came"));
	html_close(h);
}

static void put_meta(struct html *h, const char *name, const char *content)
{
	html_void(h, "meta");
	html_attr(h, "name", name);
	html_attr(h, "content", content);
}

static void put_sheet(struct html *h, const char *name)
{
	const struct asset *a = asset_find(str_of(name));

	html_style(h, (str){ (const char *)a->bytes, a->n });
}

str scoreview_file(struct arena *arena, const struct result *r,
		   const char *language)
{
	struct html h = html_new(arena);

	buf_put(&h.out, STR("<!DOCTYPE html>\n"));
	html_open(&h, "html");
	html_attr(&h, "lang", language);
	html_open(&h, "head");
	html_void(&h, "meta");
	html_attr(&h, "charset", "utf-8");
	put_meta(&h, "viewport", "width=device-width, initial-scale=1");
	put_meta(&h, "color-scheme", "light dark");
	put_meta(&h, "referrer", "no-referrer");
	html_leaf(&h, "title", NULL, _("Mail score"));
	put_sheet(&h, "theme.css");
	put_sheet(&h, "score.css");
	html_close(&h);
	html_open(&h, "body");
	html_open(&h, "main");
	scoreview(&h, arena, r);
	html_close(&h);
	html_close(&h);
	html_close(&h);
	buf_put(&h.out, STR("\n"));
	return buf_str(&h.out);
}
