#include "net/dialog.h"

#include "base/limits.h"
#include "base/tr.h"

#include <errno.h>
#include <locale.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

enum { LINE_MAX_BYTES = 4096 };

struct dialog {
	int fd;
	int64_t end; /* of CLOCK_MONOTONIC, in ms */
	SSL_CTX *ctx;
	SSL *ssl;
	long distrust; /* X509_V_OK: none */
	bool ended; /* by the server, in good order */
	size_t n, taken; /* of in */
	char in[LINE_MAX_BYTES];
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool await(const struct dialog *t, short events, struct err *e)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int64_t left = t->end - now_ms();
	int n;

	do
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return true;
	errno = ETIMEDOUT;
	return err_set(e, ERR_UNAVAILABLE, _("no answer in time"));
}

static const char *words_of(int problem)
{
	return strerror_l(problem, uselocale((locale_t)0));
}

static socklen_t address_of(struct ip ip, uint16_t port,
			    struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (ip.family == IP_V4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, ip.b, 4);
		return sizeof *v4;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, ip.b, 16);
	return sizeof *v6;
}

static bool connect_to(struct dialog *t, struct ip ip, uint16_t port,
		       struct err *e)
{
	struct sockaddr_storage a;
	socklen_t n = address_of(ip, port, &a), len = sizeof(int);
	int problem = 0;

	t->fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (t->fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "%s", words_of(errno));
	if (connect(t->fd, (struct sockaddr *)&a, n) < 0)
		problem = errno;
	if (problem == EINPROGRESS) {
		if (!await(t, POLLOUT, e))
			return false;
		(void)getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
	}
	errno = problem;
	return problem == 0 ||
	       err_set(e, ERR_UNAVAILABLE, "%s", words_of(problem));
}

struct dialog *dialog_open(struct ip ip, uint16_t port, unsigned timeout_ms,
			   struct err *e)
{
	struct dialog *t = calloc(1, sizeof *t);
	int problem;

	if (!t) {
		(void)err_set(e, ERR_INTERNAL, _("out of memory"));
		return NULL;
	}
	t->fd = -1;
	t->end = now_ms() + timeout_ms;
	if (connect_to(t, ip, port, e))
		return t;
	problem = errno;
	dialog_close(t);
	errno = problem;
	return NULL;
}

void dialog_close(struct dialog *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

/* What OpenSSL's last call on this connection waits for.  False: it failed. */
static bool again(struct dialog *t, int result, struct err *e)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return await(t, POLLIN, e);
	case SSL_ERROR_WANT_WRITE:
		return await(t, POLLOUT, e);
	case SSL_ERROR_ZERO_RETURN:
		t->ended = true;
		return err_set(e, ERR_UNAVAILABLE,
			       _("the server ended the connection"));
	default:
		break;
	}

	const char *why = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return err_set(e, ERR_UNAVAILABLE, "%s",
		       why ? why : _("the server ended the connection"));
}

static bool plain_failed(struct dialog *t, ssize_t n, short events,
			 struct err *e)
{
	t->ended = n == 0;
	if (n == 0)
		return err_set(e, ERR_UNAVAILABLE,
			       _("the server ended the connection"));
	if (errno != EAGAIN && errno != EINTR)
		return err_set(e, ERR_UNAVAILABLE, "%s", words_of(errno));
	return await(t, events, e);
}

static bool fill(struct dialog *t, struct err *e)
{
	size_t room = sizeof t->in - t->n;
	int n;

	while (room) {
		if (t->ssl)
			n = SSL_read(t->ssl, t->in + t->n, (int)room);
		else
			n = (int)recv(t->fd, t->in + t->n, room, 0);
		if (n > 0) {
			t->n += (size_t)n;
			return true;
		}
		if (t->ssl ? !again(t, n, e) : !plain_failed(t, n, POLLIN, e))
			return false;
	}
	return err_set(e, ERR_DATA, _("a line without an end"));
}

