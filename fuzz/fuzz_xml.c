/* The strict reader of XML: its fast way says what expat says, whatever comes and
 * wherever it is cut. */
#include "base/buf.h"
#include "base/utf8.h"
#include "report/xml_inside.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a sink is told, text in one piece.  Of a document that is broken the text
 * right before the break may be told or not. */
struct told {
	struct buf tags, all;
	size_t left; /* tags until the sink has had enough */
	char last;
};

static bool tell(struct told *t, char kind, str s)
{
	if (kind != 't' && !t->left--)
		return false;
	if (kind != 't' || t->last != 't') {
		buf_putc(&t->all, '\0');
		buf_putc(&t->all, kind);
	}
	t->last = kind;
	buf_put(&t->all, s);
	if (kind == 't')
		return true;
	buf_putc(&t->tags, kind);
	buf_put(&t->tags, s);
	return true;
}

static bool on_start(void *arg, str name)
{
	return tell(arg, 's', name);
}

static bool on_text(void *arg, str s)
{
	return tell(arg, 't', s);
}

static bool on_end(void *arg)
{
	return tell(arg, 'e', STR(""));
}

static struct xml_parser parser_of(struct told *t, size_t left)
{
	*t = (struct told){ .tags = buf_of(NULL, 1 << 24),
			    .all = buf_of(NULL, 1 << 24),
			    .left = left };
	return (struct xml_parser){ .sink = { t, on_start, on_text, on_end,
					      NULL } };
}

static void compare(str xml, size_t step, size_t left)
{
	struct told a, b;
	struct xml_parser pa = parser_of(&a, left), pb = parser_of(&b, left);
	struct xml_plain *plain = xml_plain_new(&pa);
	struct xml_strict *strict = xml_strict_new(&pb);
	bool ok = true, want = true;

	assert(plain && strict);
	for (str s = xml; s.n && ok; s = str_skip(s, step))
		ok = xml_plain_put(plain, str_head(s, step));
	ok = ok && xml_plain_end(plain);
	for (str s = xml; s.n && want; s = str_skip(s, step))
		want = xml_strict_put(strict, str_head(s, step));
	want = want && xml_strict_end(strict);
	assert(ok == want && pa.broken == pb.broken &&
	       str_eq(str_of(pa.why), str_of(pb.why)));
	assert(str_eq(buf_str(&a.tags), buf_str(&b.tags)));
	assert(!ok || str_eq(buf_str(&a.all), buf_str(&b.all)));
	xml_plain_free(plain);
	xml_strict_free(strict);
	buf_free(&a.tags);
	buf_free(&b.tags);
	buf_free(&a.all);
	buf_free(&b.all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64, SIZE_MAX };
	struct buf clean = buf_of(NULL, 1 << 22);
	size_t left = size ? data[0] % 8 ? SIZE_MAX / 2 : data[0] / 8 : 0;

	/* as the decoder before it gives it */
	(void)utf8_clean(&clean, (str){ (const char *)data, size });
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		compare(buf_str(&clean), steps[i], left);
	buf_free(&clean);
	return 0;
}
