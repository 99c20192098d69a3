/* One request and its answer over libmicrohttpd. */
#include "crypto/hash.h"
#include "web/guard.h"
#include "web/login.h"
#include "web/server_inside.h"

#include <stdlib.h>

enum { ARENA_MAX = 64 << 20, CHUNK = 65536, CHUNK_MAX = 8 << 20 };

struct exchange {
	struct arena *arena;
	str uri; /* as it came */
	struct buf body;
	bool too_large, ready;
};

/* An answer that is made while it is sent. */
struct stream {
	web_more_fn *more;
	void (*free_state)(void *state);
	void *state;
	struct buf text;
	size_t sent;
	bool ended;
};

static const struct {
	const char *name, *value;
} always[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; script-src 'self'; "
	  "img-src 'self'; form-action 'self'; base-uri 'none'; "
	  "frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};

void *exchange_begin(void *server, const char *uri, struct MHD_Connection *c)
{
	struct exchange *x = calloc(1, sizeof *x);

	(void)server, (void)c;
	if (!x)
		return NULL;
	x->arena = arena_new(8192);
	if (!x->arena || !arena_enter(x->arena)) {
		arena_free(x->arena);
		free(x);
		return NULL;
	}
	arena_limit(x->arena, ARENA_MAX);
	x->uri = arena_str(x->arena, str_of(uri));
	arena_leave(x->arena);
	x->body = buf_of(NULL, WEB_BODY_MAX);
	return x;
}

void exchange_end(void *server, struct MHD_Connection *c, void **state,
		  enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *state;

	(void)code;
	web_server_busy(server, c, false);
	if (!x)
		return;
	buf_free(&x->body);
	arena_free(x->arena);
	free(x);
	*state = NULL;
}

static ssize_t read_stream(void *state, uint64_t at, char *to, size_t max)
{
	struct stream *st = state;
	size_t n;

	(void)at;
	while (st->sent == st->text.n && !st->ended) {
		st->text.n = st->sent = 0;
		if (!st->more(st->state, &st->text, &st->ended) ||
		    st->text.overflow)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	n = st->text.n - st->sent;
	if (!n)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n > max)
		n = max;
	memcpy(to, st->text.p + st->sent, n);
	st->sent += n;
	return (ssize_t)n;
}

static void free_stream(void *state)
{
	struct stream *st = state;

	st->free_state(st->state);
	buf_free(&st->text);
	free(st);
}

static struct MHD_Response *stream(struct web_response *r)
{
	struct stream *st = calloc(1, sizeof *st);
	struct MHD_Response *m;

	if (!st) {
		r->free_state(r->state);
		return NULL;
	}
	*st = (struct stream){ r->more,  r->free_state,
			       r->state, buf_of(NULL, CHUNK_MAX),
			       0,        false };
	m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK,
					      read_stream, st, free_stream);
	if (!m)
		free_stream(st);
	return m;
}

/* MHD copies the body: the answers are small, and their memory is ours. */
static struct MHD_Response *make(struct web_response *r)
{
	union {
		const char *in;
		void *out;
	} body = { r->body.n ? r->body.p : "" };

	if (r->more)
		return stream(r);
	return MHD_create_response_from_buffer(r->body.n, body.out,
					       MHD_RESPMEM_MUST_COPY);
}

static void field(struct MHD_Response *m, struct arena *arena, const char *name,
		  str value)
{
	if (value.n)
		(void)MHD_add_response_header(m, name,
					      arena_cstr(arena, value));
}

static enum MHD_Result send_answer(struct exchange *x, struct MHD_Connection *c,
				   struct web_response *r)
{
	struct MHD_Response *m = make(r);
	enum MHD_Result ok = MHD_NO;

