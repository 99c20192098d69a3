/* Name servers as written, resolv.conf, and what refuses to start. */
#include "dns/client.h"
#include "dns/nameserver.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static bool note(void *arg, const char *address, struct err *e)
{
	char *out = arg;
	size_t n = strlen(out);

	(void)e;
	snprintf(out + n, 512 - n, "%s%s", n ? " " : "", address);
	return true;
}

static const struct {
	const char *text, *want; /* NULL: refused */
} rows[] = {
	{ "192.0.2.1", "192.0.2.1@53" },
	{ "192.0.2.1:5353", "192.0.2.1@5353" },
	{ "192.0.2.1@5353", "192.0.2.1@5353" },
	{ "2001:db8::1", "2001:db8::1@53" },
	{ "[2001:db8::1]", "2001:db8::1@53" },
	{ "[2001:db8::1]:5353", "2001:db8::1@5353" },
	{ "[2001:db8::1]@5353", "2001:db8::1@5353" },
	{ "2001:db8::1@5353", "2001:db8::1@5353" },
	{ "192.0.2.1:65535", "192.0.2.1@65535" },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:0", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:5x", NULL },
	{ "[2001:db8::1", NULL },
	{ "[2001:db8::1]x", NULL },
	{ "ns.example.org", NULL },
	{ "", NULL },
};

static void addresses_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		char out[512] = "";
		struct err e = { 0 };
		bool ok = dns_nameserver(rows[i].text, note, out, &e);

		if (ok != (rows[i].want != NULL))
			fail_msg("row %zu: %s", i, rows[i].text);
		if (ok)
			assert_string_equal(out, rows[i].want);
		else
			assert_non_null(strstr(e.text, "is not an address"));
	}
}

static void write_file(char path[32], const char *text)
{
	int fd;

	snprintf(path, 32, "%s", "test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

static void resolv_conf_is_read(void **state)
{
	char path[32], out[512] = "";
	struct err e = { 0 };

	(void)state;
	write_file(path, "# a comment\nsearch example.org\n"
			 "nameserver 192.0.2.1\n"
			 "  nameserver\t2001:db8::1 # trailing\n"
			 "nameserver fe80::1%eth0\n"
			 "nameservers 192.0.2.9\nnameserver\n"
			 "nameserver ns.example.org\noptions edns0");
	assert_true(dns_nameservers_of_system(path, note, out, &e));
	unlink(path);
	assert_string_equal(out, "192.0.2.1 2001:db8::1 fe80::1%eth0");
}

static void a_resolv_conf_without_servers_says_so(void **state)
{
	char path[32], out[512] = "";
	struct err e = { 0 };

	(void)state;
	write_file(path, "search example.org\n");
	assert_false(dns_nameservers_of_system(path, note, out, &e));
	unlink(path);
	assert_non_null(strstr(e.text, "names no name server"));
	assert_false(dns_nameservers_of_system(path, note, out, &e));
	assert_non_null(strstr(e.text, "No such file"));
}

static const struct {
	const char *file, *want;
} anchors[] = {
	{ "; nothing\n", "holds no DS or DNSKEY record" },
	{ "example.test. IN TXT \"x\"\n", "holds no DS or DNSKEY record" },
	{ "example.test. IN DS 1 8 x\n", ":1: " },
	{ "$INCLUDE other\n", "$INCLUDE is not read" },
};

static void a_bad_anchor_file_is_refused(void **state)
{
	static const char *const server = "192.0.2.1";

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(anchors); i++) {
		char path[32];
		struct err e = { 0 };

		write_file(path, anchors[i].file);
		assert_null(dns_client_new(
			&(struct dns_client_options){ .nameservers = &server,
						      .n_nameservers = 1,
						      .trust_anchor = path },
			&e));
		unlink(path);
		if (!strstr(e.text, anchors[i].want))
			fail_msg("row %zu: %s", i, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(resolv_conf_is_read),
		cmocka_unit_test(a_resolv_conf_without_servers_says_so),
		cmocka_unit_test(a_bad_anchor_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
