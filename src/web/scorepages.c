#include "web/scorepages.h"

#include "base/jsontext.h"
#include "base/limits.h"
#include "base/tr.h"
#include "web/page.h"
#include "web/scoreview.h"

#include <stdio.h>
#include <time.h>

enum {
	PAST_SHOWN = 20,
	SOON = 2, /* seconds: somebody waits */
	LATER = 30, /* somebody copies the address */
	LONG = 300 /* mail should have come by now */
};

static const char *const styles[] = { "theme.css", "shell.css", "score.css",
				      NULL };

struct answer {
	const struct scorepages *s;
	const struct web_request *r;
	struct page page;
	struct web_response *out;
};

static str address_of(const struct answer *a, const char *token)
{
	struct buf b = buf_of(a->page.arena, 1024);

	buf_printf(&b, "%s%s@%s", a->s->prefix, token, a->s->domain);
	return buf_str(&b);
}

static struct link link_of(const struct answer *a, const char *path,
			   const char *token)
{
	struct link l = link_to(path);

	if (token)
		link_set(&l, "id", str_of(token));
	link_keep(&l, a->r, "lang");
	return l;
}

static void put_button(struct answer *a, const struct link *l,
		       const char *class, const char *words)
{
	html_open_class(&a->page.h, "a", class);
	(void)page_href(&a->page, l);
	html_text(&a->page.h, words);
	html_close(&a->page.h);
}

/* What asks for an address. */
static void put_form(struct answer *a, const char *class, const char *words)
{
	struct html *h = &a->page.h;
	struct link l = link_of(a, "new", NULL);

	html_open(h, "form");
	html_attr(h, "method", "post");
	html_attr_str(h, "action", link_text(a->page.arena, &l));
	html_leaf(h, "button", class, words);
	html_close(h);
}

static void wants_json(struct answer *a, const struct buf *b, int status)
{
	*a->out = (struct web_response){ .status = status,
					 .type = "application/json",
					 .body = buf_str(b) };
}

static void sorry(struct answer *a, int status, const char *words)
{
	struct buf b = buf_of(a->page.arena, 1024);

	if (a->page.format == PAGE_JSON) {
		buf_put(&b, STR("{\"error\":"));
		jsontext_put(&b, str_of(words));
		buf_put(&b, STR("}\n"));
		wants_json(a, &b, status);
		return;
	}
	page_sorry(&a->page, status, words, a->out);
}

/* ---- the first page ---- */

static void put_past_one(struct answer *a, const struct spool_entry *e)
{
	struct html *h = &a->page.h;
	struct link l = link_of(a, "test", e->token);
	char number[SCORE_POINTS_MAX], when[32];
	struct result r;
	str json;

	if (!spool_result(a->s->spool, a->page.arena, e->token, &json) ||
	    !result_parse(a->page.arena, json, &r))
		return;
	html_open(h, "li");
	html_open(h, "a");
	(void)page_href(&a->page, &l);
	html_open(h, "span");
	html_attr(h, "class",
		  r.score.total >= 900   ? "points g"
		  : r.score.total >= 700 ? "points w"
					 : "points b");
	html_str(h, score_points(r.score.total, number));
	html_close(h);
	html_leaf_str(h, "span", "what",
		      r.subject.n ? r.subject
		      : r.from.n  ? r.from
				  : str_of(_("(no subject)")));
	html_leaf(h, "time", NULL, scoreview_time(e->time, when));
	html_close(h);
	html_close(h);
}

static void put_past(struct answer *a)
{
	struct html *h = &a->page.h;
	const struct spool_entry *e;
	size_t n = spool_results(a->s->spool, a->page.arena, &e);

	if (!n)
		return;
	html_open_class(h, "section", "card");
	html_leaf(h, "h2", NULL, _("Scores so far"));
	html_open_class(h, "ul", "past");
	for (size_t i = 0; i < n && i < PAST_SHOWN; i++)
		put_past_one(a, &e[i]);
	html_close(h);
	html_close(h);
}

