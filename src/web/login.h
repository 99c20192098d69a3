/* login: the token asked for, and the cookie that stands for it. */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include "web/http.h"

void web_plain(struct web_response *out, int status, const char *words);

/* What everybody may see: the style, and the answer to POST /login.  True: it
 * was that. */
bool login_page(const struct web_request *r, str token, str session,
		const char *language, struct web_response *out);
/* The page that asks. */
void login_ask(const struct web_request *r, const char *language,
	       struct web_response *out);

#endif
