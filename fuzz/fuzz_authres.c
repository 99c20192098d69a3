/* Authentication-Results: read, recognised, and written from what was read. */
#include "base/limits.h"
#include "mail/authres.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written has no control byte and can be read. */
static void write_back(struct arena *a, struct authres *r, bool utf8)
{
	struct buf out = buf_of(a, (size_t)2 * LIMIT_AUTHRES_BYTES);
	struct authres again;

	r->utf8 = utf8;
	authres_write(&out, 23, r);

	str text = buf_str(&out);

	for (size_t i = 0; i < text.n; i++)
		assert((unsigned char)text.p[i] >= ' ' || text.p[i] == '\r' ||
		       text.p[i] == '\n');
	if (out.overflow)
		return;

	bool ok = authres_parse(a, text, &again);

	assert(ok);
	assert(again.n <= r->n);
	assert(str_eq(again.id, r->id) || !utf8 || r->id.n > 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str ids[] = { STR_INIT("mx.example"), STR_INIT(".b.c") };
	struct arena *a = arena_new(4096);
	str value = { (const char *)data, size };
	struct authres r;
	bool ok = authres_parse(a, value, &r);
	bool known = authres_version_known(value);
	bool ours = authres_claims(value, ids, 2);

	if (ok)
		assert(known);
	if (ok && str_ieq(r.id, ids[0]))
		assert(ours);
	if (ok && !r.sloppy) {
		write_back(a, &r, true);
		write_back(a, &r, false);
	}
	arena_free(a);
	return 0;
}
