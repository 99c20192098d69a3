/* Address lists: the strict reader, the signer's search, the author. */
#include "mail/address.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str value = { (const char *)data, size };
	struct header h = header_of(a, 0, 0);
	struct mailboxes list;
	struct mailbox first;
	struct author author;

	bool ok = mailboxes_parse(a, value, &list);
	bool found = mailbox_first(a, value, &first);

	assert(ok == (list.why == NULL));
	for (size_t i = 0; i < list.n; i++)
		assert(list.box[i].domain.n);
	if (ok && list.n)
		assert(found && str_eq(first.domain, list.box[0].domain));
	header_add(&h, STR("From"), value);
	if (author_of(a, &h, &author))
		assert(author.domain.n && !author.why);
	else
		assert(author.why);
	arena_free(a);
	return 0;
}
