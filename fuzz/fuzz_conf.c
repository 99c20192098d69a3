/* A configuration file: settings, and what is said about them. */
#include "conf/conf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct problems problems;
	struct conf *c;

	problems_init(&problems, a);
	c = conf_new(a, &problems);
	(void)conf_parse(c, (str){ (const char *)data, size }, STR("f"));
	if (conf_finish(c) == problems_fatal(&problems))
		abort();
	for (const struct problem *p = problems.first; p; p = p->next) {
		struct buf b = buf_of(a, 8192);

		problem_write(&b, p);
		for (size_t i = 0; i < b.n; i++)
			if ((unsigned char)b.p[i] < 0x20)
				abort();
	}
	arena_free(a);
	return 0;
}
