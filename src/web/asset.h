/* asset: the files that pages refer to, inside the program. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "web/http.h"

struct asset {
	const char *name, *type;
	const unsigned char *bytes;
	size_t n;
};

extern const struct asset assets[]; /* ends with a NULL name; generated */

/* One of them by its name. */
const struct asset *asset_find(str name);

/* True: the path names one. */
bool asset_page(const struct web_request *r, struct web_response *out);

#endif
