/* Input of twice the size must not take four times as long: what strangers can
 * send is read in linear time.  CPU time, and several tries, so that a busy
 * machine does not matter. */
#include "arc/sealhash.h"
#include "arc/set.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dkim/canon.h"
#include "dkim/headerhash.h"
#include "dkim/signature.h"
#include "dkim/tags.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "mail/feed.h"
#include "test.h"

#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void add_field(void *arg, str raw)
{
	(void)header_add_raw(arg, raw);
}

static void no_body(void *arg, str chunk)
{
	(void)arg;
	(void)chunk;
}

static struct header read_header(struct arena *a, str text)
{
	struct header h = header_of(a, 1 << 28, 1 << 24);
	struct feed_sink sink = { &h, add_field, NULL, NULL, no_body };
	struct feed *f = feed_new(a, &sink);

	feed_put(f, text);
	feed_end(f);
	return h;
}

static void headers(struct arena *a, str text)
{
	(void)read_header(a, text);
}

static void header_hash(struct arena *a, str text)
{
	struct header h = read_header(a, text);
	str *names = arena_array_of(a, str, h.n);
	struct headerhash hh = { .algorithm = HASH_SHA256,
				 .canon = CANON_RELAXED,
				 .names = names,
				 .n_names = h.n };

	for (size_t i = 0; i < h.n; i++)
		names[i] = h.fields[i].name;
	(void)headerhash_digest(a, &hh, &h, STR("A: b"), (str){ NULL, 0 });
}

static void addresses(struct arena *a, str text)
{
	struct mailboxes list;
	struct mailbox first;

	(void)mailboxes_parse(a, text, &list);
	(void)mailbox_first(a, text, &first);
}

static void paths(struct arena *a, str text)
{
	struct path path;

	(void)a;
	(void)path_parse(text, &path);
}

static void relaxed_header(struct arena *a, str text)
{
	struct buf b = buf_of(a, text.n + 1);

	canon_header(&b, CANON_RELAXED, text);
}

static void authres(struct arena *a, str text)
{
	static const str ids[] = { STR_INIT("mx.example") };
	struct authres r;

	(void)authres_parse(a, text, &r);
	(void)authres_claims(text, ids, 1);
	(void)authres_version_known(text);
}

static void tag_list(struct arena *a, str text)
{
	struct tags tags;
	const char *why;

	(void)tags_parse(a, text, &tags, &why);
}

static void signature(struct arena *a, str text)
{
	struct field field = { STR("DKIM-Signature"), text, text };
	struct dkim_signature s;
	enum dkim_result result;
	const char *why;

	(void)dkim_signature_parse(a, &field, &s, &result, &why);
}

static void arc_fields(struct arena *a, str text)
{
	struct header h = read_header(a, text);
	struct dkim_policy policy = { .now = 0 };
	struct arc_sets sets;

	arc_sets_read(&sets, a, &h, &policy);
}

/* Each seal covers all sets before its own. */
static void arc_seals(struct arena *a, str text)
{
	str part = str_head(text, text.n / LIMIT_ARC_SETS / 3);
	struct sealhash h;

	sealhash_init(&h, a, NULL);
	for (int i = 0; i < LIMIT_ARC_SETS; i++)
		(void)sealhash_next(&h, part, part, part, str_head(part, 0));
}

static void put_nothing(void *arg, const char *p, size_t n)
{
	(void)p;
	*(size_t *)arg += n;
}

static void body_in_bits(struct arena *a, str text)
{
	struct canon_body *b = arena_new_of(a, struct canon_body);
	size_t n = 0;

	canon_body_init(b, CANON_RELAXED, put_nothing, &n);
	for (size_t i = 0; i < text.n; i += 7)
		canon_body_feed(b, str_head(str_skip(text, i), 7));
	canon_body_end(b);
}

static const struct {
	const char *name;
	const char *begin, *piece;
	size_t times;
	void (*run)(struct arena *a, str text);
} cases[] = {
	{ "fields", "", "A: b\r\n", 100000, headers },
	{ "lines that are no fields", "", "ab\n", 200000, headers },
	{ "folds of one field", "A: b\n", " c\n", 100000, headers },
	{ "white space lines", "A: b\n", " \n", 200000, headers },
	{ "the hash of many fields", "", "A: b\r\n", 20000, header_hash },
	{ "addresses", "", "u@a.example, ", 20000, addresses },
	{ "empty addresses", "", ",", 400000, addresses },
	{ "words", "", "a ", 200000, addresses },
	{ "dots", "", "a.", 200000, addresses },
	{ "dots with comments", "", "a(b).", 100000, addresses },
	{ "comments", "", "(a)", 200000, addresses },
	{ "open comments", "", "(", 400000, addresses },
	{ "open quotes", "", "\" ", 400000, addresses },
	{ "quoted pairs", "\"", "\\\"", 200000, addresses },
	{ "routes", "<", "@a.example,", 40000, addresses },
	{ "open angles", "", "<", 400000, addresses },
	{ "at signs", "", "@", 400000, addresses },
	{ "groups", "", "a:b@c.example;,", 20000, addresses },
	{ "paths of quotes", "<", "\"@\"", 200000, paths },
	{ "paths of routes", "<", "@a,", 200000, paths },
	{ "folds to relax", "A:", "\r\n b", 100000, relaxed_header },
	{ "CRs to relax", "A:", "\r", 400000, relaxed_header },
	{ "results", "mx.example", "; dkim=pass", 40000, authres },
	{ "properties", "a.example; dkim=pass", " a.b=c", 80000, authres },
	{ "comments before the id", "", "(a)", 200000, authres },
	{ "ids", "", "a.example ", 40000, authres },
	{ "open comments of results", "a;", "(", 400000, authres },
	{ "tags", "", "a=b;", 100000, tag_list },
	{ "empty tags", "a=b", ";", 400000, tag_list },
	{ "names in h=",
	  "v=1; a=rsa-sha256; d=a.example; s=b; bh=aaaa; b=aaaa; h=from", ":a",
	  50000, signature },
	{ "ARC fields", "", "ARC-Seal: i=1; a=b\r\n", 20000, arc_fields },
	{ "comments before an instance", "ARC-Authentication-Results:", "(a)",
	  100000, arc_fields },
	{ "seals upon seals", "A:", " bc", 400000, arc_seals },
	{ "blank lines", "", "\r\n", 100000, body_in_bits },
	{ "trailing blanks", "", "a \r\n", 50000, body_in_bits },
	{ "spaces", "", " ", 200000, body_in_bits },
};

static double took(size_t i, size_t times)
{
	struct arena *a = arena_new(1 << 16);
	struct buf b = buf_of(a, 1 << 28);

	buf_put(&b, str_of(cases[i].begin));
	for (size_t k = 0; k < times; k++)
		buf_put(&b, str_of(cases[i].piece));

	double start = now();

	cases[i].run(a, buf_str(&b));
	start = now() - start;
	arena_free(a);
	return start;
}

static void twice_the_input(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		double best = 1e9;

		for (int attempt = 0; attempt < 10 && best >= 2.5; attempt++) {
			double once = took(i, cases[i].times) + 1e-5;
			double ratio = took(i, 2 * cases[i].times) / once;

			best = ratio < best ? ratio : best;
		}
		if (best >= 2.5)
			fail_msg("%s: twice the input takes %.1f times as long",
				 cases[i].name, best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