	if (m) {
		for (size_t i = 0; i < sizeof always / sizeof *always; i++)
			(void)MHD_add_response_header(m, always[i].name,
						      always[i].value);
		field(m, x->arena, "Content-Type", str_of(r->type));
		field(m, x->arena, "Cache-Control",
		      r->keep ? STR("max-age=86400") : STR("no-store"));
		field(m, x->arena, "Location", r->location);
		field(m, x->arena, "Set-Cookie", r->cookie);
		field(m, x->arena, "Content-Disposition", r->disposition);
		if (r->status == 405)
			field(m, x->arena, "Allow", STR("GET, HEAD, POST"));
		if (r->status == 401)
			field(m, x->arena, "WWW-Authenticate", STR("Bearer"));
		ok = MHD_queue_response(c, (unsigned)r->status, m);
		MHD_destroy_response(m);
	}
	return ok;
}

void web_plain(struct web_response *out, int status, const char *words)
{
	*out = (struct web_response){ .status = status,
				      .type = "text/plain; charset=utf-8",
				      .body = str_of(words) };
}

static str head(struct MHD_Connection *c, const char *name)
{
	return str_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static bool is_allowed(const struct web_server *s, struct arena *arena,
		       struct MHD_Connection *c)
{
	str cookie = guard_cookie(head(c, "Cookie"), STR("inkan"));
	str bearer = guard_bearer(head(c, "Authorization"));

	if (!s->o.token.n)
		return true;
	if (bearer.n)
		return hash_equal(hash_of(arena, HASH_SHA256, bearer),
				  hash_of(arena, HASH_SHA256, s->o.token));
	return cookie.n && hash_equal(cookie, s->session);
}

/* Without its query; no octet that has no business in a path. */
static str path_of(str uri)
{
	return str_head(uri, str_find(uri, '?'));
}

static void answer(struct web_server *s, struct exchange *x,
		   struct MHD_Connection *c, bool post,
		   struct web_response *out)
{
	struct web_request r = {
		.arena = x->arena,
		.post = post,
		.path = path_of(x->uri),
		.languages = head(c, "Accept-Language"),
		.body = buf_str(&x->body),
	};
	str host = head(c, "Host");

	web_args_parse(x->arena, str_skip(x->uri, r.path.n + 1), r.arg,
		       &r.n_args);
	if (!host.p)
		web_plain(out, 400, "The request has no Host field.\n");
	else if (!s->unix_socket && !s->o.token.n &&
		 !guard_host(host, s->o.names))
		web_plain(out, 421,
			  "These pages are not under this name: use the "
			  "address, or name it with --host.\n");
	else if (post && !guard_fetch(head(c, "Sec-Fetch-Site")))
		web_plain(out, 403, "Another site sent this.\n");
	else if (x->too_large)
		web_plain(out, 413, "The request is too large.\n");
	else if (login_page(&r, s->o.token, s->session, s->o.usual_language,
			    out))
		;
	else if (!is_allowed(s, x->arena, c))
		login_ask(&r, s->o.usual_language, out);
	else
		s->o.handler(s->o.arg, &r, out);
}

enum MHD_Result exchange_go(void *server, struct MHD_Connection *c,
			    const char *url, const char *method,
			    const char *version, const char *upload,
			    size_t *upload_n, void **state)
{
	struct web_server *s = server;
	struct exchange *x = *state;
	struct web_response r = { .status = 0 };
	bool post = strcmp(method, "POST") == 0;

	(void)url, (void)version;
	if (!x)
		return MHD_NO;
	if (*upload_n) {
		buf_put(&x->body, (str){ upload, *upload_n });
		x->too_large |= x->body.overflow;
		*upload_n = 0;
		return MHD_YES;
	}
	/* the first call comes before the body */
	if (!x->ready) {
		x->ready = true;
		return MHD_YES;
	}
	web_server_busy(s, c, true);
	if (!arena_enter(x->arena))
		return MHD_NO;
	if (post || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		answer(s, x, c, post, &r);
	else
		web_plain(&r, 405, "GET, HEAD and POST are known here.\n");

	enum MHD_Result ok = send_answer(x, c, &r);

	arena_leave(x->arena);
	return ok;
}
