/* zip, as much of it as reports need: stored and deflated members, found by the
 * directory at the end of the file or, when that is missing, one after the other
 * from the start.  Sizes come from the directory: what stands before the data is
 * often zero.  Members that are no documents (folders, __MACOSX) are passed
 * over; encrypted ones cannot be read. */
#include "base/limits.h"
#include "report/unpack_inside.h"

#include <zlib.h>

enum { LOCAL = 30, CENTRAL = 46, END = 22, COMMENT_MAX = 65535 };

enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };

struct member {
	unsigned flags, method;
	uint32_t crc, packed, size;
	bool sized; /* packed and size are known */
	str name;
	size_t data; /* where its octets begin */
};

static uint32_t word(str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static unsigned half(str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return p[0] | (unsigned)p[1] << 8;
}

static bool is_at(str file, size_t at, size_t need, const char *magic)
{
	return at <= file.n && file.n - at >= need &&
	       memcmp(file.p + at, magic, 4) == 0;
}

/* The last "end of central directory" of the file. */
static bool find_end(str file, size_t *at)
{
	size_t most = END + COMMENT_MAX;

	for (size_t back = END; back <= file.n && back <= most; back++)
		if (is_at(file, file.n - back, END, "PK\5\6")) {
			*at = file.n - back;
			return true;
		}
	return false;
}

bool unzip_has_one(str file)
{
	size_t at;

	return find_end(file, &at) && half(file, at + 10) == 1;
}

static bool read_local(str file, size_t at, struct member *m)
{
	size_t name, extra;

	if (!is_at(file, at, LOCAL, "PK\3\4"))
		return false;
	name = half(file, at + 26);
	extra = half(file, at + 28);
	if (file.n - at - LOCAL < name + extra)
		return false;
	m->flags = half(file, at + 6);
	m->method = half(file, at + 8);
	m->crc = word(file, at + 14);
	m->packed = word(file, at + 18);
	m->size = word(file, at + 22);
	m->sized = !(m->flags & 8);
	m->name = (str){ file.p + at + LOCAL, name };
	m->data = at + LOCAL + name + extra;
	return true;
}

/* One entry of the directory, and the local header that it names. */
static bool read_central(str file, size_t *at, struct member *m)
{
	size_t name, behind, local;
	struct member central;

	if (!is_at(file, *at, CENTRAL, "PK\1\2"))
		return false;
	name = half(file, *at + 28);
	behind = (size_t)half(file, *at + 30) + half(file, *at + 32);
	if (file.n - *at - CENTRAL < name + behind)
		return false;
	central.crc = word(file, *at + 16);
	central.packed = word(file, *at + 20);
	central.size = word(file, *at + 24);
	local = word(file, *at + 42);
	*at += CENTRAL + name + behind;
	if (!read_local(file, local, m))
		return false;
	m->crc = central.crc;
	m->packed = central.packed;
	m->size = central.size;
	m->sized = true;
	return true;
}

static bool is_document(str name)
{
	return !str_starts(name, STR("__MACOSX")) &&
	       (!name.n || name.p[name.n - 1] != '/');
}

static bool put(void *arg, str octets)
{
	return stream_put(arg, octets);
}

struct outcome {
	const char *why;
	bool mended;
	size_t used; /* octets of packed data */
};

static struct outcome unpack_stored(struct unpacking *u, struct stream *s,
				    str data, const struct member *m)
{
	struct outcome o = { .used = m->packed };

	if (!m->sized || data.n < m->packed) {
		o.why = "its archive ends in the middle";
		return o;
	}
	data = str_head(data, m->packed);
	u->budget->octets += data.n;
	if (u->budget->octets > LIMIT_REPORT_BYTES) {
		u->budget->spent = true;
		o.why = inflate_why(INFLATE_LIMIT);
		return o;
	}
	o.mended = crc32(0, (const unsigned char *)data.p, (unsigned)data.n) !=
		   m->crc;
	(void)stream_put(s, data);
	return o;
}

static struct outcome unpack_deflated(struct unpacking *u, struct stream *s,
				      str data, const struct member *m)
{
	struct inflater *i = inflater_new(u->budget);
	struct outcome o = { 0 };
	enum inflate_end end;
	uint32_t crc = 0;
	uint64_t total = 0;
	str rest = m->sized ? str_head(data, m->packed) : data;
	size_t had = rest.n;

	if (!i) {
		o.why = inflate_why(INFLATE_MEMORY);
		return o;
	}
	end = inflater_put(i, &rest, put, s, &crc, &total);
	inflater_free(i);
	o.why = inflate_why(end);
	o.used = had - rest.n;
	if (end == INFLATE_DONE && m->sized)
		o.mended = crc != m->crc || (uint32_t)total != m->size;
	return o;
}

static struct outcome take_member(struct unpacking *u, str file,
				  const struct member *m, unsigned nesting)
{
	struct outcome o = { .used = m->packed };
	struct stream *s;
	str data = str_skip(file, m->data);

	if (!is_document(m->name) && m->sized)
		return o;
	s = stream_new(u, m->name, nesting);
	if (!s)
		return o;
	if (u->budget->spent)
		o.why = inflate_why(INFLATE_LIMIT);
	else if (m->flags & ENCRYPTED)
		o.why = "its archive is encrypted";
	else if (m->method == STORED)
		o = unpack_stored(u, s, data, m);
	else if (m->method == DEFLATED)
		o = unpack_deflated(u, s, data, m);
	else
		o.why = "its archive is packed in a way that no report is";
	stream_end(s, o.why, o.mended);
	return o;
}

/* Without a directory: local headers, each behind the data of the last one, with
 * a descriptor of 12 or 16 octets perhaps in between. */
static const char *walk(struct unpacking *u, str file, unsigned nesting)
{
	struct member m;
	size_t at = 0;
	unsigned n = 0;

	while (n < LIMIT_ZIP_MEMBERS && read_local(file, at, &m)) {
		struct outcome o = take_member(u, file, &m, nesting);

		n++;
		if (o.why)
			break;
		at = m.data + o.used;
		if (at > file.n)
			break;
		if (is_at(file, at, 16, "PK\7\b"))
			at += 16;
		else if (!m.sized && file.n - at >= 12)
			at += 12;
	}
	return n ? NULL : "its archive is damaged";
}

const char *unzip(struct unpacking *u, str file, unsigned nesting)
{
	size_t end, at;
	unsigned n = 0;
	struct member m;

	if (!find_end(file, &end))
		return walk(u, file, nesting);
	at = word(file, end + 16);
	while (n < LIMIT_ZIP_MEMBERS && read_central(file, &at, &m)) {
		(void)take_member(u, file, &m, nesting);
		n++;
	}
	if (n == LIMIT_ZIP_MEMBERS)
		return "it has too many members";
	return n ? NULL : walk(u, file, nesting);
}
