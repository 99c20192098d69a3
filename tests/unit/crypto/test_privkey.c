/* Private keys: what is read, what is refused and with which words, and that a
 * key file is written once and for its owner alone. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/limits.h"
#include "crypto/privkey.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

static char dir[64];

static const char *in_dir(char out[128], const char *name)
{
	(void)snprintf(out, 128, "%s/%s", dir, name);
	return out;
}

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-test.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "key",  "link", "fifo",
					     "text", "big",  "empty" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		(void)unlink(in_dir(path, names[i]));
	return rmdir(dir);
}

static void write_file(const char *path, str text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void is_same_key(struct arena *a, const struct privkey *x,
			const struct privkey *y)
{
	assert_non_null(y);
	assert_int_equal(privkey_type(x), privkey_type(y));
	assert_str(privkey_public(y, a), privkey_public(x, a));
}

static void written_and_read_back(void **state)
{
	struct arena *a = arena_new(4096);
	char path[128];
	struct err e;

	(void)state;
	(void)in_dir(path, "key");
	for (int i = 0; i < 2; i++) {
		struct privkey *key = privkey_generate(
			i ? KEY_ED25519 : KEY_RSA, 2048, &e);
		struct stat st;

		assert_non_null(key);
		assert_int_equal(privkey_bits(key), i ? 256 : 2048);
		assert_true(privkey_write(key, path, &e));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);

		struct privkey *again = privkey_read(path, PRIVKEY_SAFE, &e);

		is_same_key(a, key, again);
		privkey_free(again);
		assert_false(privkey_write(key, path, &e));
		assert_int_equal(e.code, ERR_CREATE);
		assert_non_null(strstr(e.text, "never overwritten"));
		assert_int_equal(unlink(path), 0);
		privkey_free(key);
	}
	arena_free(a);
}

static void never_written_through_a_link(void **state)
{
	struct err e;
	struct privkey *key = privkey_generate(KEY_ED25519, 0, &e);
	char path[128], target[128];

	(void)state;
	assert_int_equal(symlink(in_dir(target, "key"), in_dir(path, "link")),
			 0);
	assert_false(privkey_write(key, path, &e));
	assert_int_equal(e.code, ERR_CREATE);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	privkey_free(key);
}

/* The forms in which keys are found. */
static str form(struct arena *a, EVP_PKEY *pkey, int which)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	char *text;
	long n;
	str out;

	switch (which) {
	case 0:
		(void)PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
					       NULL);
		break;
	case 1:
		(void)PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL,
							   NULL, 0, NULL, NULL);
		break;
	default:
		n = i2d_PrivateKey(pkey, &der);
		out = arena_str(a, (str){ (char *)der, (size_t)n });
		OPENSSL_free(der);
		BIO_free(bio);
		return which == 2 ? out : base64_encode(a, out);
	}
	n = BIO_get_mem_data(bio, &text);
	out = arena_str(a, (str){ text, (size_t)n });
	BIO_free(bio);
	return out;
}

static str other_pem(struct arena *a, EVP_PKEY *pkey, int which)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	str out;

	if (which == 0)
		(void)PEM_write_bio_PUBKEY(bio, pkey);
	else
		(void)PEM_write_bio_PKCS8PrivateKey(
			bio, pkey, EVP_aes_128_cbc(), "pw", 2, NULL, NULL);
	out.n = (size_t)BIO_get_mem_data(bio, &text);
	out = arena_str(a, (str){ text, out.n });
	BIO_free(bio);
	return out;
}

static void every_form_is_read(void **state)
{
	struct arena *a = arena_new(4096);
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct privkey *keys[4];
	struct err e;

	(void)state;
	for (int i = 0; i < 4; i++) {
		keys[i] = privkey_parse(form(a, pkey, i), &e);
		assert_non_null(keys[i]);
		is_same_key(a, keys[0], keys[i]);
	}
	for (int i = 0; i < 4; i++)
		privkey_free(keys[i]);

	/* with its public half in front, and lines of others around */
	struct buf both = buf_of(a, LIMIT_KEY_FILE);

	buf_put(&both, STR("a remark\n"));
	buf_put(&both, other_pem(a, pkey, 0));
	buf_put(&both, form(a, pkey, 0));

	struct privkey *key = privkey_parse(buf_str(&both), &e);

	assert_non_null(key);
	privkey_free(key);
	EVP_PKEY_free(pkey);
	arena_free(a);
}

