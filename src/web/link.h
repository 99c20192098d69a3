/* link: addresses of our own pages.  All pages stand side by side, so links are
 * relative and work behind any prefix of a proxy. */
#ifndef WEB_LINK_H
#define WEB_LINK_H

#include "web/http.h"

struct link {
	const char *path; /* without "/": a literal of the program */
	struct web_arg arg[WEB_ARGS];
	size_t n;
};

struct link link_to(const char *path);
/* Replaces; an empty value takes it away.  name is a literal; the value lives
 * as long as the link. */
void link_set(struct link *l, const char *name, str value);
/* The arguments of this name that the request has. */
void link_keep(struct link *l, const struct web_request *r, const char *name);
/* "sources?domain=example.org&ip=2001%3Adb8%3A%3A1" */
str link_text(struct arena *arena, const struct link *l);

#endif
