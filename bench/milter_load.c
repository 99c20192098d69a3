/* milter_load: many MTA sessions in one process, to weigh a filter.
 *
 *	milter_load -p SOCKET [-P PID]... [-c CONNECTIONS] [-n MESSAGES] [-1]
 *		[-a ADDRESS] [-H HELO] [-d DOMAIN] [-k KEY] [-A FIELD] [-v TEXT] [FILE]
 *
 * Sends FILE (or a message of 2 KB) as an authenticated user, again and again,
 * on all connections at once; -1 opens a connection for each message, as an MTA
 * does for local mail.  With -a the mail is a stranger's, from that address.
 * -d: the domain of author and envelope; -k: signed with that key, as s1 of the
 * domain; -A: a field on top.  A '%' in -d and -A is the number of the message.
 * Prints one line: messages, seconds, the filter's CPU microseconds per message
 * (of all -P), milliseconds at the 50th and 99th percentile, the filter's peak
 * memory in KB, how many messages were changed, how many refused, and to how
 * many a field with TEXT was added. */
#include "base/cur.h"
#include "base/ip.h"
#include "letter.h"
#include "milter/codec.h"
#include "milter/proto.h"
#include "net/listen.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CHUNK = 65535,
	OUT_MAX = 64 << 20,
	IN_MAX = 4 << 20,
	PIDS_MAX = 64,
	EVENTS = 256
};

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
	const struct letter *letter;
	size_t header_at, body_at;
	bool changed, found;
	double began;
};

static struct {
	struct net_address address;
	struct letter *letters;
	size_t n_letters;
	str client, helo, text; /* client: empty for users of our own */
	size_t messages, started, done, changed, refused, found;
	bool one_each;
	int epoll;
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
	struct buf b = { .max = OUT_MAX };
	str line;

	if (!letter_field(s->letter->header, &s->header_at, &line))
		return false;

	size_t colon = str_find(line, ':');
	str value = str_skip(line, colon + 1);

	if (!(s->steps & MILTER_LEADING_SPACE) && str_starts(value, STR(" ")))
		value = str_skip(value, 1);
	PUT(s, MILTER_MACRO, "Li\0QUEUEID1\0");
	milter_put_string(&b, str_head(line, colon));
	milter_put_string(&b, value);
	put(s, MILTER_HEADER, buf_str(&b));
	buf_free(&b);
	return true;
}

static void put_connect(struct session *s)
{
	struct buf b = { .max = OUT_MAX };

	milter_put_string(&b, load.helo);
	buf_put(&b, STR("4xx"));
	milter_put_string(&b,
			  load.client.n ? load.client : STR("198.51.100.1"));
	put(s, MILTER_CONNECT, buf_str(&b));
	buf_free(&b);
}

static void put_one(struct session *s, char command, str text)
{
	struct buf b = { .max = OUT_MAX };

	milter_put_string(&b, text);
	put(s, command, buf_str(&b));
	buf_free(&b);
}

static bool put_chunk(struct session *s)
{
	str rest = str_skip(s->letter->body, s->body_at);

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
		put_connect(s);
		return true;
	case HELO:
		PUT(s, MILTER_MACRO, "H");
		if (s->steps & MILTER_NO_HELO)
			return false;
		put_one(s, MILTER_HELO, load.helo);
		return true;
	case MAIL:
		s->header_at = s->body_at = 0;
		s->changed = s->found = false;
		s->began = now();
		if (load.client.n)
			PUT(s, MILTER_MACRO, "M");
		else
			PUT(s, MILTER_MACRO,
			    "M{auth_type}\0PLAIN\0{auth_authen}\0a\0");
		put_one(s, MILTER_MAIL, s->letter->sender);
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
		bool sent = put_phase(s);

		if (sent && answered(s))
			break;
		/* a header and a body are of many packets */
		if (!sent || (s->phase != HEADER && s->phase != BODY))
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

	struct epoll_event event = { .events = EPOLLIN, .data.ptr = s };

	if (!net_connect(&load.address, &s->fd, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(EXIT_FAILURE);
	}
	if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, s->fd, &event) < 0)
		die("epoll_ctl");
	s->steps = 0;
	s->phase = NEGOTIATE;
	go_on(s);
}

/* Takes the next message; false when none is left. */
static bool take_letter(struct session *s)
{
	if (load.started == load.messages)
		return false;
	s->letter = &load.letters[load.started++ % load.n_letters];
	return true;
}

