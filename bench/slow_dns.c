/* slow_dns: a name server that answers everything, each question a fixed time
 * after it came: what DNS far away looks like to a filter.
 *
 *	slow_dns -p PORT [-a ADDRESS] [-d MILLISECONDS] [-s SPF] [-k KEY] [-m POLICY]
 *
 * TXT of _dmarc.X.Y is the policy, of S._domainkey.X.Y the key record, of X.Y the
 * SPF record; anything else does not exist (an SOA goes with that).  Questions
 * wait in a ring, in the order in which they came. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

enum { RING = 1 << 17, QUESTION = 300, HEADER = 12, TTL = 300, BURST = 64 };

struct waiting {
	int64_t due; /* microseconds */
	struct sockaddr_in from;
	uint16_t n;
	unsigned char packet[QUESTION];
};

static struct {
	int fd;
	int64_t delay;
	const char *spf, *key, *policy;
	struct waiting ring[RING];
	size_t first, n;
} server;

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* How many labels the name has, and where they begin; 0: it is none. */
static size_t labels(const unsigned char *p, size_t n, size_t at[static 8],
		     size_t *end)
{
	size_t i = HEADER, count = 0;

	while (i < n && p[i]) {
		if (count == 8 || p[i] > 63)
			return 0;
		at[count++] = i;
		i += (size_t)p[i] + 1;
	}
	*end = i + 1;
	return i + 5 <= n ? count : 0;
}

static bool is(const unsigned char *label, const char *word)
{
	return label[0] == strlen(word) &&
	       strncasecmp((const char *)label + 1, word, label[0]) == 0;
}

static const char *record(const unsigned char *p, const size_t *at,
			  size_t count)
{
	if (count == 2 && p[at[0] + 1] != '_')
		return server.spf;
	if (count == 3 && is(p + at[0], "_dmarc"))
		return server.policy;
	if (count == 4 && is(p + at[1], "_domainkey"))
		return server.key;
	return NULL;
}

static size_t put(unsigned char *to, size_t n, const void *from, size_t size)
{
	memcpy(to + n, from, size);
	return n + size;
}

/* An owner (a pointer to the question's name or to its last label), type,
 * class, TTL. */
static size_t put_head(unsigned char *to, size_t n, size_t owner, uint16_t type)
{
	const unsigned char head[] = { (unsigned char)(0xc0 | owner >> 8),
				       (unsigned char)owner,
				       0,
				       (unsigned char)type,
				       0,
				       1,
				       0,
				       0,
				       TTL >> 8,
				       (unsigned char)(TTL & 255) };

	return put(to, n, head, sizeof head);
}

static size_t put_txt(unsigned char *to, size_t n, const char *text)
{
	size_t left = strlen(text), strings = (left + 254) / 255;
	size_t size = left + strings;
	const unsigned char length[] = { (unsigned char)(size >> 8),
					 (unsigned char)size };

	n = put_head(to, n, HEADER, 16);
	n = put(to, n, length, sizeof length);
	while (left) {
		size_t part = left < 255 ? left : 255;

		to[n++] = (unsigned char)part;
		n = put(to, n, text, part);
		text += part;
		left -= part;
	}
	return n;
}

/* mname and rname are the root; times as an ordinary zone has them. */
static size_t put_soa(unsigned char *to, size_t n, size_t owner)
{
	static const unsigned char soa[] = { 0, 22, 0, 0,  0, 0, 0, 1,
					     0, 0,  0, 60, 0, 0, 0, 60,
					     0, 0,  0, 60, 0, 0, 1, 44 };

	n = put_head(to, n, owner, 6);
	return put(to, n, soa, sizeof soa);
}

static void answer(const struct waiting *w)
{
	unsigned char out[4096];
	size_t at[8], end, n, count = labels(w->packet, w->n, at, &end);
	const char *text;

	if (!count)
		return;

	bool txt = w->packet[end + 1] == 16;

	text = record(w->packet, at, count);
	n = put(out, 0, w->packet, end + 4);
	out[2] = 0x84; /* an answer, authoritative */
	out[3] = text ? 0x80 : 0x83;
	memset(out + 6, 0, 6);
	out[text && txt ? 7 : 9] = 1;
	n = text && txt ? put_txt(out, n, text)
			: put_soa(out, n, at[count - 1]);
	(void)sendto(server.fd, out, n, 0, (const struct sockaddr *)&w->from,
		     sizeof w->from);
}

static void take(void)
{
	for (int i = 0; i < BURST && server.n < RING; i++) {
		struct waiting *w =
			&server.ring[(server.first + server.n) % RING];
		socklen_t size = sizeof w->from;
		ssize_t n = recvfrom(server.fd, w->packet, sizeof w->packet,
				     MSG_DONTWAIT, (struct sockaddr *)&w->from,
				     &size);

		if (n < 0)
			return;
		if (n < HEADER + 5)
			continue;
		w->n = (uint16_t)n;
		w->due = now() + server.delay;
		server.n++;
	}
}

static void serve(void)
{
	struct pollfd fd = { server.fd, POLLIN, 0 };

	for (;;) {
		int64_t wait = server.n ? server.ring[server.first].due - now()
					: 1000000;
		const struct timespec t = { wait / 1000000,
					    wait % 1000000 * 1000 };

		if (wait > 0 && ppoll(&fd, 1, &t, NULL) < 0 && errno != EINTR)
			die("ppoll");
		take();
		for (int64_t time = now();
		     server.n && server.ring[server.first].due <= time;
		     server.n--) {
			answer(&server.ring[server.first]);
			server.first = (server.first + 1) % RING;
		}
	}
}

static void open_socket(const char *address, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int room = 16 << 20;

	sin.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		die(address);
	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* a burst may be larger than what a user gets: then it is what it is */
	if (setsockopt(server.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		       sizeof room) < 0)
		(void)setsockopt(server.fd, SOL_SOCKET, SO_RCVBUF, &room,
				 sizeof room);
	if (bind(server.fd, (struct sockaddr *)&sin, sizeof sin) < 0)
		die("bind");
}

int main(int argc, char **argv)
{
	const char *address = "127.0.0.1", *port = "53";
	int letter;

	server.delay = 500000;
	server.spf = "v=spf1 ip4:192.0.2.0/24 -all";
	server.policy = "v=DMARC1; p=reject";
	server.key = "v=DKIM1; p=";
	while ((letter = getopt(argc, argv, "a:p:d:s:k:m:")) != -1)
		switch (letter) {
		case 'a':
			address = optarg;
			break;
		case 'p':
			port = optarg;
			break;
		case 'd':
			server.delay = strtol(optarg, NULL, 10) * 1000;
			break;
		case 's':
			server.spf = optarg;
			break;
		case 'k':
			server.key = optarg;
			break;
		case 'm':
			server.policy = optarg;
			break;
		default:
			return EXIT_FAILURE;
		}
	open_socket(address, port);
	serve();
}
