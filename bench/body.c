/* Body canonicalization with SHA-256 against SHA-256 alone, on bodies of many
 * shapes: prints what part of the plain hash's speed is left (1.00 is all of
 * it).  Fed in pieces of 65535 octets, as Postfix sends them. */
#include "crypto/hash.h"
#include "dkim/canon.h"
#include "dkim/squeeze.h"

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

static void put(void *hash, const char *p, size_t n)
{
	hash_add(hash, p, n);
}

static double canonical(const char *body, enum canon canon,
			const struct squeeze *squeeze)
{
	struct arena *a = arena_new(1 << 16);
	struct hash *h = hash_new(a, HASH_SHA256);
	struct canon_body *b = arena_new_of(a, struct canon_body);
	double start = now();

	canon_body_init(b, canon, put, h);
	b->squeeze = squeeze;
	for (size_t i = 0; i < BODY; i += CHUNK)
		canon_body_feed(b, (str){ body + i, BODY - i < CHUNK ? BODY - i
								     : CHUNK });
	canon_body_end(b);
	(void)hash_end(h);

	double took = now() - start;

	arena_free(a);
	return took;
}

enum { COLUMNS = 6 }; /* plain SHA-256, simple, relaxed by each squeeze */

static void measure(const char *body, double best[COLUMNS], size_t columns)
{
	for (size_t j = 0; j < columns; j++)
		best[j] = 1e9;
	for (int round = 0; round < ROUNDS; round++)
		for (size_t j = 0; j < columns; j++) {
			double took = j == 0   ? plain(body)
				      : j == 1 ? canonical(body, CANON_SIMPLE,
							   squeeze_best())
					       : canonical(body, CANON_RELAXED,
							   squeeze_nth(j - 2));

			best[j] = took < best[j] ? took : best[j];
		}
}

int main(void)
{
	char *body = malloc(BODY);
	double worst = 10;
	size_t columns = 2;

	if (!body)
		return EXIT_FAILURE;
	printf("%-30s %8s", "relaxed by", "simple");
	for (; columns < COLUMNS && squeeze_nth(columns - 2); columns++)
		printf(" %8s", squeeze_nth(columns - 2)->name);
	printf(" %13s\n", "SHA-256 alone");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		double best[COLUMNS];

		fill(body, shapes[i].unit, shapes[i].mix);
		measure(body, best, columns);
		printf("%-30s", shapes[i].name);
		for (size_t j = 1; j < columns; j++)
			printf(" %8.2f", best[0] / best[j]);
		printf(" %8.0f MB/s\n", BODY / best[0] * 1e-6);
		for (size_t j = 1; j < columns; j++)
			if ((j == 1 || j == columns - 1) &&
			    best[0] / best[j] < worst)
				worst = best[0] / best[j];
	}
	printf("worst of simple and the last %.2f, wanted 0.85\n", worst);
	free(body);
	return EXIT_SUCCESS;
}
