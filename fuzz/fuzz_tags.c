/* tags_parse: every slice lies in the input, names are unique. */
#include "dkim/tags.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(8192);
	str text = { (const char *)data, size };
	struct tags tags;
	const char *why = NULL;

	if (tags_parse(a, text, &tags, &why)) {
		for (size_t i = 0; i < tags.n; i++) {
			const struct tag *t = &tags.tag[i];

			assert(t->name.p >= text.p);
			assert(t->room.p + t->room.n <= text.p + text.n);
			for (size_t j = 0; j < i; j++)
				assert(!str_eq(t->name, tags.tag[j].name));
			for (str rest = t->value, e; tags_element(&rest, &e);)
				assert(e.n <= t->value.n);
		}
	} else {
		assert(why);
	}
	arena_free(a);
	return 0;
}
