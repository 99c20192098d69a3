/* Body canonicalization and hashes: where the body is cut does not matter, and
 * canonicalizing what is canonical changes nothing.  The first byte chooses
 * the chunk size, the second a length limit. */
#include "base/buf.h"
#include "dkim/bodyhash.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WANTS = 4 };

static void put(void *arg, const char *p, size_t n)
{
	buf_put(arg, (str){ p, n });
}

static str canonical(struct arena *a, enum canon canon, str body)
{
	struct canon_body *b = arena_new_of(a, struct canon_body);
	struct buf *out = arena_new_of(a, struct buf);

	*out = buf_of(a, 1 << 24);
	canon_body_init(b, canon, put, out);
	canon_body_feed(b, body);
	canon_body_end(b);
	return buf_str(out);
}

static struct bodyhash *hashed(struct arena *a, str body, size_t chunk,
			       int64_t length)
{
	struct bodyhash *b = bodyhash_new(a);

	for (unsigned i = 0; i < WANTS; i++)
		(void)bodyhash_want(b, i & 1 ? CANON_RELAXED : CANON_SIMPLE,
				    HASH_SHA256, i & 2 ? length : -1);
	for (size_t i = 0; i < body.n; i += chunk)
		bodyhash_feed(b, str_head(str_skip(body, i), chunk));
	bodyhash_end(b);
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;

	struct arena *a = arena_new(1 << 16);
	str body = { (const char *)data + 2, size - 2 };
	size_t chunk = data[0] ? data[0] : 1;
	struct bodyhash *whole = hashed(a, body, body.n + 1, data[1]);
	struct bodyhash *cut = hashed(a, body, chunk, data[1]);

	for (unsigned i = 0; i < WANTS; i++) {
		enum canon canon = i & 1 ? CANON_RELAXED : CANON_SIMPLE;
		str text = canonical(a, canon, body);
		str part = i & 2 ? str_head(text, data[1]) : text;

		assert(str_eq(canonical(a, canon, text), text));
		assert(hash_equal(bodyhash_digest(whole, i),
				  hash_of(a, HASH_SHA256, part)));
		assert(hash_equal(bodyhash_digest(whole, i),
				  bodyhash_digest(cut, i)));
		assert(bodyhash_length(whole, i) == text.n);
		assert(bodyhash_length(cut, i) == text.n);
	}
	arena_free(a);
	return 0;
}