static void next_message(struct session *s)
{
	load.took[load.done++] = now() - s->began;
	load.changed += s->changed;
	load.found += s->found;
	PUT(s, MILTER_ABORT, "");
	if (!take_letter(s)) {
		hang_up(s);
		return;
	}
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
		s->found = s->found || memmem(f->data.p, f->data.n, load.text.p,
					      load.text.n) != NULL;
		return;
	}
	if (f->command == MILTER_NEGOTIATE) {
		/* NOLINTNEXTLINE(misc-redundant-expression): two are skipped */
		if (!milter_take_u32(&data, &skip) ||
		    !milter_take_u32(&data, &skip) ||
		    !milter_take_u32(&data, &s->steps))
			die("negotiation");
	} else if (f->command == MILTER_REPLY_SKIP) {
		s->body_at = s->letter->body.n;
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

static struct session *begin(size_t connections)
{
	struct session *all = calloc(connections, sizeof *all);

	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!all || load.epoll < 0)
		die("memory");
	for (size_t i = 0; i < connections; i++) {
		all[i] = (struct session){ .fd = -1,
					   .in = { .max = IN_MAX },
					   .out = { .max = OUT_MAX } };
		if (take_letter(&all[i]))
			dial(&all[i]);
	}
	return all;
}

static void run(size_t connections)
{
	struct session *all = begin(connections);
	struct epoll_event events[EVENTS];

	while (load.done < load.messages) {
		int n = epoll_wait(load.epoll, events, EVENTS, 60000);

		if (n <= 0)
			die("no reply in a minute");
		for (int i = 0; i < n; i++)
			on_readable(events[i].data.ptr);
	}
	for (size_t i = 0; i < connections; i++) {
		if (all[i].fd >= 0)
			close(all[i].fd);
		buf_free(&all[i].in);
		buf_free(&all[i].out);
	}
	close(load.epoll);
	free(all);
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

/* Messages that are all alike are made once; their body always is. */
static void make_letters(const struct letter_plan *plan)
{
	static const str mark = STR_INIT("%");
	bool differ = memmem(plan->domain.p, plan->domain.n, mark.p, mark.n);
	struct arena *work = arena_new(1 << 16), *kept = arena_new(1 << 20);

	load.n_letters = differ ? load.messages : 1;
	load.letters = calloc(load.n_letters, sizeof *load.letters);
	if (!work || !kept || !load.letters)
		die("memory");
	for (size_t i = 0; i < load.n_letters; i++) {
		struct letter l = letter_make(plan, i, work);

		load.letters[i] = (struct letter){
			arena_str(kept, l.sender), arena_str(kept, l.header),
			i ? load.letters[0].body : arena_str(kept, l.body)
		};
		arena_reset(work);
	}
	arena_free(work);
}

static size_t number(const char *text)
{
	struct cur c = cur_of(str_of(text));
	uint32_t n = 0;

	if (!cur_uint(&c, 100000000, &n) || !n)
		die(text);
	return n;
}

static void read_key(const char *path, struct letter_plan *plan)
{
	struct err e;

	plan->key = privkey_read(path, PRIVKEY_ANY, &e);
	if (!plan->key) {
		fprintf(stderr, "%s\n", e.text);
		exit(EXIT_FAILURE);
	}
}

static void option(int letter, struct letter_plan *plan,
		   struct processes *filter, size_t *connections)
{
	str value = str_of(optarg);
	struct err e;

	switch (letter) {
	case 'p':
		if (!net_address_parse(value, &load.address, &e))
			die(e.text);
		break;
	case 'P':
		if (filter->n < PIDS_MAX)
			filter->pids[filter->n++] = (long)number(optarg);
		break;
	case 'c':
		*connections = number(optarg);
		break;
	case 'n':
		load.messages = number(optarg);
		break;
	case '1':
		load.one_each = true;
		break;
	case 'a':
		load.client = value;
		break;
	case 'H':
		load.helo = value;
		break;
	case 'd':
		plan->domain = value;
		break;
	case 'k':
		read_key(optarg, plan);
		break;
	case 'A':
		plan->field = value;
		break;
	case 'v':
		load.text = value;
		break;
	default:
		exit(EXIT_FAILURE);
	}
}

static void report(const struct processes *filter, double cpu, double began)
{
	double seconds = (now() - began) / 1e3;
	unsigned long peak;
	size_t n = load.messages;

	cpu = cpu_of_all(filter, &peak) - cpu;
	qsort(load.took, n, sizeof *load.took, by_size);
	printf("%zu %.3f %.1f %.3f %.3f %lu %zu %zu %zu\n", n, seconds,
	       cpu * 1e6 / (double)n, load.took[n / 2],
	       load.took[n - 1 - n / 100], peak, load.changed, load.refused,
	       load.text.n ? load.found : 0);
}

int main(int argc, char **argv)
{
	size_t connections = 1;
	unsigned long peak = 0;
	double cpu, began;
	struct processes filter = { .n = 0 };
	struct letter_plan plan = { .domain = STR("example.org") };
	int letter;

	load.messages = 1000;
	load.helo = STR("client.example");
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((letter = getopt(argc, argv, "p:P:c:n:1a:H:d:k:A:v:")) != -1)
		option(letter, &plan, &filter, &connections);
	if (optind < argc)
		plan.file = read_all(argv[optind]);
	make_letters(&plan);
	load.took = calloc(load.messages, sizeof *load.took);
	if (!load.took)
		die("memory");
	cpu = cpu_of_all(&filter, &peak);
	began = now();
	run(connections);
	report(&filter, cpu, began);
	free(load.took);
	return load.refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
