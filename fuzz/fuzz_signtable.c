/* SigningTable and the decision: user, domain, client name and macro value in
 * the first lines, then the tables, divided by a line "--". */
#include "sign/choose.h"
#include "sign/signtable.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct table *made(struct arena *a, enum table_kind kind, str text)
{
	struct table_spec spec = { .kind = kind,
				   .fold = true,
				   .name = STR("t"),
				   .text = text };
	struct err e;

	return table_new(a, &spec, &e);
}

static str part(str *rest)
{
	const char *at = rest->n ? memmem(rest->p, rest->n, "\n--\n", 4) : NULL;
	str p = at ? str_head(*rest, (size_t)(at - rest->p)) : *rest;

	*rest = str_skip(*rest, p.n + 4);
	return p;
}

static void run(struct arena *a, str rest, bool flip)
{
	struct sign_macro macro = { STR("m"), { NULL, 0 } };
	struct sign_request rq = { .macros = &macro, .n_macros = 1 };
	struct sign_rules rules = { .sign = true, .verify = flip };
	struct sign_choice *c;

	if (!str_split(&rest, '\n', &rq.user) ||
	    !str_split(&rest, '\n', &rq.domain) ||
	    !str_split(&rest, '\n', &rq.client_name) ||
	    !str_split(&rest, '\n', &macro.value) || !rest.p)
		return;
	(void)ip_parse(rq.client_name, &rq.client_ip);
	rq.recipients = &rq.client_name;
	rq.n_recipients = 1;
	rules.multiple = flip;
	rules.signing = made(a, flip ? TABLE_PATTERNS : TABLE_FILE,
			     part(&rest));
	rules.keys = made(a, TABLE_FILE, part(&rest));
	rules.macros = made(a, TABLE_LIST, part(&rest));
	rules.dont_sign_to = made(a, TABLE_LIST, part(&rest));
	c = sign_choose(&rules, &rq, a);
	if (c->action == SIGN_SIGN && !c->n_keys)
		abort();
	if (!sign_why(c, &rq, a).n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);

	if (size < 16384) {
		run(a, (str){ (const char *)data, size }, false);
		run(a, (str){ (const char *)data, size }, true);
	}
	arena_free(a);
	return 0;
}
