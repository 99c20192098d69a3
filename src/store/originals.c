#include "store/originals.h"

#include "base/ascii.h"
#include "store/backend.h"
#include "store/question.h"

enum { PART = 1 << 20 };

bool store_put_original(struct store *s, str octets, int64_t now, struct err *e)
{
	uint64_t n = 0;

	if (octets.n > STORE_ORIGINAL_MAX)
		return true;
	for (; octets.n; octets = str_skip(octets, PART))
		if (!s->ops->put_original(s, ++n, now / 86400,
					  str_head(octets, PART), e))
			return false;
	return true;
}

/* SQLite gives octets, PostgreSQL "\x" and two digits for each; no archive begins
 * like that. */
static bool take_part(void *arg, const str *c)
{
	struct buf *out = arg;
	str s = c[0];

	if (!str_starts(s, STR("\\x"))) {
		buf_put(out, s);
		return true;
	}
	for (size_t i = 2; i + 1 < s.n; i += 2)
		buf_putc(out, (char)(ascii_hex(s.p[i]) * 16 +
				     ascii_hex(s.p[i + 1])));
	return true;
}

bool store_original(struct store *s, str domain, uint64_t report,
		    struct buf *out, struct err *e)
{
	struct arena *arena = arena_new(4096);
	struct question q;
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (arena && arena_enter(arena)) {
		q = question_new(arena);
		question_put(&q, "SELECT octets FROM original WHERE domain = ");
		question_text(&q, domain);
		question_put(&q, " AND report = ");
		question_number(&q, (int64_t)report);
		question_put(&q, " ORDER BY n");
		ok = question_ask(&q, s, take_part, out, e);
		arena_leave(arena);
	}
	arena_free(arena);
	return ok;
}

static bool take_none(void *arg, const str *c)
{
	(void)arg, (void)c;
	return true;
}

bool store_prune_originals(struct store *s, int64_t before, struct err *e)
{
	struct arena *arena = arena_new(4096);
	struct question q;
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (arena && arena_enter(arena)) {
		q = question_new(arena);
		question_put(&q, "DELETE FROM original WHERE day < ");
		question_number(&q, before);
		ok = question_ask(&q, s, take_none, NULL, e);
		arena_leave(arena);
	}
	arena_free(arena);
	return ok;
}
