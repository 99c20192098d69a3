/* Addresses, messages and results in a folder. */
#include "base/buf.h"
#include "base/limits.h"
#include "inbox/spool.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[256];
static struct spool spool;
static struct arena *arena;

static int make(void **state)
{
	const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	struct err e;

	(void)state;
	(void)snprintf(dir, sizeof dir, "%s/inkan-spool.XXXXXX",
		       tmp ? tmp : "/tmp");
	arena = arena_new(4096);
	return arena && mkdtemp(dir) && spool_open(&spool, dir, true, &e) ? 0
									  : 1;
}

static int unmake(void **state)
{
	(void)state;
	/* all is over, and broken off */
	spool_sweep(&spool, time(NULL) + 100000, 0);
	spool_close(&spool);
	arena_free(arena);
	return rmdir(dir);
}

static void tokens(void **state)
{
	static const struct {
		const char *address, *token;
	} cases[] = {
		{ "score+abcdefghijklmnop@a.test", "abcdefghijklmnop" },
		{ "SCORE+ABCDEFGHIJKLMN27@A.TEST", "abcdefghijklmn27" },
		{ "abcdefghijklmnop", "abcdefghijklmnop" },
		{ "abcdefghijklmnop@", "abcdefghijklmnop" },
		{ "score+abcdefghijklmno@a.test", NULL },
		{ "score+abcdefghijklmn18@a.test", NULL },
		{ "score+abcdefghijklm/../@a.test", NULL },
		{ "@abcdefghijklmnop", NULL },
		{ "", NULL },
	};
	char token[SPOOL_TOKEN + 1];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		bool ok = spool_token_of(str_of(cases[i].address), token);

		assert_int_equal(ok, cases[i].token != NULL);
		if (ok)
			assert_string_equal(token, cases[i].token);
	}
}

static void only_ours(void **state)
{
	struct spool s;
	struct err e;

	(void)state;
	assert_int_equal(chmod(dir, 0750), 0);
	assert_false(spool_open(&s, dir, true, &e));
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_false(spool_open(&s, "/nonexistent/x", true, &e));
	assert_int_equal(e.code, ERR_CREATE);
	assert_false(spool_open(&s, "/nonexistent", false, &e));
}

static const struct spool_envelope envelope = {
	.ip = { .family = IP_V4, .b = { 192, 0, 2, 1 } },
	.helo = STR_INIT("mx\n.test"),
	.mail_from = STR_INIT("<>"),
};

static enum spool_status deliver(const char *token, const char *text)
{
	struct spool_mail m;
	struct err e;
	enum spool_status status = spool_begin(&spool, token, &envelope, &m,
					       &e);

	if (status != SPOOL_OK)
		return status;
	spool_put(&m, str_of(text));
	return spool_commit(&m, &e);
}

