/* milter_load: many MTA sessions in one process, to weigh a filter.
 *
 *	milter_load -p SOCKET [-P PID]... [-c CONNECTIONS] [-n MESSAGES] [-1] [FILE]
 *
 * Sends FILE (or a message of 2 KB) as an authenticated user, again and again,
 * on all connections at once; -1 opens a connection for each message, as an MTA
 * does for local mail.  Prints one line: messages, seconds, the filter's CPU
 * microseconds per message (of all -P), milliseconds at the 50th and 99th percentile,
 * the filter's peak memory in KB, and how many messages were changed. */
#include "base/cur.h"
#include "milter/codec.h"
#include "milter/proto.h"
#include "net/listen.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 65535, OUT_MAX = 64 << 20, IN_MAX = 4 << 20, PIDS_MAX = 64 };

enum phase {
	NEGOTIATE,
	CONNECT,
	HELO,
	MAIL,
	RCPT,
	DATA,
	HEADER,
	END_OF_HEADERS,
	BODY,
	END
};

struct session {
	int fd; /* -1: none */
	struct buf in, out;
	uint32_t steps;
	enum phase phase; /* whose reply is waited for */
	size_t header_at, body_at;
	bool changed;
	double began;
};

static struct {
	struct net_address address;
	str header, body;
	size_t messages, started, done, changed, refused;
	bool one_each;
	double *took; /* milliseconds */
} load;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void flush(struct session *s)
{
	for (size_t sent = 0; sent < s->out.n;) {
		ssize_t n = send(s->fd, s->out.p + sent, s->out.n - sent,
				 MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			die("send");
		sent += n > 0 ? (size_t)n : 0;
	}
	s->out.n = 0;
}

static void put(struct session *s, char command, str data)
{
	milter_put(&s->out, command, data);
}

#define PUT(s, command, literal) put((s), (command), STR(literal))

static void put_negotiation(struct session *s)
{
	PUT(s, MILTER_NEGOTIATE, "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff");
}

/* One field, and on; true while there are more. */
static bool put_field(struct session *s)
{
	str rest = str_skip(load.header, s->header_at);
	struct buf b = { .max = OUT_MAX };
	size_t n = 0;

	if (!rest.n)
		return false;
	while (n < rest.n && !(rest.p[n] == '\n' &&
			       (n + 1 == rest.n || (rest.p[n + 1] != ' ' &&
						    rest.p[n + 1] != '\t'))))
		n++;

	str line = str_head(rest, n);
	size_t colon = str_find(line, ':');

	PUT(s, MILTER_MACRO, "Li\0QUEUEID1\0");
	milter_put_string(&b, str_head(line, colon));
	milter_put_string(&b, str_skip(line, colon + 1));
	put(s, MILTER_HEADER, buf_str(&b));
	buf_free(&b);
	s->header_at += n + 1;
	return true;
}

static bool put_chunk(struct session *s)
{
	str rest = str_skip(load.body, s->body_at);

	if (!rest.n)
		return false;
	put(s, MILTER_BODY, str_head(rest, CHUNK));
	s->body_at += CHUNK;
	return true;
}

/* Puts the packet of a phase; false when there is none (any more). */
static bool put_phase(struct session *s)
{
	switch (s->phase) {
	case NEGOTIATE:
		put_negotiation(s);
		return true;
	case CONNECT:
		PUT(s, MILTER_MACRO, "Cj\0mx.example.org\0");
		PUT(s, MILTER_CONNECT,
		    "client.example\0"
		    "4xx198.51.100.1\0");
		return true;
	case HELO:
		PUT(s, MILTER_MACRO, "H");
		if (s->steps & MILTER_NO_HELO)
			return false;
		PUT(s, MILTER_HELO, "client.example\0");
		return true;
	case MAIL:
		s->header_at = s->body_at = 0;
		s->changed = false;
		s->began = now();
		PUT(s, MILTER_MACRO, "M{auth_type}\0PLAIN\0{auth_authen}\0a\0");
		PUT(s, MILTER_MAIL, "<a@example.org>\0");
		return true;
	case RCPT:
		PUT(s, MILTER_MACRO, "R{rcpt_addr}\0b@example.net\0");
		PUT(s, MILTER_RCPT, "<b@example.net>\0");
		return true;
	case DATA:
		PUT(s, MILTER_MACRO, "Ti\0QUEUEID1\0");
		if (s->steps & MILTER_NO_DATA)
			return false;
		PUT(s, MILTER_DATA, "");
		return true;
	case HEADER:
		return put_field(s);
	case END_OF_HEADERS:
		PUT(s, MILTER_MACRO, "Ni\0QUEUEID1\0");
		PUT(s, MILTER_END_OF_HEADERS, "");
		return true;
	case BODY:
		return put_chunk(s);
	default:
		PUT(s, MILTER_MACRO, "Ei\0QUEUEID1\0");
		PUT(s, MILTER_END, "");
		return true;
	}
}

static bool answered(const struct session *s)
{
	static const uint32_t no_reply[] = {
		[NEGOTIATE] = 0,
		[CONNECT] = MILTER_NR_CONNECT,
		[HELO] = MILTER_NR_HELO,
		[MAIL] = MILTER_NR_MAIL,
		[RCPT] = MILTER_NR_RCPT,
		[DATA] = MILTER_NR_DATA,
		[HEADER] = MILTER_NR_HEADER,
		[END_OF_HEADERS] = MILTER_NR_END_OF_HEADERS,
		[BODY] = MILTER_NR_BODY,
		[END] = 0,
	};

	return !(s->steps & no_reply[s->phase]);
}

/* Sends until a reply is due. */
static void go_on(struct session *s)
{
	for (;;) {
		if (!put_phase(s))
			s->phase++;
		else if (answered(s))
			break;
		else if (s->phase != HEADER && s->phase != BODY)
			s->phase++;
	}
	flush(s);
}

static void hang_up(struct session *s)
{
	PUT(s, MILTER_QUIT, "");
	flush(s);
	close(s->fd);
	s->fd = -1;
	s->in.n = 0;
}

static void dial(struct session *s)
{
	struct err e;

	if (!net_connect(&load.address, &s->fd, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(EXIT_FAILURE);
	}
	s->steps = 0;
	s->phase = NEGOTIATE;
	go_on(s);
}

static void next_message(struct session *s)
{
	load.took[load.done++] = now() - s->began;
	load.changed += s->changed;
	PUT(s, MILTER_ABORT, "");
	if (load.started == load.messages) {
		hang_up(s);
		return;
	}
	load.started++;
	if (load.one_each) {
		hang_up(s);
		dial(s);
		return;
	}
	s->phase = MAIL;
	go_on(s);
}

static bool is_change(char c)
{
	return strchr("ihmq+2-be", c) != NULL;
}

static void on_reply(struct session *s, const struct milter_frame *f)
{
	struct cur data = cur_of(f->data);
	uint32_t skip;

	if (f->command == MILTER_REPLY_PROGRESS)
		return;
	if (is_change(f->command)) {
		s->changed = true;
		return;
	}
	if (f->command == MILTER_NEGOTIATE) {
		if (!milter_take_u32(&data, &skip) ||
		    !milter_take_u32(&data, &skip) ||
		    !milter_take_u32(&data, &s->steps))
			die("negotiation");
	} else if (f->command == MILTER_REPLY_SKIP) {
		s->body_at = load.body.n;
	} else if (f->command != MILTER_REPLY_CONTINUE || s->phase == END) {
		load.refused += f->command != MILTER_REPLY_CONTINUE &&
				f->command != MILTER_REPLY_ACCEPT;
		next_message(s);
		return;
	}
	if (s->phase != HEADER && s->phase != BODY)
		s->phase++;
	go_on(s);
}

static void on_readable(struct session *s)
{
	char *to = buf_room(&s->in, CHUNK);
	ssize_t n = to ? recv(s->fd, to, CHUNK, 0) : -1;
	struct milter_frame f;
	size_t taken = 0;

	if (n <= 0)
		die("the filter closed the connection");
	s->in.n += (size_t)n;
	while (s->fd >= 0) {
		struct cur c = { s->in.p + taken, s->in.p + s->in.n };

		if (milter_take(&c, IN_MAX, &f) != MILTER_TAKEN)
			break;
		taken = (size_t)(c.p - s->in.p);
		on_reply(s, &f);
		if (!s->in.n)
			return; /* a new connection began */
	}
	if (s->fd >= 0) {
		memmove(s->in.p, s->in.p + taken, s->in.n - taken);
		s->in.n -= taken;
	}
}

static void run(size_t connections)
{
	struct session *all = calloc(connections, sizeof *all);
	struct pollfd *fds = calloc(connections, sizeof *fds);

	if (!all || !fds)
		die("memory");
	for (size_t i = 0; i < connections; i++) {
		all[i] = (struct session){ .fd = -1,
					   .in = { .max = IN_MAX },
					   .out = { .max = OUT_MAX } };
		if (load.started < load.messages) {
			load.started++;
			dial(&all[i]);
		}
	}
	while (load.done < load.messages) {
		for (size_t i = 0; i < connections; i++)
			fds[i] = (struct pollfd){ all[i].fd, POLLIN, 0 };
		if (poll(fds, connections, 60000) <= 0)
			die("no reply in a minute");
		for (size_t i = 0; i < connections; i++)
			if (fds[i].revents)
				on_readable(&all[i]);
	}
	for (size_t i = 0; i < connections; i++) {
		if (all[i].fd >= 0)
			close(all[i].fd);
		buf_free(&all[i].in);
		buf_free(&all[i].out);
	}
	free(all);
	free(fds);
}

/* The processes of the filter: their threads are counted with them. */
struct processes {
	long pids[PIDS_MAX];
	size_t n;
};

/* CPU seconds of a process so far; and its peak memory is added to *peak_kb. */
static double cpu_of(long pid, unsigned long *peak_kb)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (!f || !fgets(line, sizeof line, f))
		die(path);
	fclose(f);

	char *p = strrchr(line, ')');

	for (int i = 0; p && i < 12; i++)
		p = strchr(p + 1, ' ');
	if (p) {
		user = strtoul(p, &p, 10);
		system = strtoul(p, &p, 10);
	}
	(void)snprintf(path, sizeof path, "/proc/%ld/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			*peak_kb += strtoul(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_all(const struct processes *all, unsigned long *peak_kb)
{
	double sum = 0;

	*peak_kb = 0;
	for (size_t i = 0; i < all->n; i++)
		sum += cpu_of(all->pids[i], peak_kb);
	return sum;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static str built_in(void)
{
	static char text[4096];
	size_t n = (size_t)snprintf(
		text, sizeof text,
		"Received: from client.example (client.example [198.51.100.1])\n"
		"\tby mx.example.org (Postfix) with ESMTPSA id QUEUEID1\n"
		"\tfor <b@example.net>; Thu,  1 Jan 2026 00:00:00 +0000 (UTC)\n"
		"Date: Thu, 1 Jan 2026 00:00:00 +0000\n"
		"From: \"A. Author\" <a@example.org>\nTo: b@example.net\n"
		"Message-ID: <1.2.3@example.org>\nSubject: a message\n"
		"MIME-Version: 1.0\nContent-Type: text/plain; "
		"charset=\"utf-8\"\nContent-Transfer-Encoding: 7bit\n"
		"User-Agent: none\nX-One: 1\nX-Two: 2\n\n");

	while (n < 2600)
		n += (size_t)snprintf(text + n, sizeof text - n,
				      "a line of text that is sixty-two "
				      "octets long with its end\r\n");
	return (str){ text, n };
}

/* As a mail queue has it: every line ends in CRLF. */
static str with_crlf(str text)
{
	struct buf b = { .max = 128 << 20 };

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_putc(&b, '\r');
		buf_putc(&b, text.p[i]);
	}
	return buf_str(&b);
}

static str read_all(const char *path)
{
	struct buf b = { .max = 64 << 20 };
	FILE *f = fopen(path, "rb");
	char *to;
	size_t n;

	if (!f)
		die(path);
	while ((to = buf_room(&b, CHUNK)) && (n = fread(to, 1, CHUNK, f)) > 0)
		b.n += n;
	fclose(f);
	return buf_str(&b);
}

static void split(str message)
{
	for (size_t i = 0; i + 1 < message.n; i++)
		if (message.p[i] == '\n' && message.p[i + 1] == '\n') {
			load.header = str_head(message, i + 1);
			load.body = with_crlf(str_skip(message, i + 2));
			return;
		}
	load.header = message;
}

static size_t number(const char *text)
{
	struct cur c = cur_of(str_of(text));
	uint32_t n = 0;

	if (!cur_uint(&c, 100000000, &n) || !n)
		die(text);
	return n;
}

int main(int argc, char **argv)
{
	size_t connections = 1;
	unsigned long peak = 0;
	double cpu, began;
	struct processes filter = { .n = 0 };
	struct err e;
	int letter;

	load.messages = 1000;
	while ((letter = getopt(argc, argv, "p:P:c:n:1")) != -1) {
		if (letter == 'p' &&
		    !net_address_parse(str_of(optarg), &load.address, &e))
			die(e.text);
		else if (letter == 'P' && filter.n < PIDS_MAX)
			filter.pids[filter.n++] = (long)number(optarg);
		else if (letter == 'c')
			connections = number(optarg);
		else if (letter == 'n')
			load.messages = number(optarg);
		else if (letter == '1')
			load.one_each = true;
	}
	split(optind < argc ? read_all(argv[optind]) : built_in());
	load.took = calloc(load.messages, sizeof *load.took);
	if (!load.took)
		die("memory");
	cpu = cpu_of_all(&filter, &peak);
	began = now();
	run(connections);

	double seconds = (now() - began) / 1e3;
	size_t n = load.messages;

	cpu = cpu_of_all(&filter, &peak) - cpu;
	qsort(load.took, n, sizeof *load.took, by_size);
	printf("%zu %.3f %.1f %.3f %.3f %lu %zu %zu\n", n, seconds,
	       cpu * 1e6 / (double)n, load.took[n / 2],
	       load.took[n - 1 - n / 100], peak, load.changed, load.refused);
	free(load.took);
	return load.refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