bool dialog_line(struct dialog *t, str *out, struct err *e)
{
	const char *end;

	memmove(t->in, t->in + t->taken, t->n - t->taken);
	t->n -= t->taken;
	t->taken = 0;
	while (!(end = memchr(t->in, '\n', t->n)))
		if (!fill(t, e))
			return false;
	*out = (str){ t->in, (size_t)(end - t->in) };
	t->taken = out->n + 1;
	if (out->n && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

bool dialog_rest(struct dialog *t, struct buf *out, struct err *e)
{
	do {
		buf_put(out, (str){ t->in + t->taken, t->n - t->taken });
		t->n = t->taken = 0;
	} while (!out->overflow && fill(t, e));
	return !out->overflow
		       ? t->ended
		       : err_set(e, ERR_DATA, _("the file is too large"));
}

bool dialog_send(struct dialog *t, str bytes, struct err *e)
{
	while (bytes.n) {
		int n = t->ssl ? SSL_write(t->ssl, bytes.p, (int)bytes.n)
			       : (int)send(t->fd, bytes.p, bytes.n,
					   MSG_NOSIGNAL);

		if (n > 0)
			bytes = str_skip(bytes, (size_t)n);
		else if (t->ssl ? !again(t, n, e)
				: !plain_failed(t, n, POLLOUT, e))
			return false;
	}
	return true;
}

/* Notes the first fault and goes on. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
	int fault = X509_STORE_CTX_get_error(store);
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dialog *t = SSL_get_app_data(ssl);

	if (!ok && t->distrust == X509_V_OK &&
	    fault != X509_V_ERR_CERT_HAS_EXPIRED &&
	    fault != X509_V_ERR_CERT_NOT_YET_VALID)
		t->distrust = fault;
	return 1;
}

/* SNI; OpenSSL's macro wants what may be written to. */
static bool set_name(SSL *ssl, const char *name)
{
	char copy[256];

	(void)snprintf(copy, sizeof copy, "%s", name);
	return !*copy || SSL_set_tlsext_host_name(ssl, copy);
}

/* Servers of long ago are spoken to as well, to be able to name them. */
static bool prepare(struct dialog *t, const char *name, const char *ca_file,
		    struct err *e)
{
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (!t->ctx || !SSL_CTX_set_min_proto_version(t->ctx, TLS1_VERSION) ||
	    !SSL_CTX_set_cipher_list(t->ctx, "DEFAULT:@SECLEVEL=0"))
		return err_set(e, ERR_INTERNAL, _("TLS cannot be set up"));
	if (ca_file ? !SSL_CTX_load_verify_file(t->ctx, ca_file)
		    : !SSL_CTX_set_default_verify_paths(t->ctx))
		return err_set(e, ERR_NO_INPUT,
			       _("no certificate in PEM form is in %.300s"),
			       ca_file ? ca_file : "");
	/* many web servers end without close_notify; a policy that was cut lacks
	 * lines */
	(void)SSL_CTX_set_options(t->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, on_verify);
	t->ssl = SSL_new(t->ctx);
	if (!t->ssl || !SSL_set_app_data(t->ssl, t) ||
	    !SSL_set_fd(t->ssl, t->fd) || !set_name(t->ssl, name))
		return err_set(e, ERR_INTERNAL, _("TLS cannot be set up"));
	return true;
}

static str chain_of(const SSL *ssl, struct arena *arena)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	str out = STR("");
	long n;

	for (int i = 0; bio && chain && i < sk_X509_num(chain); i++)
		(void)PEM_write_bio_X509(bio, sk_X509_value(chain, i));
	n = bio ? BIO_get_mem_data(bio, &bytes) : 0;
	if (n > 0 && n <= LIMIT_CERTIFICATE_FILE)
		out = arena_str(arena, (str){ bytes, (size_t)n });
	BIO_free(bio);
	return out;
}

bool dialog_start_tls(struct dialog *t, struct arena *arena, const char *name,
		      const char *ca_file, struct dialog_tls *out,
		      struct err *e)
{
	int n;

	/* what came in the clear does not count behind TLS */
	t->n = t->taken = 0;
	if (!prepare(t, name, ca_file, e))
		return false;
	while ((n = SSL_connect(t->ssl)) != 1)
		if (!again(t, n, e))
			return false;
	*out = (struct dialog_tls){
		.version = SSL_get_version(t->ssl),
		.old = SSL_version(t->ssl) < TLS1_2_VERSION,
		.chain = chain_of(t->ssl, arena),
		.distrust = t->distrust == X509_V_OK
				    ? NULL
				    : X509_verify_cert_error_string(
					      t->distrust),
	};
	return true;
}
