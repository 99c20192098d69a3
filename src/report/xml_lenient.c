/* The lenient reader, for documents that expat refuses: a "<" begins a tag only
 * when a known name stands behind it, else it is text; so is a "&" that begins
 * no reference.  End tags that close nothing are left out; one that closes an
 * outer element closes the inner ones with it. */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "report/xml_inside.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 64, REFERENCE = 12, ROOM = LIMIT_XML_TAG + 65536 };

struct xml_lenient {
	struct xml_parser *p;
	struct buf in; /* not yet taken */
	char names[LIMIT_XML_DEPTH][NAME_MAX_BYTES];
	size_t lengths[LIMIT_XML_DEPTH];
	bool seen; /* an element */
	bool comment;
};

struct xml_lenient *xml_lenient_new(struct xml_parser *p)
{
	struct xml_lenient *l = calloc(1, sizeof *l);

	if (l) {
		l->p = p;
		l->in = buf_of(NULL, ROOM);
	}
	return l;
}

void xml_lenient_free(struct xml_lenient *l)
{
	if (!l)
		return;
	buf_free(&l->in);
	free(l);
}

static bool give(struct xml_lenient *l, str text)
{
	return !text.n || !l->p->depth || l->p->sink.text(l->p->sink.arg, text);
}

/* "#65", "#x41" or one of XML's five, to its octet; 0: none of them, or beyond
 * ASCII, and then the text stays as it stands. */
static char reference(str name)
{
	static const struct {
		str name;
		char c;
	} five[] = {
		{ STR_INIT("amp"), '&' },   { STR_INIT("lt"), '<' },
		{ STR_INIT("gt"), '>' },    { STR_INIT("quot"), '"' },
		{ STR_INIT("apos"), '\'' },
	};
	struct cur c = cur_of(name);
	uint32_t value;

	for (size_t i = 0; i < sizeof five / sizeof *five; i++)
		if (str_eq(name, five[i].name))
			return five[i].c;
	if (cur_char(&c, '#') && cur_uint(&c, 0x7e, &value) && cur_done(&c) &&
	    value >= 0x20)
		return (char)value;
	return 0;
}

/* Text without tags.  Takes what it can; *n is what it took. */
static bool text(struct xml_lenient *l, str s, bool last, size_t *n)
{
	size_t at = 0;

	while (at < s.n) {
		str rest = str_skip(s, at);
		size_t amp = str_find(rest, '&'), end;
		char c;

		if (!give(l, str_head(rest, amp)))
			return false;
		at += amp;
		rest = str_skip(rest, amp);
		if (!rest.n)
			break;
		end = str_find(str_head(rest, REFERENCE), ';');
		if (end >= rest.n && rest.n < REFERENCE && !last)
			break; /* the rest of it is to come */
		c = end < REFERENCE && end < rest.n
			    ? reference(str_skip(str_head(rest, end), 1))
			    : 0;
		if (!give(l, c ? (str){ &c, 1 } : STR("&")))
			return false;
		at += c ? end + 1 : 1;
	}
	*n = at;
	return true;
}

static bool open_element(struct xml_lenient *l, str name)
{
	struct xml_parser *p = l->p;

	if (p->depth == LIMIT_XML_DEPTH)
		return xml_fail(p, false, "its elements are nested too deep");
	memcpy(l->names[p->depth], name.p, name.n);
	l->lengths[p->depth++] = name.n;
	l->seen = true;
	return p->sink.start(p->sink.arg, name);
}

static bool close_element(struct xml_lenient *l, str name)
{
	struct xml_parser *p = l->p;
	unsigned at = p->depth;

	while (at &&
	       !str_ieq((str){ l->names[at - 1], l->lengths[at - 1] }, name))
		at--;
	while (at && p->depth >= at) {
		p->depth--;
		if (!p->sink.end(p->sink.arg))
			return false;
	}
	return true;
}

static str tag_name(str tag)
{
	size_t n = 0;

	if (tag.n && tag.p[0] == '/')
		tag = str_skip(tag, 1);
	while (n < tag.n && n < NAME_MAX_BYTES &&
	       !ascii_is(tag.p[n], ASCII_SPACE) && tag.p[n] != '/' &&
	       tag.p[n] != '>')
		n++;
	return xml_local(str_head(tag, n));
}

