/* Archives: gzip and zip made here by zlib, whole, damaged, within one another
 * and as bombs. */
#include "base/buf.h"
#include "base/limits.h"
#include "report/unpack.h"
#include "test.h"

#include <stdlib.h>

#include <zlib.h>

enum { ROOM = 64 << 20 };

struct seen {
	struct buf text; /* "number kind name: octets [why] [mended]; " */
	uint64_t octets;
	size_t shown; /* of the document */
	int only; /* -1: all */
};

static bool on_begin(void *arg, unsigned number, enum unpack_kind kind,
		     str name)
{
	static const char *const words[] = { "other", "empty", "xml",
					     "json",  "gzip",  "zip" };
	struct seen *s = arg;

	if (s->only >= 0 && (int)number != s->only)
		return false;
	s->shown = 0;
	buf_printf(&s->text, "%u %s %.*s: ", number, words[kind],
		   STR_ARG(name));
	return true;
}

static bool on_octets(void *arg, str octets)
{
	struct seen *s = arg;

	s->octets += octets.n;
	octets = str_head(octets, 40 - s->shown);
	s->shown += octets.n;
	buf_put(&s->text, octets);
	return true;
}

static void on_end(void *arg, const char *why, bool mended)
{
	struct seen *s = arg;

	if (why)
		buf_printf(&s->text, " [%s]", why);
	buf_printf(&s->text, "%s; ", mended ? " mended" : "");
}

static struct seen seen_of(void)
{
	return (struct seen){ .text = buf_of(NULL, 1 << 20), .only = -1 };
}

static const char *run(str file, struct seen *s)
{
	struct unpack_sink sink = { s, on_begin, on_octets, on_end };
	struct unpack_budget budget = { 0 };

	return unpack(file, &sink, &budget);
}

static void check(str file, const char *want)
{
	struct seen s = seen_of();
	const char *why = run(file, &s);

	if (why)
		buf_printf(&s.text, "!%s", why);
	assert_str(buf_str(&s.text), str_of(want));
	buf_free(&s.text);
}

static str deflated(str plain, int bits)
{
	z_stream z = { 0 };
	size_t room = plain.n + plain.n / 100 + 1000;
	char *to = malloc(room);

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, 0), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)plain.p;
	z.avail_in = (unsigned)plain.n;
	z.next_out = (unsigned char *)to;
	z.avail_out = (unsigned)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return (str){ to, z.total_out };
}

static str gzip(str plain)
{
	return deflated(plain, 31);
}

static void end(str s)
{
	free((char *)(uintptr_t)s.p);
}

static void gzips(void **state)
{
	str z = gzip(STR("<feedback/>"));
	char *copy = malloc(2 * z.n + 100);
	static const char flags[] = "\x1f\x8b\x08\x1e\0\0\0\0\0\3"
				    "\3\0abc" /* FEXTRA */
				    "name\0comment\0"
				    "\1\2"; /* FHCRC, not looked at */
	size_t head = sizeof flags - 1;

	(void)state;
	check(z, "0 xml : <feedback/>; ");
	memcpy(copy, z.p, z.n);
	memset(copy + z.n - 8, 0, 8); /* C2 */
	check((str){ copy, z.n }, "0 xml : <feedback/> mended; ");
	check((str){ copy, z.n - 8 }, "0 xml : <feedback/> mended; ");
	check((str){ copy, z.n - 11 },
	      "0 xml : <feedback [its archive ends in the middle]; ");
	check((str){ copy, 10 },
	      "0 empty :  [its archive ends in the middle]; ");
	memcpy(copy, z.p, z.n);
	memcpy(copy + z.n, "garbage after the end", 21);
	check((str){ copy, z.n + 21 }, "0 xml : <feedback/> mended; ");
	memcpy(copy + z.n, z.p, z.n); /* two members */
	check((str){ copy, 2 * z.n }, "0 xml : <feedback/><feedback/>; ");
	memcpy(copy, flags, head);
	memcpy(copy + head, z.p + 10, z.n - 10);
	check((str){ copy, head + z.n - 10 }, "0 xml : <feedback/>; ");
	memcpy(copy, z.p, z.n);
	memset(copy + 10, 0xff, 4);
	check((str){ copy, z.n }, "0 empty :  [its archive is damaged]; ");
	free(copy);
	end(z);
}

static void nested(void **state)
{
	str a = gzip(STR("{}")), b = gzip(a), c = gzip(b), d = gzip(c);

	(void)state;
	check(b, "0 json : {}; ");
	check(c, "0 json : {}; ");
	check(d, "0 gzip :  [it has too many archives in one another]; ");
	end(a);
	end(b);
	end(c);
	end(d);
}

/* ---- zip ---- */

struct zip {
	struct buf b, directory;
	unsigned n;
};

static void half(struct buf *b, unsigned v)
{
	buf_putc(b, (char)(v & 0xff));
	buf_putc(b, (char)(v >> 8 & 0xff));
}

static void word(struct buf *b, uint32_t v)
{
	half(b, v & 0xffff);
	half(b, v >> 16);
}

enum how { PLAIN, STORED_ = 1, DESCRIPTOR = 2, CRYPTED = 4, BAD_CRC = 8 };

