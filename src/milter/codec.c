#include "milter/codec.h"

static uint32_t u32_of(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

static void u32_to(char *p, uint32_t n)
{
	p[0] = (char)(n >> 24);
	p[1] = (char)(n >> 16);
	p[2] = (char)(n >> 8);
	p[3] = (char)n;
}

bool milter_take_u32(struct cur *data, uint32_t *out)
{
	if (data->end - data->p < MILTER_LENGTH_BYTES)
		return false;
	*out = u32_of(data->p);
	data->p += MILTER_LENGTH_BYTES;
	return true;
}

size_t milter_frame_bytes(str in)
{
	return in.n < MILTER_LENGTH_BYTES
		       ? 0
		       : (size_t)u32_of(in.p) + MILTER_LENGTH_BYTES;
}

enum milter_take milter_take(struct cur *in, size_t max,
			     struct milter_frame *out)
{
	struct cur c = *in;
	uint32_t n;

	if (!milter_take_u32(&c, &n))
		return MILTER_MORE;
	if (n == 0 || n > max)
		return MILTER_BROKEN;
	if ((size_t)(c.end - c.p) < n)
		return MILTER_MORE;
	out->command = *c.p;
	out->data = (str){ c.p + 1, n - 1 };
	in->p = c.p + n;
	return MILTER_TAKEN;
}

bool milter_take_string(struct cur *data, str *out)
{
	str rest = cur_rest(data);
	size_t n = str_find(rest, '\0');

	if (n == rest.n)
		return false;
	*out = str_head(rest, n);
	data->p += n + 1;
	return true;
}

void milter_put_u32(struct buf *b, uint32_t n)
{
	char *to = buf_room(b, MILTER_LENGTH_BYTES);

	if (!to)
		return;
	u32_to(to, n);
	b->n += MILTER_LENGTH_BYTES;
}

void milter_put_string(struct buf *b, str s)
{
	buf_put(b, str_head(s, str_find(s, '\0')));
	buf_putc(b, '\0');
}

size_t milter_begin(struct buf *b, char command)
{
	size_t mark = b->n;

	milter_put_u32(b, 0);
	buf_putc(b, command);
	return mark;
}

void milter_end(struct buf *b, size_t mark)
{
	if (!b->overflow)
		u32_to(b->p + mark,
		       (uint32_t)(b->n - mark - MILTER_LENGTH_BYTES));
}

void milter_put(struct buf *b, char command, str data)
{
	size_t mark = milter_begin(b, command);

	buf_put(b, data);
	milter_end(b, mark);
}
