/* Reply packets, good and hostile.  A packet is written as its answer section:
 * the helper puts header and question in front. */
#include "base/limits.h"
#include "dns/wire.h"
#include "test.h"

/* The question's name begins at 12: "\xc0\x0c" points there. */
#define Q "\xc0\x0c"
#define FIXED(type, n) "\0" type "\0\1\0\0\1\0\0" n

static const char question[] = "\1a\7example\0\0\x10\0\1"; /* a.example TXT */

struct packet {
	char b[66000];
	size_t n;
};

static void put(struct packet *p, const char *bytes, size_t n)
{
	memcpy(p->b + p->n, bytes, n);
	p->n += n;
}

static struct packet *packet(const char flags[2], unsigned answers, str section,
			     char type)
{
	static struct packet p;
	const char head[] = { 1,
			      2,
			      flags[0],
			      flags[1],
			      0,
			      1,
			      (char)(answers >> 8),
			      (char)answers,
			      0,
			      0,
			      0,
			      0 };

	p.n = 0;
	put(&p, head, sizeof head);
	put(&p, question, sizeof question - 1);
	p.b[p.n - 3] = type;
	put(&p, section.p, section.n);
	return &p;
}

static const struct {
	const char *what;
	char type;
	unsigned answers;
	str section;
	enum dns_status status;
	size_t n;
	str first;
} rows[] = {
	{ "one TXT of two strings", DNS_TXT, 1,
	  STR_INIT(Q FIXED("\x10", "\7") "\2ab\3cde"), DNS_OK, 1,
	  STR_INIT("abcde") },
	{ "an empty string", DNS_TXT, 1, STR_INIT(Q FIXED("\x10", "\1") "\0"),
	  DNS_OK, 1, STR_INIT("") },
	{ "TXT without strings", DNS_TXT, 1, STR_INIT(Q FIXED("\x10", "\0")),
	  DNS_OK, 1, STR_INIT("") },
	{ "a string longer than the record",
	  DNS_TXT,
	  1,
	  STR_INIT(Q FIXED("\x10", "\3") "\3ab"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "a record longer than the packet",
	  DNS_TXT,
	  1,
	  STR_INIT(Q FIXED("\x10", "\4") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "fewer records than promised",
	  DNS_TXT,
	  2,
	  STR_INIT(Q FIXED("\x10", "\2") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "many more records than can be",
	  DNS_TXT,
	  65535,
	  STR_INIT(Q FIXED("\x10", "\2") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "nothing", DNS_TXT, 0, STR_INIT(""), DNS_NODATA, 0, { 0 } },
	{ "another name's record",
	  DNS_TXT,
	  1,
	  STR_INIT("\1b\xc0\x0e" FIXED("\x10", "\2") "\1a"),
	  DNS_NODATA,
	  0,
	  { 0 } },
	{ "the name in other case, written out", DNS_TXT, 1,
	  STR_INIT("\1A\7EXAMPLE\0" FIXED("\x10", "\2") "\1a"), DNS_OK, 1,
	  STR_INIT("a") },
	{ "another type",
	  DNS_TXT,
	  1,
	  STR_INIT(Q FIXED("\1", "\4") "\xc0\0\2\1"),
	  DNS_NODATA,
	  0,
	  { 0 } },
	{ "another class",
	  DNS_TXT,
	  1,
	  STR_INIT(Q "\0\x10\0\3\0\0\1\0\0\2\1a"),
	  DNS_NODATA,
	  0,
	  { 0 } },
	{ "a CNAME and its target", DNS_TXT, 2,
	  STR_INIT(Q FIXED("\5", "\4") "\1b\xc0\x0e"
				       "\1b\xc0\x0e" FIXED("\x10", "\2") "\1a"),
	  DNS_OK, 1, STR_INIT("a") },
	{ "the same, target first", DNS_TXT, 2,
	  STR_INIT("\1b\xc0\x0e" FIXED("\x10", "\2") "\1a" Q FIXED(
		  "\5", "\4") "\1b\xc0\x0e"),
	  DNS_OK, 1, STR_INIT("a") },
	{ "a CNAME whose target is not there",
	  DNS_TXT,
	  1,
	  STR_INIT(Q FIXED("\5", "\4") "\1b\xc0\x0e"),
	  DNS_NODATA,
	  0,
	  { 0 } },
	{ "a CNAME to itself",
	  DNS_TXT,
	  1,
	  STR_INIT(Q FIXED("\5", "\2") Q),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "a CNAME of another class",
	  DNS_TXT,
	  2,
	  STR_INIT(Q "\0\5\0\3\0\0\1\0\0\4\1b\xc0\x0e"
		     "\1b\xc0\x0e" FIXED("\x10", "\2") "\1a"),
	  DNS_NODATA,
	  0,
	  { 0 } },
	{ "the CNAME itself", DNS_CNAME, 1,
	  STR_INIT(Q FIXED("\5", "\4") "\1b\xc0\x0e"), DNS_OK, 1,
	  STR_INIT("b.example") },
	{ "MX", DNS_MX, 1, STR_INIT(Q FIXED("\x0f", "\6") "\0\x0a\1m\xc0\x0e"),
	  DNS_OK, 1, STR_INIT("m.example") },
	{ "null MX", DNS_MX, 1, STR_INIT(Q FIXED("\x0f", "\3") "\0\0\0"),
	  DNS_OK, 1, STR_INIT("") },
	{ "MX with bytes behind its name",
	  DNS_MX,
	  1,
	  STR_INIT(Q FIXED("\x0f", "\4") "\0\0\0\0"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "PTR with a dot within a label", DNS_PTR, 1,
	  STR_INIT(Q FIXED("\x0c", "\x08") "\3a.b\2 \x01\0"), DNS_OK, 1,
	  STR_INIT("a?b.??") },
	{ "A", DNS_A, 1, STR_INIT(Q FIXED("\1", "\4") "\xc0\0\2\1"), DNS_OK, 1,
	  STR_INIT("\xc0\0\2\1") },
	{ "A of five octets",
	  DNS_A,
	  1,
	  STR_INIT(Q FIXED("\1", "\5") "\xc0\0\2\1\1"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "SOA, names expanded", DNS_SOA, 1,
	  STR_INIT(Q FIXED("\6", "\x18") Q "\xc0\x0e"
					   "12345678901234567890"),
	  DNS_OK, 1,
	  STR_INIT("\1a\7example\0\7example\0"
		   "12345678901234567890") },
	{ "SOA cut",
	  DNS_SOA,
	  1,
	  STR_INIT(Q FIXED("\6", "\5") Q "\xc0\x0e"
					 "1"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "a pointer to itself",
	  DNS_TXT,
	  1,
	  STR_INIT("\xc0\x1b" FIXED("\x10", "\2") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "a pointer forward",
	  DNS_TXT,
	  1,
	  STR_INIT("\xc0\x1d" FIXED("\x10", "\2") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "a pointer cut in half",
	  DNS_TXT,
	  1,
	  STR_INIT("\xc0"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
	{ "an extended label",
	  DNS_TXT,
	  1,
	  STR_INIT("\x41"
		   "0" FIXED("\x10", "\2") "\1a"),
	  DNS_TEMPFAIL,
	  0,
	  { 0 } },
};

static void packets_are_read(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		const struct packet *p = packet("\x81\x80", rows[i].answers,
						rows[i].section, rows[i].type);
		const struct dns_answer *got = dns_wire_answer(
			a, (str){ p->b, p->n }, (enum dns_type)rows[i].type,
			STR("a.Example"));

		if (got->status != rows[i].status || got->n != rows[i].n)
			fail_msg("%s: status %d", rows[i].what, got->status);
		if (got->n) {
			assert_str(got->rr[0].data, rows[i].first);
			assert_int_equal(got->ttl, 256);
		}
	}
	arena_free(a);
}

static const struct {
	const char *what, *flags;
	enum dns_status status;
} heads[] = {
	{ "no error", "\x81\x80", DNS_NODATA },
	{ "NXDOMAIN", "\x81\x83", DNS_NXDOMAIN },
	{ "FORMERR", "\x81\x81", DNS_TEMPFAIL },
	{ "SERVFAIL", "\x81\x82", DNS_TEMPFAIL },
	{ "REFUSED", "\x81\x85", DNS_TEMPFAIL },
	{ "a question", "\x01\x00", DNS_TEMPFAIL },
	{ "cut", "\x83\x80", DNS_TEMPFAIL },
};

static void heads_decide(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(heads); i++) {
		const struct packet *p = packet(heads[i].flags, 0, STR(""),
						DNS_TXT);

		if (dns_wire_answer(a, (str){ p->b, p->n }, DNS_TXT,
				    STR("a.example"))
			    ->status != heads[i].status)
			fail_msg("%s", heads[i].what);
	}
	arena_free(a);
}

static void another_question_is_not_ours(void **state)
{
	struct arena *a = arena_new(1024);
	const struct packet *p = packet(
		"\x81\x80", 1, STR(Q FIXED("\x10", "\2") "\1a"), DNS_TXT);
	str bytes = { p->b, p->n };

	(void)state;
	assert_int_equal(
		dns_wire_answer(a, bytes, DNS_TXT, STR("a.example"))->status,
		DNS_OK);
	assert_int_equal(
		dns_wire_answer(a, bytes, DNS_A, STR("a.example"))->status,
		DNS_TEMPFAIL);
	assert_int_equal(
		dns_wire_answer(a, bytes, DNS_TXT, STR("b.example"))->status,
		DNS_TEMPFAIL);
	assert_int_equal(
		dns_wire_answer(a, bytes, DNS_TXT, STR("not..valid"))->status,
		DNS_TEMPFAIL);
	arena_free(a);
}

/* a CNAME chain a -> c1 -> c2 ... of so many links, then a TXT */
/* RFC 2308 5: the lesser of the SOA's own TTL and its last field. */
static void nothing_holds_as_long_as_the_soa_says(void **state)
{
#define SOA(ttl, minimum)                      \
	"\7example\0\0\6\0\1" ttl "\0\x16\0\0" \
	"\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4" minimum
	static const struct {
		str authority;
		unsigned answers;
		uint32_t ttl;
	} cases[] = {
		{ STR_INIT(SOA("\0\0\1\0", "\0\0\0\x3c")), 0, 60 },
		{ STR_INIT(SOA("\0\0\0\x1e", "\0\0\0\x3c")), 0, 30 },
		{ STR_INIT(SOA("\x80\0\0\0", "\xff\0\0\0")), 0, 0 },
		{ STR_INIT("\0\0\2\0\1\0\0\1\0\0\1\0"), 0, 0 }, /* an NS */
		{ STR_INIT("\7example\0\0\6\0\1\0\0\1\0\0\2\0\0"), 0, 0 },
		/* behind a CNAME of 256 seconds to b.example */
		{ STR_INIT(Q FIXED("\5", "\4") "\1b\xc0\x0e" SOA("\0\1\0\0",
								 "\0\0\xf0\0")),
		  1, 256 },
		{ STR_INIT(Q FIXED("\5", "\4") "\1b\xc0\x0e" SOA("\0\1\0\0",
								 "\0\0\0\x3c")),
		  1, 60 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct packet *p = packet("\x81\x83", cases[i].answers,
					  cases[i].authority, DNS_TXT);
		struct dns_answer *got;

		p->b[9] = 1; /* records of authority */
		got = dns_wire_answer(a, (str){ p->b, p->n }, DNS_TXT,
				      STR("a.example"));
		assert_int_equal(got->status, DNS_NXDOMAIN);
		assert_int_equal(got->ttl, cases[i].ttl);
		arena_free(a);
	}
#undef SOA
}

static enum dns_status chain(struct arena *a, int links)
{
	static struct packet s;
	const struct packet *p;

	s.n = 0;
	for (int i = 0; i < links; i++) {
		char name[] = { 1, (char)('a' + i), (char)0xc0, 0x0e };
		char next[] = { 1, (char)('a' + i + 1), (char)0xc0, 0x0e };

		put(&s, name, 4);
		put(&s, FIXED("\5", "\4"), 10);
		put(&s, next, 4);
	}
	put(&s, (char[]){ 1, (char)('a' + links), (char)0xc0, 0x0e }, 4);
	put(&s, FIXED("\x10", "\2") "\1x", 12);
	p = packet("\x81\x80", (unsigned)links + 1, (str){ s.b, s.n }, DNS_TXT);
	return dns_wire_answer(a, (str){ p->b, p->n }, DNS_TXT,
			       STR("a.example"))
		->status;
}

static void the_chain_is_bounded(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	assert_int_equal(chain(a, LIMIT_CNAMES), DNS_OK);
	assert_int_equal(chain(a, LIMIT_CNAMES + 1), DNS_TEMPFAIL);
	arena_free(a);
}

static void a_full_packet_costs_no_more_than_itself(void **state)
{
	static struct packet s;
	struct arena *a = arena_new(1024);
	const struct packet *p;
	unsigned n = 0;
	const struct dns_answer *got;

	(void)state;
	s.n = 0;
	for (; s.n < 65000; n++)
		put(&s, Q FIXED("\x10", "\2") "\1x", 14);
	p = packet("\x81\x80", n, (str){ s.b, s.n }, DNS_TXT);
	got = dns_wire_answer(a, (str){ p->b, p->n }, DNS_TXT,
			      STR("a.example"));
	assert_int_equal(got->n, LIMIT_RECORDS);
	assert_true(arena_used(a) < 8192);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_read),
		cmocka_unit_test(heads_decide),
		cmocka_unit_test(another_question_is_not_ours),
		cmocka_unit_test(nothing_holds_as_long_as_the_soa_says),
		cmocka_unit_test(the_chain_is_bounded),
		cmocka_unit_test(a_full_packet_costs_no_more_than_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
