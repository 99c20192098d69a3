#include "web/login.h"

#include "base/tr.h"
#include "crypto/hash.h"
#include "web/asset.h"
#include "web/page.h"

static void put_form(struct page *p, bool wrong)
{
	struct html *h = &p->h;

	html_open_class(h, "form", "login");
	html_attr(h, "method", "post");
	html_attr(h, "action", "login");
	html_leaf(h, "h1", NULL, _("Who is there?"));
	if (wrong) {
		html_open_class(h, "p", "bad");
		html_attr(h, "role", "alert");
		html_text(h, _("That is not the token."));
		html_close(h);
	}
	html_open(h, "label");
	html_text(h, _("The token in the file that the server was started "
		       "with (--token-file)"));
	html_void(h, "input");
	html_attr(h, "type", "password");
	html_attr(h, "name", "token");
	html_attr(h, "autocomplete", "current-password");
	html_flag(h, "required");
	html_flag(h, "autofocus");
	html_close(h);
	html_leaf(h, "button", NULL, _("Enter"));
	html_close(h);
}

static void ask(const struct web_request *r, const char *language, int status,
		struct web_response *out)
{
	struct page p = page_new(r, language);

	p.format = PAGE_HTML;
	p.h.mute = false;
	p.styles = page_plain_styles;
	page_begin(&p, "inkan", NULL, NULL);
	put_form(&p, status == 403);
	page_end(&p, out);
	out->status = status;
}

void login_ask(const struct web_request *r, const char *language,
	       struct web_response *out)
{
	ask(r, language, 401, out);
}

bool login_page(const struct web_request *r, str token, str session,
		const char *language, struct web_response *out)
{
	struct buf b = buf_of(r->arena, 256);
	struct web_arg arg[WEB_ARGS];
	size_t n;

	if (!r->post && asset_page(r, out))
		return true;
	if (!token.n || !r->post || !str_eq(r->path, STR("/login")))
		return false;
	web_args_parse(r->arena, r->body, arg, &n);
	if (!n || !str_eq(arg[0].name, STR("token")) ||
	    !hash_equal(hash_of(r->arena, HASH_SHA256, arg[0].value),
			hash_of(r->arena, HASH_SHA256, token))) {
		ask(r, language, 403, out);
		return true;
	}
	web_plain(out, 303, "Welcome.\n");
	out->location = STR(".");
	buf_printf(&b, "inkan=%.*s; Path=/; HttpOnly; SameSite=Strict",
		   STR_ARG(session));
	out->cookie = buf_str(&b);
	return true;
}
