/* The parts of a mail, their names and what they decode to. */
#include "base/limits.h"
#include "mail/mime.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct arena *arena;
	str message;
	unsigned parts;
};

static bool on_part(void *arg, const struct mime_part *p)
{
	struct seen *s = arg;
	struct buf b = buf_of(s->arena, 1 << 20);

	assert(++s->parts <= LIMIT_MIME_PARTS);
	assert(p->depth <= LIMIT_MIME_DEPTH + 1);
	assert(!p->body.n ||
	       (p->body.p >= s->message.p &&
		p->body.p + p->body.n <= s->message.p + s->message.n));
	mime_decode(p, &b);
	assert(b.overflow || b.n <= p->body.n + 3);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct seen s = { a, { (const char *)data, size }, 0 };
	struct header top;

	(void)mime_walk(a, s.message, &top, on_part, &s);
	for (size_t i = 0; i < top.n; i++)
		(void)mime_words(a, top.fields[i].value);
	arena_free(a);
	return 0;
}
