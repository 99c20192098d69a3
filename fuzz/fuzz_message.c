/* A message as a stream: where it is cut does not matter; its header fields
 * are found and canonicalized. */
#include "base/limits.h"
#include "dkim/canon.h"
#include "mail/feed.h"
#include "mail/message.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct arena *arena;
	struct header header;
	struct buf body;
	int ends;
};

static void field(void *arg, str raw)
{
	struct seen *seen = arg;

	assert(!seen->ends);
	(void)header_add_raw(&seen->header, raw);
}

static void end_of_header(void *arg)
{
	((struct seen *)arg)->ends++;
}

static void body(void *arg, str chunk)
{
	struct seen *seen = arg;

	assert(seen->ends == 1);
	buf_put(&seen->body, chunk);
}

static struct seen read_message(struct arena *a, str message, size_t chunk)
{
	struct seen *seen = arena_new_of(a, struct seen);
	struct feed_sink sink = { seen, field, NULL, end_of_header, body };
	struct feed *f = feed_new(a, &sink);

	seen->header = header_of(a, 0, 0);
	seen->body = buf_of(a, 1 << 24);
	for (size_t i = 0; i < message.n; i += chunk)
		feed_put(f, str_head(str_skip(message, i), chunk));
	feed_end(f);
	assert(seen->ends == 1);
	return *seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 16);
	str message = { (const char *)data, size };
	struct seen whole = read_message(a, message, size ? size : 1);
	struct seen cut = read_message(a, message, 3);

	assert(str_eq(buf_str(&whole.body), buf_str(&cut.body)));
	assert(whole.header.n == cut.header.n);
	assert(whole.header.malformed == cut.header.malformed);
	for (size_t i = 0; i < whole.header.n; i++) {
		const struct field *f = &whole.header.fields[i];
		struct buf out = buf_of(a, LIMIT_HEADER_BYTES);

		assert(str_eq(f->raw, cut.header.fields[i].raw));
		canon_header(&out, CANON_RELAXED, f->raw);
		assert(!out.overflow && out.n <= f->raw.n);
		assert(header_find(&whole.header, f->name, 0));
	}
	arena_free(a);
	return 0;
}
