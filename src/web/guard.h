/* guard: who may see the pages.  Pure: everything comes in as an argument. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "base/arena.h"

#include <stdint.h>

enum { WEB_SECRET = 32, WEB_TOKEN_MIN = 16, WEB_TOKEN_MAX = 512 };

/* May a request with this Host field be answered?  A page elsewhere can make a
 * browser ask for its own name at our address (DNS rebinding): so without a
 * token only addresses, "localhost" and the names given are right.  host may
 * have a port; names end with a NULL. */
bool guard_host(str host, const char *const *names);

/* May a POST with this Sec-Fetch-Site field (or absent) be answered?  Not one
 * that another site made a browser send. */
bool guard_fetch(str site);

/* What a cookie holds instead of the token: of no use to another process. */
str guard_session(struct arena *arena, str token,
		  const uint8_t secret[WEB_SECRET]);

/* The value of a cookie in a Cookie field; absent without it. */
str guard_cookie(str field, str name);

/* The token of "Authorization: Bearer TOKEN"; absent without it. */
str guard_bearer(str field);

/* The language of pages, by ?lang= (or absent), Accept-Language (or absent)
 * and else the one that is usual here: "en" or "ja". */
const char *guard_language(str asked, str accept, const char *usual);

#endif
