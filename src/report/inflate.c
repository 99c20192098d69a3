/* Deflate by zlib, with the budget of the file and a bound on how much may come
 * out of how little. */
#include "base/limits.h"
#include "report/unpack_inside.h"

#include <stdlib.h>

#include <zlib.h>

enum { OUT = 65536, FREE_OUT = 1 << 20 };

struct inflater {
	z_stream z;
	struct unpack_budget *budget;
	uint64_t in, out;
	unsigned char piece[OUT];
};

struct inflater *inflater_new(struct unpack_budget *budget)
{
	struct inflater *i = calloc(1, sizeof *i);

	if (!i)
		return NULL;
	i->budget = budget;
	if (inflateInit2(&i->z, -MAX_WBITS) == Z_OK)
		return i;
	free(i);
	return NULL;
}

void inflater_free(struct inflater *i)
{
	if (!i)
		return;
	(void)inflateEnd(&i->z);
	free(i);
}

bool inflater_restart(struct inflater *i)
{
	return inflateReset(&i->z) == Z_OK;
}

static bool over_limit(struct inflater *i, size_t in, size_t out)
{
	i->in += in;
	i->out += out;
	i->budget->octets += out;
	if (i->budget->octets > LIMIT_REPORT_BYTES ||
	    i->out > FREE_OUT + i->in * LIMIT_REPORT_RATIO)
		i->budget->spent = true;
	return i->budget->spent;
}

enum inflate_end inflater_put(struct inflater *i, str *in,
			      bool (*fn)(void *arg, str out), void *arg,
			      uint32_t *crc, uint64_t *total)
{
	z_stream *z = &i->z;

	for (;;) {
		size_t had = in->n > OUT ? OUT : in->n, out;
		int status;

		/* zlib's declaration wants it so; it only reads there
		 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
		z->next_in = (unsigned char *)(uintptr_t)in->p;
		z->avail_in = (unsigned)had;
		z->next_out = i->piece;
		z->avail_out = OUT;
		status = inflate(z, Z_NO_FLUSH);
		out = OUT - z->avail_out;
		had -= z->avail_in;
		*in = str_skip(*in, had);
		if (over_limit(i, had, out))
			return INFLATE_LIMIT;
		*crc = (uint32_t)crc32(*crc, i->piece, (unsigned)out);
		*total += out;
		if (out && !fn(arg, (str){ (char *)i->piece, out }))
			return INFLATE_ENOUGH;
		if (status == Z_STREAM_END)
			return INFLATE_DONE;
		if (status == Z_BUF_ERROR || (status == Z_OK && !in->n && !out))
			return INFLATE_MORE;
		if (status != Z_OK)
			return status == Z_MEM_ERROR ? INFLATE_MEMORY
						     : INFLATE_BROKEN;
	}
}

const char *inflate_why(enum inflate_end end)
{
	switch (end) {
	case INFLATE_MORE:
		return "its archive ends in the middle";
	case INFLATE_BROKEN:
		return "its archive is damaged";
	case INFLATE_LIMIT:
		return "it unpacks to more than any report: refused";
	case INFLATE_MEMORY:
		return "not enough memory to unpack it";
	default:
		return NULL;
	}
}
