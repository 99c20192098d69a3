#include "doctor/https.h"

#include "base/buf.h"
#include "base/tr.h"
#include "crypto/cert.h"

enum { REQUEST_MAX = 2048, FIELDS_MAX = 100 };

/* Webs of trust, time and name (RFC 8461 3.3). */
static bool is_good(const struct https_request *r, const struct dialog_tls *tls,
		    struct err *e)
{
	struct cert *cert = cert_read(tls->chain);
	bool ok = false;

	if (!cert || tls->distrust)
		(void)err_set(e, ERR_DATA,
			      _("nobody vouches for its certificate: %s"),
			      tls->distrust ? tls->distrust : "");
	else if (cert_not_after(cert) <= r->now)
		(void)err_set(e, ERR_DATA, _("its certificate is over"));
	else if (!cert_names(cert, r->host))
		(void)err_set(e, ERR_DATA,
			      _("its certificate is for another name"));
	else if (tls->old)
		(void)err_set(e, ERR_DATA, _("it takes only %s"), tls->version);
	else
		ok = true;
	cert_free(cert);
	return ok;
}

static bool ask_for(struct dialog *t, struct arena *arena,
		    const struct https_request *r, struct err *e)
{
	struct buf b = buf_of(arena, REQUEST_MAX);

	/* 1.0: the answer comes in one piece */
	buf_printf(&b,
		   "GET %s HTTP/1.0\r\nHost: %.*s\r\nUser-Agent: inkan\r\n"
		   "Accept: text/plain\r\nConnection: close\r\n\r\n",
		   r->path, STR_ARG(r->host));
	return dialog_send(t, buf_str(&b), e);
}

static bool read_head(struct dialog *t, struct err *e)
{
	str line;

	if (!dialog_line(t, &line, e))
		return false;
	if (!str_starts(line, STR("HTTP/1.")) ||
	    !str_starts(str_skip(line, 8), STR(" 200")))
		return err_set(e, ERR_DATA, "%.*s",
			       STR_ARG(str_head(line, 200)));
	for (unsigned i = 0; i < FIELDS_MAX; i++) {
		if (!dialog_line(t, &line, e))
			return false;
		if (!line.n)
			return true;
	}
	return err_set(e, ERR_DATA, _("the answer has too many fields"));
}

bool https_get(struct arena *arena, const struct https_request *r, str *out,
	       struct err *e)
{
	struct dialog *t = dialog_open(r->ip, 443, r->timeout_ms, e);
	struct buf b = buf_of(arena, r->max);
	struct dialog_tls tls;
	bool ok;

	ok = t &&
	     dialog_start_tls(t, arena, arena_cstr(arena, r->host), r->ca_file,
			      &tls, e) &&
	     is_good(r, &tls, e) && ask_for(t, arena, r, e) &&
	     read_head(t, e) && dialog_rest(t, &b, e);
	dialog_close(t);
	*out = buf_str(&b);
	return ok;
}
