/* selfsigned: a certificate and its key in one file, whose name and time are as
 * asked for. */
#include "crypto/cert.h"
#include "crypto/selfsigned.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW = 1796000000, DAY = 86400 };

static str slurp(const char *path, char *to, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, max, f);
	(void)fclose(f);
	return (str){ to, n };
}

static void made_for(const char *host, bool good)
{
	char dir[] = "/tmp/inkan-selfsigned.XXXXXX", path[64], text[8192];
	struct cert *c;
	struct stat st;
	struct err e;
	str pem;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/x.pem", dir);
	assert_int_equal(selfsigned_write(path, str_of(host), NOW, &e), good);
	if (good) {
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		pem = slurp(path, text, sizeof text);
		c = cert_read(pem);
		assert_non_null(c);
		assert_true(cert_names(c, str_of(host)));
		assert_false(cert_names(c, STR("other.example")));
		assert_true(cert_has_key(c, pem));
		assert_true(cert_not_after(c) > NOW + 3600LL * DAY);
		cert_free(c);
		/* never over another */
		assert_false(selfsigned_write(path, str_of(host), NOW, &e));
		assert_int_equal(e.code, ERR_CREATE);
	}
	(void)unlink(path);
	(void)rmdir(dir);
}

static void makes(void **state)
{
	static const char long_name[] =
		"a-label-that-is-rather-long-for-a-name.of-a-host-that-"
		"nobody-types.example.org";
	char too_long[300];

	(void)state;
	made_for("mail.example.org", true);
	made_for(long_name, true);
	memset(too_long, 'a', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	made_for(too_long, false);
	made_for("", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(makes) };

	return cmocka_run_group_tests_name("selfsigned", tests, NULL, NULL);
}