static void refused_texts(void **state)
{
	struct arena *a = arena_new(4096);
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	const struct {
		str text;
		const char *words;
	} cases[] = {
		{ STR(""), "no private key" },
		{ STR("\n \n"), "no private key" },
		{ STR("hello"), "no private key" },
		{ STR("-----BEGIN PRIVATE KEY-----\nAAAA\n"
		      "-----END PRIVATE KEY-----\n"),
		  "no private key" },
		{ str_head(form(a, rsa, 0), 300), "no private key" },
		{ str_head(form(a, rsa, 2), 300), "no private key" },
		{ other_pem(a, rsa, 0), "public key" },
		{ other_pem(a, rsa, 1), "encrypted" },
		{ form(a, weak, 0), "768 bits" },
		{ form(a, ec, 0), "neither an RSA nor an Ed25519" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct err e = { .code = ERR_NONE };

		assert_null(privkey_parse(cases[i].text, &e));
		assert_int_equal(e.code, ERR_DATA);
		if (!strstr(e.text, cases[i].words))
			print_error("row %zu: %s\n", i, e.text);
		assert_non_null(strstr(e.text, cases[i].words));
	}
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(ec);
	arena_free(a);
}

static void refused_as(const char *path, enum privkey_rules rules,
		       enum err_code code, const char *words)
{
	struct err e = { .code = ERR_NONE };

	assert_null(privkey_read(path, rules, &e));
	if (e.code != code || !strstr(e.text, words))
		print_error("%d %s\n", (int)e.code, e.text);
	assert_int_equal(e.code, code);
	assert_non_null(strstr(e.text, words));
	assert_non_null(strstr(e.text, path));
}

static void refused_files(void **state)
{
	static char big[LIMIT_KEY_FILE + 1];
	char path[128];

	(void)state;
	refused_as(dir, PRIVKEY_ANY, ERR_CONFIG, "is a directory");
	refused_as(in_dir(path, "none"), PRIVKEY_ANY, ERR_NO_INPUT,
		   "cannot open");
	assert_int_equal(mkfifo(in_dir(path, "fifo"), 0600), 0);
	refused_as(path, PRIVKEY_ANY, ERR_CONFIG, "not a regular file");
	write_file(in_dir(path, "empty"), STR(""), 0600);
	refused_as(path, PRIVKEY_ANY, ERR_CONFIG, "is empty");
	memset(big, 'A', sizeof big);
	write_file(in_dir(path, "big"), (str){ big, sizeof big }, 0600);
	refused_as(path, PRIVKEY_ANY, ERR_CONFIG, "larger than");
	write_file(in_dir(path, "text"), STR("hello\n"), 0600);
	refused_as(path, PRIVKEY_ANY, ERR_CONFIG, "no private key");
}

static void who_may_read_it(void **state)
{
	static const struct {
		mode_t mode;
		const char *words; /* NULL: fine */
	} cases[] = {
		{ 0600, NULL },
		{ 0400, NULL },
		{ 0640, NULL },
		{ 0644, "readable by others" },
		{ 0660, "writable by its group" },
		{ 0602, "writable by others" },
		{ 0666, "by others" },
	};
	struct err e;
	struct privkey *key = privkey_generate(KEY_ED25519, 0, &e);
	char path[128];

	(void)state;
	assert_true(privkey_write(key, in_dir(path, "key"), &e));
	privkey_free(key);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(chmod(path, cases[i].mode), 0);
		key = privkey_read(path, PRIVKEY_ANY, &e);
		assert_non_null(key);
		privkey_free(key);
		if (cases[i].words) {
			refused_as(path, PRIVKEY_SAFE, ERR_CONFIG,
				   cases[i].words);
			refused_as(path, PRIVKEY_SAFE, ERR_CONFIG, "chmod 600");
			continue;
		}
		key = privkey_read(path, PRIVKEY_SAFE, &e);
		assert_non_null(key);
		privkey_free(key);
	}
	assert_int_equal(unlink(path), 0);
}

static void sizes_generated(void **state)
{
	struct err e;

	(void)state;
	assert_null(privkey_generate(KEY_RSA, 1023, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_null(privkey_generate(KEY_RSA, 8193, &e));
	assert_int_equal(e.code, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read_back),
		cmocka_unit_test(never_written_through_a_link),
		cmocka_unit_test(every_form_is_read),
		cmocka_unit_test(refused_texts),
		cmocka_unit_test(refused_files),
		cmocka_unit_test(who_may_read_it),
		cmocka_unit_test(sizes_generated),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
