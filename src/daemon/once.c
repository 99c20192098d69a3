#include "daemon/once.h"

#include "daemon/resolve.h"
#include "verify/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

enum { CHUNK = 65536 };

static bool feed_file(struct feed *feed, int fd)
{
	static char chunk[CHUNK];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		feed_put(feed, (str){ chunk, (size_t)n });
	feed_end(feed);
	return n == 0;
}

static void put_name(str s)
{
	for (size_t i = 0; i < s.n; i++)
		putchar(s.p[i] > ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
}

static void print_row(const struct verdict_dkim *r, unsigned verbose)
{
	fputs("\t", stdout);
	fputs(dkim_result_word(r->result), stdout);
	fputs(" d=", stdout);
	put_name(r->domain);
	fputs(" s=", stdout);
	put_name(r->selector);
	if (verbose) {
		fputs(" a=", stdout);
		put_name(r->algorithm);
		printf(" (%u-bit key)", r->key_bits);
	}
	if (r->reason)
		printf(": %s", r->reason);
	putchar('\n');
}

static void print_verdict(const char *name, const struct verdict *v,
			  unsigned verbose)
{
	if (!v->n_dkim)
		printf("%s: message not signed\n", name);
	else
		printf("%s: verification (dkim=%s)\n", name,
		       dkim_result_word(v->dkim));
	for (size_t i = 0; i < v->n_dkim; i++)
		print_row(&v->dkim_rows[i], verbose);
}

struct test {
	const struct options *o;
	struct resolver *resolver;
	struct event_base *base;
};

/* One loop for all: whichever resolver it is, its events are on this base. */
static void run_to_end(struct test *t, struct verify *v)
{
	while (!verify_run(v))
		if (event_base_loop(t->base, EVLOOP_ONCE) != 0)
			verify_give_up(v);
}

static int test_fd(struct test *t, const char *name, int fd)
{
	struct verify_options vo = verify_defaults(
		t->o->fixed_time >= 0 ? t->o->fixed_time : (int64_t)time(NULL));
	struct verify *v = verify_new(&vo, t->resolver);
	struct arena *arena = arena_new(4096);
	const struct feed_sink sink = verify_sink(v);
	int status = 0;

	if (!v || !arena) {
		fprintf(stderr, "%s: out of memory\n", name);
		status = 70;
	} else if (!feed_file(feed_new(arena, &sink), fd)) {
		perror(name);
		status = 66;
	} else {
		verify_end(v);
		run_to_end(t, v);
		print_verdict(name, verify_verdict(v), t->o->verbose);
		status = verify_verdict(v)->dkim == DKIM_PASS ? 0 : 1;
	}
	verify_free(v);
	arena_free(arena);
	return status;
}

static int test_file(struct test *t, str path)
{
	char name[4096];
	int fd, status;

	if (str_eq(path, STR("-")))
		return test_fd(t, "(stdin)", STDIN_FILENO);
	(void)snprintf(name, sizeof name, "%.*s", STR_ARG(path));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(name);
		return 66;
	}
	status = test_fd(t, name, fd);
	close(fd);
	return status;
}

int once_test(const struct options *o, const struct snapshot *s)
{
	struct test t = { .o = o, .base = event_base_new() };
	struct err e = { .text = "out of memory" };
	str rest = str_of(o->test_files), path;
	int worst = 0;

	if (t.base)
		t.resolver = resolve_new(t.base, s, &e);
	if (!t.resolver) {
		fprintf(stderr, "inkand: %s\n", e.text);
		return 70;
	}
	while (str_split(&rest, ',', &path)) {
		int status = test_file(&t, path);

		worst = status > worst ? status : worst;
	}
	resolver_free(t.resolver);
	event_base_free(t.base);
	return worst;
}

int once_extract(const struct options *o, const struct snapshot *s)
{
	str name = str_of(o->extract);
	const struct conf_value *v = conf_found(s->conf, name);
	const struct conf_key *key = conf_key(name);

	if (!key) {
		fprintf(stderr, "inkand: there is no setting %s\n", o->extract);
		return 64;
	}
	for (; v; v = v->older)
		printf("%.*s\n", STR_ARG(v->value));
	return 0;
}
