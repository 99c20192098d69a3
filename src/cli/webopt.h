/* webopt: what commands that serve pages are told: where, to whom, in which
 * language. */
#ifndef CLI_WEBOPT_H
#define CLI_WEBOPT_H

#include "cli/cli.h"
#include "net/sockaddr.h"
#include "web/server.h"

/* "127.0.0.1:8025", "[::1]:8025", "8025" (on 127.0.0.1), or what
 * net_address_parse knows. */
bool webopt_address(const char *text, struct net_address *out, struct err *e);

/* --listen (or what is usual), --token-file, --host.  False: cli->err. */
bool webopt_fill(struct cli *cli, const char *usual, struct web_options *o);

/* "en" or "ja", that of this process. */
const char *webopt_language(void);

#endif