/* At the ">", or at a "<" that no tag has inside. */
static size_t tag_end(str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '>' && s.p[n] != '<')
		n++;
	return n;
}

/* s begins behind a "<" that may begin a tag; *n is what was taken, 0 when more
 * is needed.  Not a tag: *is_tag is false. */
static bool tag(struct xml_lenient *l, str s, bool last, size_t *n,
		bool *is_tag)
{
	size_t end = tag_end(s);
	str name = tag_name(s);
	bool known = name.n && name.n < NAME_MAX_BYTES &&
		     l->p->sink.known(name);
	bool self = end && end < s.n && s.p[end - 1] == '/';

	*n = 0;
	*is_tag = true;
	if (str_istarts(s, STR("!doctype")))
		return xml_fail(l->p, false,
				"it has a document type (DTD): refused");
	*is_tag = s.n && (known || s.p[0] == '?' || s.p[0] == '!');
	if (*is_tag && end >= s.n && !last && s.n < LIMIT_XML_TAG)
		return true;
	*is_tag = *is_tag && end < s.n && s.p[end] == '>';
	if (!*is_tag)
		return true;
	*n = end + 1;
	if (!known)
		return true;
	if (s.p[0] == '/')
		return close_element(l, name);
	return open_element(l, name) && (!self || close_element(l, name));
}

/* Inside <!-- -->: everything is skipped. */
static size_t skip_comment(struct xml_lenient *l, str s, bool last)
{
	const char *end = memmem(s.p, s.n, "-->", 3);

	if (end) {
		l->comment = false;
		return (size_t)(end - s.p) + 3;
	}
	return last ? s.n : s.n < 2 ? 0 : s.n - 2;
}

/* CDATA is text without references; it ends within the buffer or is none. */
static bool cdata(struct xml_lenient *l, str s, bool last, size_t *n)
{
	static const char start[] = "<![CDATA[";
	const char *end;

	*n = 0;
	if (!str_starts(s, STR("<![CDATA[")))
		return true;
	end = memmem(s.p, s.n, "]]>", 3);
	if (!end)
		return (!last && s.n < LIMIT_XML_TAG) ||
		       xml_fail(l->p, false, "its XML is broken");
	*n = (size_t)(end - s.p) + 3;
	return give(l, (str){ s.p + sizeof start - 1,
			      *n - 3 - (sizeof start - 1) });
}

/* One step at a "<"; *n is 0 when more is needed. */
static bool markup(struct xml_lenient *l, str s, bool last, size_t *n)
{
	bool is_tag;

	if (str_starts(s, STR("<!--"))) {
		l->comment = true;
		*n = 4;
		return true;
	}
	if (s.n < 9 && !last) {
		*n = 0;
		return true;
	}
	if (!cdata(l, s, last, n))
		return false;
	if (*n || str_starts(s, STR("<![CDATA[")))
		return true;
	if (!tag(l, str_skip(s, 1), last, n, &is_tag))
		return false;
	if (is_tag) {
		*n += *n ? 1 : 0;
		return true;
	}
	*n = 1;
	return give(l, STR("<"));
}

static bool take(struct xml_lenient *l, bool last)
{
	str s = buf_str(&l->in);
	size_t n = 1;

	while (s.n && n) {
		size_t less = l->comment ? 0 : str_find(s, '<');
		bool ok = true;

		if (l->comment)
			n = skip_comment(l, s, last);
		else if (less)
			ok = text(l, str_head(s, less), last || less < s.n, &n);
		else
			ok = markup(l, s, last, &n);
		if (!ok)
			return false;
		s = str_skip(s, n);
	}
	if (s.n)
		memmove(l->in.p, s.p, s.n);
	l->in.n = s.n;
	return true;
}

bool xml_lenient_put(struct xml_lenient *l, str t)
{
	enum { PIECE = 16384 };

	if (l->p->why)
		return false;
	while (t.n) {
		buf_put(&l->in, str_head(t, PIECE));
		if (l->in.overflow)
			return xml_fail(l->p, false, "its XML is broken");
		if (!take(l, false))
			return false;
		t = str_skip(t, PIECE);
	}
	return true;
}

bool xml_lenient_end(struct xml_lenient *l)
{
	if (l->p->why || !take(l, true))
		return false;
	if (!l->seen)
		return xml_fail(l->p, false, "it is no report in XML");
	return !l->p->depth || xml_fail(l->p, false, "it ends in the middle");
}
