/* main.cf: settings and their values with all names expanded. */
#include "doctor/maincf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look_up(const void *arg, str name, str *value)
{
	const struct maincf_setting *s = maincf_find(arg, name);

	if (s)
		*value = s->value;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct maincf m;

	if (size < 16384) {
		maincf_parse(a, (str){ (const char *)data, size },
			     (struct map_seed){ 1, 2 }, &m);
		for (size_t i = 0; i < m.n && i < 16; i++) {
			const struct maincf_setting *s = m.in_order[i];

			if (s->end < s->line || !s->name.n)
				abort();
			(void)maincf_expand(a, s->value, look_up, &m);
		}
	}
	arena_free(a);
	return 0;
}
