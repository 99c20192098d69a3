#include "mail/message.h"

#include "base/ascii.h"
#include "base/limits.h"

struct header header_of(struct arena *arena, size_t max_bytes,
			size_t max_fields)
{
	return (struct header){
		.arena = arena,
		.max_bytes = max_bytes ? max_bytes : LIMIT_HEADER_BYTES,
		.max_fields = max_fields ? max_fields : LIMIT_HEADER_FIELDS,
	};
}

/* RFC 5322 3.6.8 ftext: printable, no colon */
static bool name_ok(str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0;
}

static str without_trailing_wsp(str s)
{
	while (s.n && ascii_is(s.p[s.n - 1], ASCII_WSP))
		s.n--;
	return s;
}

static bool has_room(struct header *h, size_t bytes)
{
	if (h->too_large || h->n == h->max_fields ||
	    bytes + 2 > h->max_bytes - h->bytes) {
		h->too_large = true;
		return false;
	}
	return true;
}

static void push(struct header *h, str raw, size_t colon)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : 32;

		h->fields = arena_grow(h->arena, h->fields,
				       h->cap * sizeof *h->fields,
				       cap * sizeof *h->fields);
		h->cap = cap;
	}
	h->fields[h->n++] = (struct field){
		.name = without_trailing_wsp(str_head(raw, colon)),
		.raw = raw,
		.value = str_skip(raw, colon + 1),
	};
	h->bytes += raw.n + 2;
}

/* Octets at s to the next LF without CR before it, or all. */
static size_t to_bare_lf(str s, size_t from)
{
	for (size_t i = from; i < s.n;) {
		const char *lf = memchr(s.p + i, '\n', s.n - i);

		if (!lf)
			break;
		i = (size_t)(lf - s.p);
		if (i == 0 || s.p[i - 1] != '\r')
			return i;
		i++;
	}
	return s.n;
}

/* Copies s to `to`, every LF without CR before it as CRLF. */
static void copy_crlf(char *to, str s)
{
	for (size_t i = 0, next; i < s.n; i = next) {
		next = to_bare_lf(s, i);
		memcpy(to, s.p + i, next - i);
		to += next - i;
		if (next < s.n) {
			*to++ = '\r';
			*to++ = '\n';
			next++;
		}
	}
}

static size_t bare_lf(str s)
{
	size_t n = 0;

	for (size_t i = to_bare_lf(s, 0); i < s.n; i = to_bare_lf(s, i + 1))
		n++;
	return n;
}

static str without_final_newline(str s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

bool header_add(struct header *h, str name, str value)
{
	value = without_final_newline(value);

	size_t n = name.n + 1 + value.n + bare_lf(value);

	if (!name_ok(without_trailing_wsp(name))) {
		h->malformed = true;
		return !h->too_large;
	}
	if (!has_room(h, n))
		return false;

	char *raw = arena_alloc(h->arena, n + 1);

	memcpy(raw, name.p, name.n);
	raw[name.n] = ':';
	copy_crlf(raw + name.n + 1, value);
	push(h, (str){ raw, n }, name.n);
	return true;
}

bool header_add_raw(struct header *h, str raw)
{
	raw = without_final_newline(raw);

	size_t colon = str_find(raw, ':');

	if (colon == raw.n ||
	    !name_ok(without_trailing_wsp(str_head(raw, colon)))) {
		h->malformed = true;
		return !h->too_large;
	}
	return header_add(h, str_head(raw, colon), str_skip(raw, colon + 1));
}

const struct field *header_find(const struct header *h, str name, size_t n)
{
	for (size_t i = 0; i < h->n; i++)
		if (str_ieq(h->fields[i].name, name) && n-- == 0)
			return &h->fields[i];
	return NULL;
}

size_t header_count(const struct header *h, str name)
{
	size_t count = 0;

	for (size_t i = 0; i < h->n; i++)
		count += str_ieq(h->fields[i].name, name);
	return count;
}
