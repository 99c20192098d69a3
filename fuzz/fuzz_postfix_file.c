/* main.cf and master.cf: any text; a setting that was set is there, and setting
 * it again changes nothing. */
#include "setup/diff.h"
#include "setup/postfix_file.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(str text)
{
	struct masterfile_service s;
	str value, element;
	size_t at = 0;

	while (masterfile_next(text, &at, &s))
		(void)masterfile_option(&s, STR("smtpd_milters"), &value);
	while (postfix_list_next(&text, &element))
		assert(element.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 14);
	struct mainfile_setting s = { STR("smtpd_milters"), STR("unix:a b") };
	struct buf diff = buf_of(arena, 1 << 20);
	str text = { (const char *)data, size }, once;

	if (size > 4096) {
		arena_free(arena);
		return 0;
	}
	walk(text);
	once = mainfile_set(arena, text, &s, 1);
	assert(str_eq(mainfile_get(arena, once, s.name), s.value));
	assert(str_eq(mainfile_set(arena, once, &s, 1), once));
	diff_write(arena, &diff, "f", text, once, 3);
	arena_free(arena);
	return 0;
}
