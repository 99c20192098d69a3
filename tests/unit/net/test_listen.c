#include "net/listen.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/inkan-net-XXXXXX";

static struct net_address address(const char *name)
{
	struct net_address a = { .kind = NET_UNIX };

	(void)snprintf(a.path, sizeof a.path, "%s/%s", dir, name);
	return a;
}

static void socket_mode_follows_umask(void **state)
{
	struct net_address a = address("mode");
	int fds[NET_LISTEN_MAX];
	struct stat st;
	struct err e;
	size_t n;

	(void)state;
	mode_t old = umask(007);

	assert_true(net_listen(&a, fds, &n, &e));
	umask(old);
	assert_int_equal(n, 1);
	assert_int_equal(stat(a.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0770);
	close(fds[0]);
	net_unlink(&a);
	assert_int_equal(access(a.path, F_OK), -1);
}

/* No /etc/hosts has this name. */
static void localhost_needs_no_file(void **state)
{
	struct net_address a;
	int fds[NET_LISTEN_MAX];
	struct err e;
	size_t n;

	(void)state;
	assert_true(net_address_parse(STR("inet:1@inkan.LocalHost"), &a, &e));
	a.port[0] = '0'; /* any that is free */
	if (!net_listen(&a, fds, &n, &e))
		fail_msg("%s", e.text);
	assert_int_equal(n, 1);
	close(fds[0]);
}

static void replaces_a_stale_socket_only(void **state)
{
	struct net_address a = address("stale");
	int fds[NET_LISTEN_MAX], again[NET_LISTEN_MAX], client;
	struct err e;
	size_t n;

	(void)state;
	assert_true(net_listen(&a, fds, &n, &e));
	assert_false(net_listen(&a, again, &n, &e)); /* somebody listens */
	assert_int_equal(e.code, ERR_CREATE);
	assert_true(net_connect(&a, &client, &e));
	close(client);
	close(fds[0]);
	assert_true(net_listen(&a, fds, &n, &e)); /* nobody does */
	close(fds[0]);
	net_unlink(&a);

	int fd = open(a.path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_false(net_listen(&a, fds, &n, &e)); /* a file is not ours */
	net_unlink(&a);
	assert_int_equal(access(a.path, F_OK), 0);
	assert_int_equal(unlink(a.path), 0);
}

static void needs_both_variables(void **state)
{
	int first;

	(void)state;
	assert_int_equal(net_inherited(&first), 0);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(net_inherited(&first), 0);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_mode_follows_umask),
		cmocka_unit_test(localhost_needs_no_file),
		cmocka_unit_test(replaces_a_stale_socket_only),
		cmocka_unit_test(needs_both_variables),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
