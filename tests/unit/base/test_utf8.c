/* Text that needs no second look: found in steps of sixteen octets, as if each
 * were looked at. */
#include "base/utf8.h"
#include "test.h"

static bool is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* Every octet at every place of texts up to three steps long. */
static void plain_text(void **state)
{
	char text[48];

	(void)state;
	for (size_t n = 1; n <= sizeof text; n++)
		for (size_t at = 0; at < n; at++)
			for (unsigned c = 0; c < 256; c++) {
				size_t want = is_plain((unsigned char)c) ? n
									 : at;

				memset(text, "a\n\r\t~ "[n % 6], n);
				text[at] = (char)c;
				assert_int_equal(utf8_plain((str){ text, n }),
						 want);
			}
	assert_int_equal(utf8_plain(STR("")), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
