/* A stream looks at the first octets that come and becomes what they are: a
 * document for the sink, a gzip that is unpacked into the next stream, or a zip,
 * which has its directory at its end and is collected for it. */
#include "report/unpack.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "report/unpack_inside.h"

#include <stdlib.h>

enum { FIRST = 512, NAME_BYTES = 256 };

struct stream {
	struct unpacking *u;
	unsigned nesting;
	char name_bytes[NAME_BYTES];
	str name;
	char first[FIRST];
	size_t first_n;
	bool decided;
	enum unpack_kind kind;
	bool wanted; /* a document that the sink takes */
	const char *why;
	struct gunzip *gunzip;
	struct stream *inner;
	struct buf zip;
};

enum unpack_kind unpack_kind_of(str s)
{
	if (str_starts(s, STR("\x1f\x8b")))
		return UNPACK_GZIP;
	if (str_starts(s, STR("PK\3\4")) || str_starts(s, STR("PK\5\6")))
		return UNPACK_ZIP;
	if (str_starts(s, STR("\xff\xfe<")) ||
	    str_starts(s, STR("\xfe\xff\0<")) || str_starts(s, STR("<\0")) ||
	    str_starts(s, STR("\0<")))
		return UNPACK_XML;
	if (str_starts(s, STR("\xef\xbb\xbf")))
		s = str_skip(s, 3);
	while (s.n && ascii_is(s.p[0], ASCII_SPACE))
		s = str_skip(s, 1);
	if (!s.n)
		return UNPACK_EMPTY;
	return s.p[0] == '<'   ? UNPACK_XML
	       : s.p[0] == '{' ? UNPACK_JSON
			       : UNPACK_OTHER;
}

struct stream *stream_new(struct unpacking *u, str name, unsigned nesting)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->u = u;
	s->nesting = nesting;
	s->zip = buf_of(NULL, LIMIT_REPORT_PACKED);
	s->name = (str){ s->name_bytes, str_head(name, NAME_BYTES).n };
	if (s->name.n)
		memcpy(s->name_bytes, name.p, s->name.n);
	return s;
}

static bool put_inner(void *arg, str octets)
{
	return stream_put(arg, octets);
}

static bool put_on(struct stream *s, str octets)
{
	if (s->why)
		return false;
	if (s->gunzip)
		return gunzip_put(s->gunzip, octets, put_inner, s->inner);
	if (s->kind == UNPACK_ZIP) {
		buf_put(&s->zip, octets);
		if (s->zip.overflow)
			s->why = "an archive in it is too large";
		return !s->why;
	}
	return s->wanted && s->u->sink->octets(s->u->sink->arg, octets);
}

static void begin(struct stream *s)
{
	bool archive = s->kind == UNPACK_GZIP || s->kind == UNPACK_ZIP;

	if (archive && s->nesting == LIMIT_REPORT_NESTING) {
		s->why = "it has too many archives in one another";
	} else if (s->kind == UNPACK_GZIP) {
		s->inner = stream_new(s->u, s->name, s->nesting + 1);
		s->gunzip = gunzip_new(s->u->budget);
		if (!s->inner || !s->gunzip)
			s->why = "not enough memory to unpack it";
	}
	if (!archive || s->why)
		s->wanted = s->u->sink->begin(s->u->sink->arg, s->u->number++,
					      s->kind, s->name);
}

static bool decide(struct stream *s)
{
	str first = { s->first, s->first_n };

	s->decided = true;
	s->kind = unpack_kind_of(first);
	begin(s);
	return !first.n || put_on(s, first);
}

bool stream_put(struct stream *s, str octets)
{
	if (!s->decided) {
		str take = str_head(octets, FIRST - s->first_n);

		if (take.n)
			memcpy(s->first + s->first_n, take.p, take.n);
		s->first_n += take.n;
		octets = str_skip(octets, take.n);
		if (s->first_n < FIRST)
			return true;
		if (!decide(s))
			return false;
	}
	return !octets.n || put_on(s, octets);
}

/* What is wrong with an archive that gave no document is told as one. */
static void tell(struct stream *s, const char *why)
{
	const struct unpack_sink *sink = s->u->sink;

	if (sink->begin(sink->arg, s->u->number++, UNPACK_OTHER, s->name))
		sink->end(sink->arg, why, false);
}

/* NOLINTNEXTLINE(misc-no-recursion): archives are in each other to a limit */
void stream_end(struct stream *s, const char *why, bool mended)
{
	bool inner_mended = false;

	if (!s)
		return;
	if (!s->decided)
		(void)decide(s);
	if (!why)
		why = s->why;
	if (s->gunzip && s->inner) {
		const char *inner = gunzip_end(s->gunzip, &inner_mended);

		stream_end(s->inner, why ? why : inner, mended || inner_mended);
		s->inner = NULL;
	} else if (s->kind == UNPACK_ZIP && !s->why) {
		if (!why)
			why = unzip(s->u, buf_str(&s->zip), s->nesting + 1);
		if (why)
			tell(s, why);
	} else if (s->wanted) {
		s->u->sink->end(s->u->sink->arg, why, mended);
	}
	free(s->inner);
	gunzip_free(s->gunzip);
	buf_free(&s->zip);
	free(s);
}

const char *unpack(str file, const struct unpack_sink *sink,
		   struct unpack_budget *budget)
{
	enum { PIECE = 65536 };
	struct unpacking u = { sink, budget, 0 };
	struct stream *s;

	if (file.n > LIMIT_REPORT_BYTES)
		return "it is larger than any report";
	if (unpack_kind_of(str_head(file, FIRST)) == UNPACK_ZIP)
		return unzip(&u, file, 1);
	s = stream_new(&u, STR(""), 0);
	if (!s)
		return "not enough memory to unpack it";
	while (file.n && stream_put(s, str_head(file, PIECE)))
		file = str_skip(file, PIECE);
	stream_end(s, NULL, false);
	return NULL;
}
