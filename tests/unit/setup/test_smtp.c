/* smtp: a server that ends connections, or refuses, at each step of a session;
 * the message arrives once or not at all. */
#include "crypto/selfsigned.h"
#include "setup/smtp.h"
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { TURNS = 4, TEXT_MAX = 4096, NEVER = -1 };

/* What a connection gets other than a good answer. */
struct turn {
	const char *at; /* the command; "" the greeting, "TLS" the handshake,
			   "." the end of the message */
	const char *reply; /* NULL: the connection ends */
};

struct server {
	int listener;
	SSL_CTX *tls;
	const struct turn *turns;
	int connections, messages;
	char message[TEXT_MAX], auth[TEXT_MAX];
};

struct peer {
	int fd;
	SSL *tls;
	const struct turn *turn;
};

static ssize_t read_octet(struct peer *p, char *c)
{
	return p->tls ? SSL_read(p->tls, c, 1) : recv(p->fd, c, 1, 0);
}

static bool read_line(struct peer *p, char line[TEXT_MAX])
{
	size_t n = 0;

	while (n < TEXT_MAX - 1 && read_octet(p, &line[n]) == 1)
		if (line[n++] == '\n') {
			line[n] = '\0';
			return true;
		}
	return false;
}

static void say(struct peer *p, const char *text)
{
	if (p->tls)
		(void)SSL_write(p->tls, text, (int)strlen(text));
	else
		(void)send(p->fd, text, strlen(text), MSG_NOSIGNAL);
}

/* False: here the connection ends. */
static bool answer(struct peer *p, const char *at, const char *otherwise)
{
	bool special = p->turn->at && strcmp(p->turn->at, at) == 0;

	if (special && !p->turn->reply)
		return false;
	say(p, special ? p->turn->reply : otherwise);
	return true;
}

static bool take_message(struct server *s, struct peer *p)
{
	char line[TEXT_MAX];
	size_t n = 0;

	while (read_line(p, line)) {
		size_t more = strlen(line);

		if (strcmp(line, ".\r\n") == 0) {
			s->message[n] = '\0';
			s->messages++;
			return answer(p, ".", "250 2.0.0 taken\r\n");
		}
		if (more >= TEXT_MAX - n)
			return false;
		memcpy(s->message + n, line, more);
		n += more;
	}
	return false;
}

static bool begin_tls(struct server *s, struct peer *p)
{
	if (!answer(p, "STARTTLS", "220 2.0.0 go on\r\n") ||
	    (p->turn->at && strcmp(p->turn->at, "TLS") == 0))
		return false;
	p->tls = SSL_new(s->tls);
	return SSL_set_fd(p->tls, p->fd) == 1 && SSL_accept(p->tls) == 1;
}

static bool one_command(struct server *s, struct peer *p, const char *line)
{
	if (strncmp(line, "EHLO", 4) == 0)
		return answer(p, "EHLO",
			      "250-mail.example.org\r\n250 STARTTLS\r\n");
	if (strncmp(line, "STARTTLS", 8) == 0)
		return begin_tls(s, p);
	if (strncmp(line, "AUTH", 4) == 0) {
		memcpy(s->auth, line, strlen(line) + 1);
		return answer(p, "AUTH", "235 2.7.0 welcome\r\n");
	}
	if (strncmp(line, "MAIL", 4) == 0)
		return answer(p, "MAIL", "250 ok\r\n");
	if (strncmp(line, "RCPT", 4) == 0)
		return answer(p, "RCPT", "250 ok\r\n");
	if (strncmp(line, "DATA", 4) == 0)
		return answer(p, "DATA", "354 go on\r\n") &&
		       (p->turn->at && strcmp(p->turn->at, "DATA") == 0
				? true
				: take_message(s, p));
	return false; /* QUIT */
}

