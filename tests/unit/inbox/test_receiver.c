/* A session's time is over, whether its client is silent or talks. */
#include "inbox/receiver.h"
#include "net/listen.h"
#include "test.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[80];
static struct spool spool;
static struct receiver_options options;
static struct receiver *receiver;

static int make(void **state)
{
	const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	struct err e;

	(void)state;
	/* the path of a socket has little room */
	(void)snprintf(dir, sizeof dir, "%s/inkan-smtp.XXXXXX",
		       tmp && strlen(tmp) < 50 ? tmp : "/tmp");
	if (!mkdtemp(dir) || !spool_open(&spool, dir, false, &e))
		return 1;
	options = (struct receiver_options){
		.address = { .kind = NET_UNIX },
		.spool = &spool,
		.name = "a.test",
		.prefix = "score+",
		.domain = "a.test",
		.idle_seconds = 1,
		.session_seconds = 2,
	};
	(void)snprintf(options.address.path, sizeof options.address.path,
		       "%s/s", dir);
	receiver = receiver_new(&options, &e);
	return receiver && receiver_start(receiver, &e) ? 0 : 1;
}

static int unmake(void **state)
{
	(void)state;
	receiver_free(receiver);
	spool_close(&spool);
	return rmdir(dir);
}

/* All that a session says until it is ended; every now and then we say that. */
static str hear(const char *talk, char *text, size_t max)
{
	struct pollfd p = { .events = POLLIN };
	struct err e;
	size_t n = 0;
	ssize_t got;

	assert_true(net_connect(&options.address, &p.fd, &e));
	for (int i = 0; i < 600; i++) {
		if (poll(&p, 1, 100) > 0) {
			got = recv(p.fd, text + n, max - n, 0);
			if (got <= 0)
				break;
			n += (size_t)got;
		} else if (*talk) {
			(void)send(p.fd, talk, strlen(talk), MSG_NOSIGNAL);
		}
	}
	close(p.fd);
	return (str){ text, n };
}

static void silence(void **state)
{
	char text[16384];

	(void)state;
	assert_str(hear("", text, sizeof text),
		   STR("220 a.test ESMTP\r\n421 4.4.2 Too slow, closing\r\n"));
}

static void talk(void **state)
{
	char text[16384];
	str said;

	(void)state;
	said = hear("NOOP\r\n", text, sizeof text);
	assert_true(str_starts(said, STR("220 a.test ESMTP\r\n250 2.0.0 Ok")));
	assert_true(str_iends(said, STR("421 4.4.2 Too slow, closing\r\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence),
		cmocka_unit_test(talk),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
