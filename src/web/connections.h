/* connections: how long a client may take to say what it wants.  libmicrohttpd
 * ends those that say nothing; one that says a letter now and then is ended
 * here. */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <stdbool.h>

enum { WEB_CONNECTIONS = 64, WEB_REQUEST_SECONDS = 30 };

struct connections;

struct connections *connections_new(void);
void connections_free(struct connections *c);
bool connections_full(struct connections *c);
void connections_add(struct connections *c, int fd);
void connections_remove(struct connections *c, int fd);
/* It is being answered, or has been. */
void connections_busy(struct connections *c, int fd, bool busy);
/* Shuts those that are over their time. */
void connections_reap(struct connections *c);

#endif
