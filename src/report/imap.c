#include "report/imap.h"

#include "base/ip.h"
#include "base/limits.h"

#include <assert.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIECE = 65536, CONNECT_SECONDS = 30 };

struct imap {
	CURL *curl;
	struct buf in; /* what came and was not used */
	size_t used;
	unsigned tag;
	unsigned seconds;
	char said[256];
	char host[300];
};

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Without TLS only within this machine. */
static bool is_loopback(str host)
{
	struct ip ip;

	if (str_ieq(host, STR("localhost")))
		return true;
	if (!ip_parse(host, &ip))
		return false;
	if (ip.family == IP_V4)
		return ip.b[0] == 127;
	for (int i = 0; i < 15; i++)
		if (ip.b[i])
			return false;
	return ip.b[15] == 1;
}

static bool set_up(struct imap *im, const struct imap_options *o, char *error)
{
	const struct imap_url *u = &o->url;
	bool six = str_find(u->host, ':') < u->host.n;
	char url[400], port[16] = "";
	CURL *c = im->curl;
	CURLcode bad = CURLE_OK;

	if (u->port)
		(void)snprintf(port, sizeof port, ":%u", (unsigned)u->port);
	(void)snprintf(url, sizeof url, "%s://%s%.*s%s%s/",
		       u->tls ? "imaps" : "imap", six ? "[" : "",
		       STR_ARG(u->host), six ? "]" : "", port);
#define SET(option, value) bad |= curl_easy_setopt(c, option, value)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "imap,imaps");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_ERRORBUFFER, error);
	SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	if (!u->tls)
		SET(CURLOPT_USE_SSL, is_loopback(u->host)
					     ? (long)CURLUSESSL_TRY
					     : (long)CURLUSESSL_ALL);
	if (o->ca_file)
		SET(CURLOPT_CAINFO, o->ca_file);
	if (o->netrc) {
		SET(CURLOPT_NETRC, (long)CURL_NETRC_REQUIRED);
		SET(CURLOPT_NETRC_FILE, o->netrc);
	} else {
		SET(CURLOPT_PASSWORD, o->password);
	}
	if (o->user)
		SET(CURLOPT_USERNAME, o->user);
#undef SET
	return bad == CURLE_OK;
}

struct imap *imap_open(const struct imap_options *o, struct err *e)
{
	struct imap *im = calloc(1, sizeof *im);
	char error[CURL_ERROR_SIZE] = "";
	CURLcode code;

	if (!im || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(im->curl = curl_easy_init()) || !set_up(im, o, error)) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		imap_close(im);
		return NULL;
	}
	im->in = buf_of(NULL, LIMIT_IMAP_LITERAL + (size_t)4 * LIMIT_IMAP_LINE);
	im->seconds = o->seconds;
	(void)snprintf(im->host, sizeof im->host, "%.*s", STR_ARG(o->url.host));
	code = curl_easy_perform(im->curl);
	(void)curl_easy_setopt(im->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK)
		return im;
	(void)err_set(e,
		      code == CURLE_LOGIN_DENIED ? ERR_PERMISSION
						 : ERR_UNAVAILABLE,
		      "IMAP server %s: %s", im->host,
		      *error ? error : curl_easy_strerror(code));
	imap_close(im);
	return NULL;
}

void imap_close(struct imap *im)
{
	if (!im)
		return;
	buf_free(&im->in);
	curl_easy_cleanup(im->curl);
	free(im);
}

const char *imap_said(const struct imap *im)
{
	return im->said;
}

static bool wait_for(struct imap *im, short events, long long until,
		     struct err *e)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	long long left = until - now_ms();
	struct pollfd p;

	(void)curl_easy_getinfo(im->curl, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD || left <= 0)
		return err_set(e, ERR_UNAVAILABLE,
			       "IMAP server %s does not answer", im->host);
	p = (struct pollfd){ fd, events, 0 };
	(void)poll(&p, 1, (int)(left < 1000 ? left : 1000));
	return true;
}

static bool failed(struct imap *im, CURLcode code, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "IMAP server %s: %s", im->host,
		       curl_easy_strerror(code));
}

static bool say(struct imap *im, str s, long long until, struct err *e)
{
	while (s.n) {
		size_t n = 0;
		CURLcode code = curl_easy_send(im->curl, s.p, s.n, &n);

		if (code == CURLE_OK)
			s = str_skip(s, n);
		else if (code != CURLE_AGAIN)
			return failed(im, code, e);
		else if (!wait_for(im, POLLOUT, until, e))
			return false;
	}
	return true;
}

static bool hear(struct imap *im, long long until, struct err *e)
{
	for (;;) {
		char *to = buf_room(&im->in, PIECE);
		size_t n = 0;
		CURLcode code;

		if (!to)
			return err_set(e, ERR_DATA,
				       "IMAP server %s says too much",
				       im->host);
		code = curl_easy_recv(im->curl, to, PIECE, &n);
		if (code == CURLE_OK && n) {
			im->in.n += n;
			return true;
		}
		if (code == CURLE_OK)
			return err_set(e, ERR_UNAVAILABLE,
				       "IMAP server %s ended the session",
				       im->host);
		if (code != CURLE_AGAIN)
			return failed(im, code, e);
		if (!wait_for(im, POLLIN, until, e))
			return false;
	}
}

/* The next response; the octets before it are given up. */
static bool next(struct imap *im, struct imap_response *r, struct err *e)
{
	long long until = now_ms() + im->seconds * 1000LL;

	for (;;) {
		str rest = str_skip(buf_str(&im->in), im->used);
		size_t used;
		enum imap_got got = imap_take(rest, r, &used);

		if (got == IMAP_RESPONSE) {
			im->used += used;
			return true;
		}
		if (got == IMAP_NONSENSE)
			return err_set(e, ERR_DATA,
				       "IMAP server %s says what is no IMAP",
				       im->host);
		if (im->used) {
			memmove(im->in.p, im->in.p + im->used, rest.n);
			im->in.n = rest.n;
			im->used = 0;
		}
		if (!hear(im, until, e))
			return false;
	}
}

static bool is_end(struct imap *im, str line, str tag, bool *done)
{
	if (!str_starts(line, tag))
		return false;
	line = str_skip(line, tag.n);
	*done = str_istarts(line, STR("OK"));
	(void)snprintf(im->said, sizeof im->said, "%.*s",
		       STR_ARG(str_head(line, 200)));
	return true;
}

bool imap_run(struct imap *im, str command, imap_fn *fn, void *arg, bool *done,
	      struct err *e)
{
	long long until = now_ms() + im->seconds * 1000LL;
	struct imap_response r;
	char tag[24];
	size_t n = (size_t)snprintf(tag, sizeof tag, "I%u ", ++im->tag);

	*done = false;
	if (!say(im, (str){ tag, n }, until, e) ||
	    !say(im, command, until, e) || !say(im, STR("\r\n"), until, e))
		return false;
	for (;;) {
		if (!next(im, &r, e))
			return false;
		if (is_end(im, r.head, (str){ tag, n }, done))
			return true;
		if (fn && !fn(arg, &r))
			return false;
	}
}
