/* What an IMAP server says, in one piece and octet by octet; and URLs. */
#include "report/imap_read.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str all = { (const char *)data, size }, rest;
	struct imap_response r;
	struct imap_url url;
	struct buf b = buf_of(a, 1 << 20);
	uint32_t uid, sum = 0;
	size_t used = 0;

	for (str s = all; imap_take(s, &r, &used) == IMAP_RESPONSE;
	     s = str_skip(s, used)) {
		assert(used && used <= s.n);
		assert(r.head.p >= s.p && r.head.p + r.head.n <= s.p + used);
		assert(!r.literal.p ||
		       (r.literal.p > r.head.p &&
			r.literal.p + r.literal.n <= s.p + used));
		if (imap_untagged(r.head, STR("SEARCH"), &rest))
			while (imap_search(&rest, &uid))
				sum += uid;
	}
	for (size_t n = 0; n < size && n < 300; n++)
		(void)imap_take(str_head(all, n), &r, &used);
	if (imap_url_parse(a, all, &url))
		assert(url.host.n && url.folder.p);
	(void)imap_quote(&b, all);
	arena_free(a);
	return (int)(sum & 0);
}
