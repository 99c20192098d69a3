/* What a browser sends: a query, Host, Cookie and Accept-Language, one a line. */
#include "web/guard.h"
#include "web/html.h"
#include "web/link.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str rest = { (const char *)data, size }, line[4] = { { NULL, 0 } };
	struct web_request r = { .arena = a };
	struct link l = link_to("x");
	struct buf b;

	if (!a || size > 65536 || !arena_enter(a)) {
		arena_free(a);
		return 0;
	}
	for (size_t i = 0; i < 4 && str_split(&rest, '\n', &line[i]); i++)
		;
	web_args_parse(a, line[0], r.arg, &r.n_args);
	for (size_t i = 0; i < r.n_args; i++)
		link_set(&l, arena_cstr(a, r.arg[i].name), r.arg[i].value);
	b = buf_of(a, 1 << 20);
	html_escape(&b, link_text(a, &l));
	html_escape(&b, line[0]);
	for (size_t i = 0; i < b.n; i++)
		assert(b.p[i] != '<' && b.p[i] != '"' && b.p[i] != '\'');
	(void)guard_host(line[1], NULL);
	(void)guard_cookie(line[2], STR("inkan"));
	(void)guard_bearer(line[2]);
	assert(*guard_language(line[1], line[3], "en"));
	arena_leave(a);
	arena_free(a);
	return 0;
}
