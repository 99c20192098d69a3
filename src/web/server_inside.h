/* server_inside: what server.c (sockets) and exchange.c (one request) share. */
#ifndef WEB_SERVER_INSIDE_H
#define WEB_SERVER_INSIDE_H

#include "net/listen.h"
#include "web/server.h"

#include <microhttpd.h>

struct web_server {
	struct web_options o;
	struct arena *arena;
	struct connections *connections;
	str session; /* what the cookie must hold; empty without a token */
	int fds[NET_LISTEN_MAX];
	size_t n_fds;
	bool unix_socket;
	char where[128];
};

void web_server_busy(struct web_server *s, struct MHD_Connection *c, bool busy);

/* Called by libmicrohttpd. */
void *exchange_begin(void *server, const char *uri, struct MHD_Connection *c);
enum MHD_Result exchange_go(void *server, struct MHD_Connection *c,
			    const char *url, const char *method,
			    const char *version, const char *upload,
			    size_t *upload_n, void **state);
void exchange_end(void *server, struct MHD_Connection *c, void **state,
		  enum MHD_RequestTerminationCode code);

#endif
