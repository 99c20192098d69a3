/* Body canonicalization with SHA-256 against SHA-256 alone, on bodies of many
 * shapes: prints what part of the plain hash's speed is left (1.00 is all of
 * it).  Fed in pieces of 65535 octets, as Postfix sends them. */
#include "dkim/bodyhash.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BODY = 5000000, CHUNK = 65535, ROUNDS = 7 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A unit of text repeated; with `mix`, a pseudo-random choice of its bytes. */
static const struct {
	const char *name;
	const char *unit;
	bool mix;
} shapes[] = {
	{ "base64, 76 octets a line",
	  "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGl\r\n",
	  false },
	{ "prose",
	  "It was a bright cold day in a month of spring, and all the clocks of the\r\n"
	  "town were striking. Nobody listened, since it was the hour when the mail\r\n"
	  "came in.\r\n\r\n",
	  false },
	{ "one line without end", "abcdefghijklmnopqrstuvwxyz0123456789",
	  false },
	{ "words, one line without end", "ab cdefg hij klmno ", false },
	{ "lines of 1 octet", "a\r\n", false },
	{ "lines of 8 octets", "abcdefgh\r\n", false },
	{ "lines of 20 octets", "abcdefghijklmnopqrst\r\n", false },
	{ "blank lines between", "abc\r\n\r\n\r\n", false },
	{ "only blank lines", "\r\n", false },
	{ "only spaces", " ", false },
	{ "single spaces", "a ", false },
	{ "double spaces", "a  ", false },
	{ "indented code",
	  "\t\tif (n < 8) {\r\n\t\t\treturn f(n,  8);\r\n\t\t}\r\n", false },
	{ "tabs between words", "ab\tcdefg\thij\tklmno\r\n", false },
	{ "trailing space", "the quick brown fox jumps over the lazy dog. \r\n",
	  false },
	{ "a table padded with spaces",
	  "name                value               12          \r\n", false },
	{ "random of few kinds", "aaaaaaaaaaaa   \t\r\n", true },
	{ "random white space", "a \t\r\n", true },
	{ "bare CR", "abc\rdef\r\r\n", false },
	{ "bare LF", "abcdefgh ijk\n", false },
};

static void fill(char *body, const char *unit, bool mix)
{
	unsigned seed = 1;
	size_t n = strlen(unit);

	for (size_t i = 0; i < BODY; i++) {
		seed = seed * 1103515245 + 12345;
		body[i] = unit[(mix ? (seed >> 16) : i) % n];
	}
}

static double plain(const char *body)
{
	struct arena *a = arena_new(1 << 16);
	struct hash *h = hash_new(a, HASH_SHA256);
	double start = now();

	for (size_t i = 0; i < BODY; i += CHUNK)
		hash_add(h, body + i, BODY - i < CHUNK ? BODY - i : CHUNK);
	(void)hash_end(h);

	double took = now() - start;

	arena_free(a);
	return took;
}

static double canonical(const char *body, enum canon canon)
{
	struct arena *a = arena_new(1 << 16);
	struct bodyhash *b = bodyhash_new(a);
	double start = now();

	(void)bodyhash_want(b, canon, HASH_SHA256, -1);
	for (size_t i = 0; i < BODY; i += CHUNK)
		bodyhash_feed(b, (str){ body + i,
					BODY - i < CHUNK ? BODY - i : CHUNK });
	bodyhash_end(b);

	double took = now() - start;

	arena_free(a);
	return took;
}

int main(void)
{
	char *body = malloc(BODY);
	double worst = 10;

	if (!body)
		return EXIT_FAILURE;
	printf("%-30s %7s %7s %12s\n", "body of 5 MB", "simple", "relaxed",
	       "SHA-256 MB/s");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		double best[3] = { 1e9, 1e9, 1e9 };

		fill(body, shapes[i].unit, shapes[i].mix);
		for (int round = 0; round < ROUNDS; round++) {
			double took[3] = { plain(body),
					   canonical(body, CANON_SIMPLE),
					   canonical(body, CANON_RELAXED) };

			for (int j = 0; j < 3; j++)
				best[j] = took[j] < best[j] ? took[j] : best[j];
		}
		for (int j = 1; j < 3; j++)
			worst = best[0] / best[j] < worst ? best[0] / best[j]
							  : worst;
		printf("%-30s %7.2f %7.2f %12.0f\n", shapes[i].name,
		       best[0] / best[1], best[0] / best[2],
		       BODY / best[0] * 1e-6);
	}
	printf("worst %.2f, wanted 0.85\n", worst);
	free(body);
	return EXIT_SUCCESS;
}