static void show_first(struct answer *a)
{
	struct html *h = &a->page.h;
	struct buf b = buf_of(a->page.arena, 1024);

	page_begin(&a->page, _("Mail score"), NULL, NULL);
	html_leaf(h, "h1", NULL, _("How good is your mail?"));
	html_open_class(h, "section", "card");
	html_leaf(h, "p", "lead",
		  _("Send a mail to an address made for this one test, and see "
		    "it as a stranger's server does: in points of ten, and "
		    "what to do about each that is lost."));
	html_open_class(h, "ol", "steps");
	html_leaf(h, "li", NULL, _("Get an address."));
	html_leaf(h, "li", NULL,
		  _("Send a mail there, the way you send all your mail."));
	html_leaf(h, "li", NULL, _("Look at the score."));
	html_close(h);
	html_open_class(h, "div", "actions");
	put_form(a, "main", _("Get an address"));
	html_close(h);
	buf_printf(&b,
		   _("Nothing leaves this machine but questions to DNS. "
		     "Results are kept for %u days."),
		   a->s->keep_days);
	html_leaf_str(h, "p", "facts", buf_str(&b));
	html_close(h);
	put_past(a);
	page_end(&a->page, a->out);
}

/* ---- an address, before its mail has come ---- */

static void put_help(struct answer *a)
{
	struct html *h = &a->page.h;

	html_open_class(h, "details", "card raw");
	html_leaf(h, "summary", NULL, _("If no mail comes"));
	html_open_class(h, "ul", "steps");
	html_leaf(h, "li", NULL,
		  _("Some servers let strangers wait (greylisting): the "
		    "sender's server tries again after some minutes."));
	html_leaf(h, "li", NULL,
		  _("A mail that comes back to you says why: read it."));
	html_leaf(h, "li", NULL,
		  _("On the sending server: postqueue -p shows what waits, the "
		    "log says why."));
	html_leaf(h, "li", NULL,
		  _("On this machine: the log shows whether the mail arrived, "
		    "and where it was sent; man inkan has the lines that "
		    "Postfix needs."));
	html_close(h);
	html_close(h);
}

static void put_next(struct answer *a, const char *token, str address)
{
	struct html *h = &a->page.h;
	struct buf to = buf_of(a->page.arena, 1200);
	struct link l = link_of(a, "test", token);

	link_set(&l, "sent", STR("1"));
	buf_printf(&to, "mailto:%.*s", STR_ARG(address));
	html_open_class(h, "div", "actions");
	put_button(a, &l, "button", _("I have sent it"));
	html_open_class(h, "a", "button quiet");
	html_attr_str(h, "href", buf_str(&to));
	html_text(h, _("Open my mail program"));
	html_close(h);
	html_close(h);
}

static void show_address(struct answer *a, const char *token, bool sent,
			 bool late)
{
	struct html *h = &a->page.h;
	str address = address_of(a, token);

	/* who copies the address must not be disturbed */
	a->page.refresh = sent ? SOON : LATER;
	page_begin(&a->page, sent ? _("Waiting for the mail") : _("Mail score"),
		   NULL, NULL);
	html_leaf(h, "h1", NULL,
		  sent ? _("Waiting for the mail") : _("Send a mail to"));
	html_open_class(h, "section", "card");
	if (sent) {
		html_open_class(h, "div", "waiting");
		html_attr(h, "role", "status");
		html_open_class(h, "span", "dots");
		html_attr(h, "aria-hidden", "true");
		for (int i = 0; i < 3; i++)
			html_leaf(h, "i", NULL, "");
		html_close(h);
		html_leaf(h, "span", "lead",
			  late ? _("Nothing has come yet. Look below.")
			       : _("The score appears here by itself."));
		html_close(h);
	}
	html_leaf_str(h, "code", "address", address);
	if (!sent) {
		html_leaf(h, "p", NULL,
			  _("Send it the way you send all your mail, with a "
			    "usual subject and text. One click selects the "
			    "address."));
		put_next(a, token, address);
	}
	html_close(h);
	if (sent)
		put_help(a);
	page_end(&a->page, a->out);
}

/* ---- a score ---- */

static void show_file(struct answer *a, const struct result *r)
{
	*a->out = (struct web_response){
		.status = 200,
		.type = "text/html; charset=utf-8",
		.body = scoreview_file(a->page.arena, r, a->page.language),
		.disposition = STR("attachment; filename=\"score.html\""),
	};
}