static void *serve(void *arg)
{
	struct server *s = arg;

	for (;;) {
		struct peer p = { accept(s->listener, NULL, NULL), NULL, NULL };
		char line[TEXT_MAX];

		if (p.fd < 0)
			return NULL;
		p.turn = &s->turns[s->connections < TURNS ? s->connections
							  : TURNS - 1];
		s->connections++;
		if (answer(&p, "", "220 mail.example.org ESMTP\r\n"))
			while (read_line(&p, line) && one_command(s, &p, line))
				;
		SSL_free(p.tls);
		close(p.fd);
	}
}

static SSL_CTX *tls_context(void)
{
	char dir[] = "/tmp/inkan-smtp.XXXXXX", path[64];
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct err e = { 0 };

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/both.pem", dir);
	assert_true(selfsigned_write(path, STR("mail.example.org"), 1795500000,
				     &e));
	assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, path), 1);
	assert_int_equal(
		SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM), 1);
	unlink(path);
	rmdir(dir);
	return ctx;
}

static int bound(char port[16])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(port, 16, "%u", ntohs(a.sin_port));
	return fd;
}

static const struct smtp_job letter = {
	.from = "postmaster@example.org",
	.to = "test@example.net",
	.message = STR_INIT("Subject: x\n\n.dot\nend\n"),
};
static const char letter_there[] = "Subject: x\r\n\r\n..dot\r\nend\r\n";

static const struct {
	const char *name;
	struct turn turns[TURNS];
	enum smtp_end want;
	int connections, messages;
	const char *words; /* of the error */
	bool login;
	int late; /* milliseconds until it listens, or NEVER */
} cases[] = {
	{ "a good server", { { 0 } }, SMTP_SENT, 1, 1, "", false, 0 },
	{ "gone before the greeting",
	  { { "", NULL } },
	  SMTP_SENT,
	  2,
	  1,
	  "",
	  false,
	  0 },
	{ "gone at EHLO, then at MAIL",
	  { { "EHLO", NULL }, { "MAIL", NULL } },
	  SMTP_SENT,
	  3,
	  1,
	  "",
	  false,
	  0 },
	{ "gone at RCPT", { { "RCPT", NULL } }, SMTP_SENT, 2, 1, "", false, 0 },
	{ "gone at DATA", { { "DATA", NULL } }, SMTP_SENT, 2, 1, "", false, 0 },
	{ "gone with the message: it may have it",
	  { { ".", NULL } },
	  SMTP_FAILED,
	  1,
	  1,
	  "ended the connection",
	  false,
	  0 },
	{ "always gone",
	  { { "", NULL }, { "", NULL }, { "", NULL }, { "", NULL } },
	  SMTP_FAILED,
	  4,
	  0,
	  "ended the connection",
	  false,
	  0 },
	{ "going away (421), then there",
	  { { "", "421 4.3.2 bye\r\n" }, { "MAIL", "421 4.3.2 bye\r\n" } },
	  SMTP_SENT,
	  3,
	  1,
	  "",
	  false,
	  0 },
	{ "421 for the message: it does not have it, but is believed once",
	  { { ".", "421 4.3.2 bye\r\n" } },
	  SMTP_LATER,
	  1,
	  1,
	  "421 4.3.2 bye",
	  false,
	  0 },
	{ "no mail from strangers",
	  { { "", "554-no\r\n554 never\r\n" } },
	  SMTP_REFUSED,
	  1,
	  0,
	  "554 never",
	  false,
	  0 },
	{ "not now",
	  { { "MAIL", "451 4.3.0 later\r\n" } },
	  SMTP_LATER,
	  1,
	  0,
	  "451 4.3.0 later",
	  false,
	  0 },
	{ "not to him",
	  { { "RCPT", "550 no\r\n" } },
	  SMTP_REFUSED,
	  1,
	  0,
	  "550 no",
	  false,
	  0 },
	{ "not that message",
	  { { ".", "550 5.7.1 no\r\n" } },
	  SMTP_REFUSED,
	  1,
	  1,
	  "550 5.7.1 no",
	  false,
	  0 },
	{ "with a password", { { 0 } }, SMTP_SENT, 1, 1, "", true, 0 },
	{ "gone at STARTTLS",
	  { { "STARTTLS", NULL } },
	  SMTP_SENT,
	  2,
	  1,
	  "",
	  true,
	  0 },
	{ "gone at the handshake",
	  { { "TLS", NULL } },
	  SMTP_SENT,
	  2,
	  1,
	  "",
	  true,
	  0 },
	{ "gone at AUTH", { { "AUTH", NULL } }, SMTP_SENT, 2, 1, "", true, 0 },
	{ "gone at DATA, over TLS",
	  { { "DATA", NULL } },
	  SMTP_SENT,
	  2,
	  1,
	  "",
	  true,
	  0 },
	{ "no TLS",
	  { { "STARTTLS", "454 4.7.0 no\r\n" } },
	  SMTP_LATER,
	  1,
	  0,
	  "454 4.7.0 no",
	  true,
	  0 },
	{ "not there yet, as while Postfix starts",
	  { { 0 } },
	  SMTP_SENT,
	  1,
	  1,
	  "",
	  false,
	  50 },
	{ "nobody there",
	  { { 0 } },
	  SMTP_NOBODY,
	  0,
	  0,
	  "cannot connect",
	  false,
	  NEVER },
	{ "another password",
	  { { "AUTH", "535 5.7.8 no\r\n" } },
	  SMTP_REFUSED,
	  1,
	  0,
	  "535 5.7.8 no",
	  true,
	  0 },
};

