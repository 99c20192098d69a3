/* server: HTTP/1.1 by libmicrohttpd, for one program's pages.  One thread answers,
 * one accepts and waits for the end.  Every answer has a strict
 * Content-Security-Policy; nothing is cached that comes from the store. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "net/sockaddr.h"
#include "web/http.h"

struct web_options {
	struct net_address address;
	str token; /* or empty */
	const char *const *names; /* of Host, besides addresses; or NULL */
	const char *usual_language; /* "en" or "ja" */
	web_handler_fn *handler; /* on the answering thread */
	void *arg;
};

struct web_server;

/* Listens.  An address that others can reach needs a token. */
struct web_server *web_server_new(const struct web_options *o, struct err *e);
/* "http://127.0.0.1:8940/", or the path of the socket. */
const char *web_server_where(const struct web_server *s);
/* Answers until SIGTERM or SIGINT. */
bool web_server_run(struct web_server *s, struct err *e);
void web_server_free(struct web_server *s);

/* A token from a file that nobody else can read, without white space at its
 * ends.  False: *e. */
bool web_token_read(struct arena *arena, const char *path, str *out,
		    struct err *e);

#endif
