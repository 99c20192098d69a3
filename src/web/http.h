/* http: one request and its answer, without sockets: what a page is made of and
 * what it becomes.  server.h carries them. */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "base/buf.h"

enum { WEB_ARGS = 32, WEB_BODY_MAX = 4096 };

struct web_arg {
	str name, value;
};

struct web_request {
	struct arena *arena; /* of this request and its answer */
	bool post; /* else GET or HEAD */
	str path; /* as it came, begins with "/" */
	struct web_arg arg[WEB_ARGS]; /* of the query, decoded */
	size_t n_args;
	str languages; /* Accept-Language; may be absent */
	str body; /* of POST */
};

/* The first of this name; absent without it. */
str web_arg(const struct web_request *r, const char *name);

/* More of an answer that is too long for memory: adds to out; *end when that
 * was all.  False ends the connection. */
typedef bool web_more_fn(void *state, struct buf *out, bool *end);

struct web_response {
	int status;
	const char *type; /* a literal */
	/* In the request's arena, or static */
	str body;
	str location; /* of a redirection */
	str cookie; /* Set-Cookie */
	str disposition; /* Content-Disposition */
	bool keep; /* may be cached for a day: no data of the store */
	/* Instead of body */
	web_more_fn *more;
	void (*free_state)(void *state);
	void *state;
};

typedef void web_handler_fn(void *arg, const struct web_request *r,
			    struct web_response *out);

/* Reads "a=b&c=%20d+e" into arg; what is too much is left out. */
void web_args_parse(struct arena *arena, str query, struct web_arg *arg,
		    size_t *n);
/* Percent-encodes all but unreserved characters (RFC 3986 2.3). */
void web_encode(struct buf *out, str s);

#endif