static void member(struct zip *z, const char *name, str plain, unsigned how)
{
	str data = how & STORED_ ? plain : deflated(plain, -15);
	uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)plain.p,
				       (unsigned)plain.n);
	unsigned flags = (how & DESCRIPTOR ? 8u : 0) | (how & CRYPTED ? 1u : 0);
	bool later = how & DESCRIPTOR;
	size_t at = z->b.n;

	crc += how & BAD_CRC ? 1 : 0;
	buf_put(&z->b, STR("PK\3\4\24\0"));
	half(&z->b, flags);
	half(&z->b, how & STORED_ ? 0 : 8);
	word(&z->b, 0);
	word(&z->b, later ? 0 : crc);
	word(&z->b, later ? 0 : (uint32_t)data.n);
	word(&z->b, later ? 0 : (uint32_t)plain.n);
	half(&z->b, (unsigned)strlen(name));
	half(&z->b, 0);
	buf_put(&z->b, str_of(name));
	buf_put(&z->b, data);
	if (later) {
		buf_put(&z->b, STR("PK\7\b"));
		word(&z->b, crc);
		word(&z->b, (uint32_t)data.n);
		word(&z->b, (uint32_t)plain.n);
	}
	buf_put(&z->directory, STR("PK\1\2\24\0\24\0"));
	half(&z->directory, flags);
	half(&z->directory, how & STORED_ ? 0 : 8);
	word(&z->directory, 0);
	word(&z->directory, crc);
	word(&z->directory, (uint32_t)data.n);
	word(&z->directory, (uint32_t)plain.n);
	half(&z->directory, (unsigned)strlen(name));
	for (int i = 0; i < 4; i++)
		half(&z->directory, 0);
	word(&z->directory, 0);
	word(&z->directory, (uint32_t)at);
	buf_put(&z->directory, str_of(name));
	z->n++;
	if (!(how & STORED_))
		end(data);
}

static str zip_end(struct zip *z)
{
	size_t at = z->b.n;

	buf_put(&z->b, buf_str(&z->directory));
	buf_put(&z->b, STR("PK\5\6\0\0\0\0"));
	half(&z->b, z->n);
	half(&z->b, z->n);
	word(&z->b, (uint32_t)z->directory.n);
	word(&z->b, (uint32_t)at);
	half(&z->b, 0);
	buf_free(&z->directory);
	return buf_str(&z->b);
}

static struct zip zip_of(void)
{
	return (struct zip){ .b = buf_of(NULL, ROOM),
			     .directory = buf_of(NULL, ROOM) };
}

static void zips(void **state)
{
	struct zip z = zip_of();
	struct zip y = zip_of();
	str file, inner;

	(void)state;
	member(&z, "a.xml", STR("<a/>"), PLAIN); /* C3 */
	member(&z, "__MACOSX/._a.xml", STR("<no/>"), PLAIN);
	member(&z, "folder/", STR(""), STORED_);
	member(&z, "../../etc/b.xml", STR("<b/>"), STORED_);
	member(&z, "c.xml", STR("<c/>"), DESCRIPTOR);
	member(&z, "d.xml", STR("<d/>"), BAD_CRC);
	member(&z, "e.xml", STR("<e/>"), CRYPTED);
	member(&z, "f.txt", STR("hello"), PLAIN);
	file = zip_end(&z);
	check(file, "0 xml a.xml: <a/>; 1 xml ../../etc/b.xml: <b/>; "
		    "2 xml c.xml: <c/>; 3 xml d.xml: <d/> mended; "
		    "4 empty e.xml:  [its archive is encrypted]; "
		    "5 other f.txt: hello; ");
	/* without its directory, as far as sizes are known */
	check((str){ file.p, file.n - 30 },
	      "0 xml a.xml: <a/>; 1 xml ../../etc/b.xml: <b/>; "
	      "2 xml c.xml: <c/>; 3 xml d.xml: <d/> mended; "
	      "4 empty e.xml:  [its archive is encrypted]; ");
	/* T11: a gzip in a zip, a zip in a gzip */
	inner = gzip(STR("<g/>"));
	member(&y, "g.xml.gz", inner, STORED_);
	end(inner);
	inner = gzip(zip_end(&y));
	check(buf_str(&y.b), "0 xml g.xml.gz: <g/>; ");
	check(inner, "0 xml g.xml.gz: <g/>; ");
	end(inner);
	buf_free(&y.b);
	buf_free(&z.b);
	check(STR("PK\3\4"), "!its archive is damaged");
	check(STR("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	      "!its archive is damaged");
}

/* One document of many, as for a second reading. */
static void wanted(void **state)
{
	struct zip z = zip_of();
	struct seen s = seen_of();

	(void)state;
	member(&z, "a", STR("<a/>"), PLAIN);
	member(&z, "b", STR("<b/>"), PLAIN);
	s.only = 1;
	assert_null(run(zip_end(&z), &s));
	assert_str(buf_str(&s.text), STR("1 xml b: <b/>; "));
	buf_free(&s.text);
	buf_free(&z.b);
}

static void bombs(void **state)
{
	static char zeros[1 << 20];
	z_stream z = { 0 };
	size_t room = 4 << 20;
	char *to = malloc(room);
	struct seen s = seen_of();

	(void)state;
	memset(zeros, 'x', sizeof zeros);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, 0), Z_OK);
	z.next_out = (unsigned char *)to;
	z.avail_out = (unsigned)room;
	for (int i = 0; i < 300; i++) { /* C9, 300 MB of it */
		z.next_in = (unsigned char *)zeros;
		z.avail_in = sizeof zeros;
		assert_int_equal(deflate(&z, i < 299 ? Z_NO_FLUSH : Z_FINISH),
				 i < 299 ? Z_OK : Z_STREAM_END);
	}
	(void)deflateEnd(&z);
	assert_null(run((str){ to, z.total_out }, &s));
	assert_str(
		buf_str(&s.text),
		STR("0 other : xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx [it unpacks to more "
		    "than any report: refused]; "));
	assert_true(s.octets < 100 << 20);
	buf_free(&s.text);
	free(to);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzips), cmocka_unit_test(nested),
		cmocka_unit_test(zips),  cmocka_unit_test(wanted),
		cmocka_unit_test(bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