static void one_message(void **state)
{
	char token[SPOOL_TOKEN + 1], text[64];
	struct spool_job job;
	struct err e;
	struct stat st;
	str result;

	(void)state;
	assert_true(spool_give_out(&spool, token, &e));
	assert_true(spool_is_token(str_of(token)) &&
		    spool_knows(&spool, token));
	assert_int_equal(deliver("aaaaaaaaaaaaaaaa", "x"), SPOOL_UNKNOWN);
	assert_false(spool_next(&spool, arena, &job));
	assert_int_equal(deliver(token, "\nA: b\n\nc\n"), SPOOL_OK);
	assert_false(spool_result(&spool, arena, token, &result));
	assert_true(spool_next(&spool, arena, &job));
	assert_string_equal(job.token, token);
	assert_true(ip_equal(job.envelope.ip, envelope.ip));
	assert_str(job.envelope.helo, STR("mx?.test"));
	assert_str(job.envelope.mail_from, STR("<>"));
	assert_int_equal(fstat(job.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(read(job.fd, text, sizeof text), 9);
	assert_memory_equal(text, "\nA: b\n\nc\n", 9);
	assert_true(spool_finish(&spool, &job, STR("{}"), &e));
	assert_true(spool_result(&spool, arena, token, &result));
	assert_str(result, STR("{}"));
	assert_false(spool_next(&spool, arena, &job));
}

/* n octets of text */
static enum spool_status sized(const char *token, size_t n)
{
	static char piece[1 << 16];
	struct spool_mail m;
	struct err e;

	assert_int_equal(spool_begin(&spool, token, &envelope, &m, &e),
			 SPOOL_OK);
	for (size_t part; n; n -= part) {
		part = n < sizeof piece ? n : sizeof piece;
		spool_put(&m, (str){ piece, part });
	}
	return spool_commit(&m, &e);
}

static void finish_all(void)
{
	struct spool_job job;
	struct err e;

	while (spool_next(&spool, arena, &job))
		assert_true(spool_finish(&spool, &job, STR("{}"), &e));
}

static void bounds(void **state)
{
	char token[SPOOL_TOKEN + 1];
	struct spool_mail m[LIMIT_SCORE_WAITING], more;
	struct err e;

	(void)state;
	assert_true(spool_give_out(&spool, token, &e));
	assert_int_equal(sized(token, LIMIT_SCORE_MESSAGE), SPOOL_OK);
	assert_int_equal(sized(token, LIMIT_SCORE_MESSAGE + 1),
			 SPOOL_TOO_LARGE);
	finish_all();
	/* those that come count as those that wait */
	for (size_t i = 0; i < LIMIT_SCORE_WAITING - 1; i++)
		assert_int_equal(spool_begin(&spool, token, &envelope, &m[i],
					     &e),
				 SPOOL_OK);
	assert_int_equal(deliver(token, "x"), SPOOL_OK);
	assert_int_equal(deliver(token, "x"), SPOOL_FULL);
	spool_abandon(&m[0]);
	assert_int_equal(deliver(token, "x"), SPOOL_OK);
	assert_int_equal(spool_begin(&spool, token, &envelope, &more, &e),
			 SPOOL_FULL);
	for (size_t i = 1; i < LIMIT_SCORE_WAITING - 1; i++)
		spool_abandon(&m[i]);
	finish_all();
}

static void old_ones(void **state)
{
	const struct timespec past[2] = { { .tv_sec = 1000 },
					  { .tv_sec = 1000 } };
	char token[3][SPOOL_TOKEN + 1], name[SPOOL_NAME];
	const struct spool_entry *entry;
	struct spool_mail broken;
	struct err e;
	str result;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(spool_give_out(&spool, token[i], &e));
		assert_int_equal(deliver(token[i], "x"), SPOOL_OK);
	}
	finish_all();
	assert_int_equal(spool_begin(&spool, token[0], &envelope, &broken, &e),
			 SPOOL_OK);
	(void)snprintf(name, sizeof name, "a.%s", token[0]);
	assert_int_equal(utimensat(spool.fd, name, past, 0), 0);
	name[0] = 'r';
	assert_int_equal(utimensat(spool.fd, name, past, 0), 0);
	assert_int_equal(utimensat(spool.fd, broken.name, past, 0), 0);
	spool_sweep(&spool, 2000 + 1000, 2000);
	assert_true(spool_knows(&spool, token[0]));
	assert_int_equal(faccessat(spool.fd, broken.name, F_OK, 0), 0);
	spool_sweep(&spool, 2000 + 1001, 2000);
	assert_false(spool_knows(&spool, token[0]));
	assert_false(spool_result(&spool, arena, token[0], &result));
	assert_true(spool_result(&spool, arena, token[1], &result));
	spool_sweep(&spool, 1000 + 3601, 1 << 30);
	assert_int_equal(faccessat(spool.fd, broken.name, F_OK, 0), -1);
	spool_abandon(&broken);
	assert_in_range(spool_results(&spool, arena, &entry), 2,
			LIMIT_SCORE_RESULTS);
}

static void too_many(void **state)
{
	char token[SPOOL_TOKEN + 1], first[SPOOL_TOKEN + 1], name[SPOOL_NAME];
	const struct timespec past[2] = { { .tv_sec = 1000 },
					  { .tv_sec = 1000 } };
	const struct spool_entry *entry;
	struct err e;
	str result;

	(void)state;
	assert_true(spool_give_out(&spool, first, &e));
	(void)snprintf(name, sizeof name, "a.%s", first);
	assert_int_equal(utimensat(spool.fd, name, past, 0), 0);
	for (int i = 0; i < LIMIT_SCORE_ADDRESSES; i++) {
		int fd;

		assert_true(spool_give_out(&spool, token, &e));
		(void)snprintf(name, sizeof name, "r.%s", token);
		fd = openat(spool.fd, name, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	/* the oldest had to go */
	assert_false(spool_knows(&spool, first));
	assert_true(spool_knows(&spool, token));
	(void)snprintf(name, sizeof name, "r.%s", token);
	assert_int_equal(utimensat(spool.fd, name, past, 0), 0);
	spool_sweep(&spool, 2000, 2000);
	assert_int_equal(spool_results(&spool, arena, &entry),
			 LIMIT_SCORE_RESULTS);
	assert_false(spool_result(&spool, arena, token, &result));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),      cmocka_unit_test(only_ours),
		cmocka_unit_test(one_message), cmocka_unit_test(bounds),
		cmocka_unit_test(old_ones),    cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