static void show_json(struct answer *a, const struct result *r)
{
	enum { JSON_MAX = 4 * LIMIT_SCORE_RESULT };
	struct buf b = buf_of(a->page.arena, JSON_MAX);

	result_json(&b, r, result_translated, true);
	wants_json(a, &b, b.overflow ? 500 : 200);
}

static void show_score(struct answer *a, const char *token,
		       const struct result *r)
{
	struct html *h = &a->page.h;
	struct link file = link_of(a, "file", token);
	struct link json = link_of(a, "test", token);

	link_set(&json, "format", STR("json"));
	page_begin(&a->page, _("Mail score"), NULL, NULL);
	scoreview(h, a->page.arena, r);
	html_open_class(h, "div", "actions");
	put_form(a, "main", _("Test another mail"));
	put_button(a, &file, "button quiet", _("As a file for sharing"));
	put_button(a, &json, "button quiet", "JSON");
	html_close(h);
	page_end(&a->page, a->out);
}

static void show_waiting_json(struct answer *a, const char *token)
{
	struct buf b = buf_of(a->page.arena, 1024);

	buf_put(&b, STR("{\"score\":null,\"address\":"));
	jsontext_put(&b, address_of(a, token));
	buf_put(&b, STR("}\n"));
	wants_json(a, &b, 200);
}

/* A test by its id: its address, or its score. */
static void show_test(struct answer *a, bool file)
{
	str id = web_arg(a->r, "id");
	const char *token = arena_cstr(a->page.arena, id);
	struct result r;
	int64_t given;
	str json;

	if (!spool_is_token(id)) {
		sorry(a, 404, _("There is no such test."));
		return;
	}
	if (spool_result(a->s->spool, a->page.arena, token, &json)) {
		if (!result_parse(a->page.arena, json, &r))
			sorry(a, 500,
			      _("The mail came, but it is too large to be "
				"judged."));
		else if (file)
			show_file(a, &r);
		else if (a->page.format == PAGE_JSON)
			show_json(a, &r);
		else
			show_score(a, token, &r);
		return;
	}
	given = spool_time(a->s->spool, token);
	if (!given)
		sorry(a, 404, _("There is no such test, or its time is over."));
	else if (a->page.format == PAGE_JSON)
		show_waiting_json(a, token);
	else
		show_address(a, token, web_arg(a->r, "sent").n > 0,
			     time(NULL) - given > LONG);
}

static void give_out(struct answer *a)
{
	char token[SPOOL_TOKEN + 1];
	struct buf b = buf_of(a->page.arena, 1024);
	struct link l;
	struct err e;

	if (!spool_give_out(a->s->spool, token, &e)) {
		sorry(a, 503, e.text);
		return;
	}
	if (a->page.format == PAGE_JSON) {
		buf_printf(&b, "{\"id\":\"%s\",\"address\":", token);
		jsontext_put(&b, address_of(a, token));
		buf_put(&b, STR("}\n"));
		wants_json(a, &b, 200);
		return;
	}
	l = link_of(a, "test", arena_cstr(a->page.arena, str_of(token)));
	*a->out = (struct web_response){
		.status = 303,
		.type = "text/plain; charset=utf-8",
		.body = STR("An address was made.\n"),
		.location = link_text(a->page.arena, &l),
	};
}

void scorepages_answer(void *arg, const struct web_request *r,
		       struct web_response *out)
{
	const struct scorepages *s = arg;
	struct answer a = { s, r, page_new(r, s->usual_language), out };
	bool make = str_eq(r->path, STR("/new"));

	a.page.styles = styles;
	if (a.page.format == PAGE_CSV)
		a.page.format = PAGE_HTML;
	a.page.h.mute = false;
	if (make && r->post)
		give_out(&a);
	else if (make || r->post)
		sorry(&a, 405, _("Nothing can be sent here."));
	else if (str_eq(r->path, STR("/")))
		show_first(&a);
	else if (str_eq(r->path, STR("/test")))
		show_test(&a, false);
	else if (str_eq(r->path, STR("/file")))
		show_test(&a, true);
	else
		sorry(&a, 404, _("There is no such page."));
}