/* One of them; all run side by side. */
struct run {
	size_t i;
	struct server server;
	pthread_t serving, sending;
	char port[16];
	struct arena *arena;
	struct err e;
	enum smtp_end end;
};

static void *serve_late(void *arg)
{
	struct run *r = arg;
	int pause = cases[r->i].late;

	if (pause == NEVER)
		return NULL;
	(void)usleep((useconds_t)pause * 1000);
	(void)listen(r->server.listener, 16);
	return serve(&r->server);
}

static void *send_letter(void *arg)
{
	struct run *r = arg;
	struct smtp_job job = letter;

	job.port = r->port;
	if (cases[r->i].login) {
		job.user = "test";
		job.password = "secret";
	}
	r->end = smtp_send(r->arena, &job, &r->e);
	return NULL;
}

static void begin(struct run *r, size_t i, SSL_CTX *tls)
{
	r->i = i;
	r->server = (struct server){ .tls = tls, .turns = cases[i].turns };
	r->server.listener = bound(r->port);
	r->arena = arena_new(65536);
	if (!cases[i].late)
		assert_int_equal(listen(r->server.listener, 16), 0);
	assert_int_equal(pthread_create(&r->serving, NULL, serve_late, r), 0);
	assert_int_equal(pthread_create(&r->sending, NULL, send_letter, r), 0);
}

static void finish(struct run *r)
{
	const struct server *s = &r->server;

	(void)pthread_join(r->sending, NULL);
	(void)shutdown(s->listener, SHUT_RDWR);
	(void)pthread_join(r->serving, NULL);
	close(s->listener);
	print_message("# %s\n", cases[r->i].name);
	assert_int_equal(r->end, cases[r->i].want);
	assert_int_equal(s->connections, cases[r->i].connections);
	assert_int_equal(s->messages, cases[r->i].messages);
	if (r->end != SMTP_SENT)
		assert_non_null(strstr(r->e.text, cases[r->i].words));
	else
		assert_string_equal(s->message, letter_there);
	if (r->end == SMTP_SENT && cases[r->i].login)
		assert_string_equal(s->auth, "AUTH PLAIN AHRlc3QAc2VjcmV0\r\n");
	arena_free(r->arena);
}

static void test_sessions(void **state)
{
	static struct run runs[TEST_COUNT(cases)];
	SSL_CTX *tls = tls_context();

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		begin(&runs[i], i, tls);
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		finish(&runs[i]);
	SSL_CTX_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
