#include "setup/talk.h"

#include "base/tr.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

void talk_begin(struct talk *t)
{
	const struct timeval patience = { TALK_SECONDS, 0 };

	(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			 sizeof patience);
	(void)setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			 sizeof patience);
}

void talk_end(struct talk *t)
{
	SSL_free(t->tls);
	t->tls = NULL;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	ERR_clear_error();
}

/* errno as a socket would have left it */
static ssize_t tls_done(struct talk *t, int n)
{
	int why = SSL_get_error(t->tls, n);

	if (n > 0)
		return n;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		errno = EAGAIN;
	else if (why != SSL_ERROR_SYSCALL || errno == 0)
		errno = ECONNRESET;
	ERR_clear_error();
	return -1;
}

static ssize_t get(struct talk *t, char *to, size_t max)
{
	ssize_t n;

	if (t->tls)
		return tls_done(t, SSL_read(t->tls, to, (int)max));
	do
		n = recv(t->fd, to, max, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

static ssize_t put(struct talk *t, str text)
{
	ssize_t n;

	if (t->tls)
		return tls_done(t, SSL_write(t->tls, text.p, (int)text.n));
	do
		n = send(t->fd, text.p, text.n, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n;
}

bool talk_line(struct talk *t, str *line)
{
	for (;;) {
		str rest = { t->bytes + t->taken, t->n - t->taken };
		size_t end = str_find(rest, '\n');
		ssize_t got;

		if (end < rest.n || rest.n == sizeof t->bytes) {
			*line = str_head(rest, end);
			t->taken += end + (end < rest.n);
			if (line->n && line->p[line->n - 1] == '\r')
				line->n--;
			return true;
		}
		memmove(t->bytes, rest.p, rest.n);
		t->n = rest.n;
		t->taken = 0;
		got = get(t, t->bytes + t->n, sizeof t->bytes - t->n);
		if (got == 0)
			errno = ECONNRESET;
		if (got <= 0)
			return false;
		t->n += (size_t)got;
	}
}

bool talk_say(struct talk *t, str text)
{
	while (text.n) {
		ssize_t n = put(t, text);

		if (n <= 0)
			return false;
		text = str_skip(text, (size_t)n);
	}
	return true;
}

bool talk_start_tls(struct talk *t, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	t->tls = ctx ? SSL_new(ctx) : NULL;
	SSL_CTX_free(ctx);
	/* what came before TLS does not count (injected commands) */
	t->n = t->taken = 0;
	if (t->tls && SSL_set_fd(t->tls, t->fd) == 1 &&
	    SSL_connect(t->tls) == 1)
		return true;
	(void)err_set(e, ERR_UNAVAILABLE, _("TLS with Postfix fails: %s"),
		      ERR_reason_error_string(ERR_peek_error())
			      ? ERR_reason_error_string(ERR_peek_error())
			      : "SSL_connect");
	ERR_clear_error();
	return false;
}
