#include "report/gzip.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

enum { PIECE = 16384 };

struct gzip {
	z_stream z;
	struct buf *out;
};

struct gzip *gzip_new(struct buf *out, bool fast)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->out = out;
	/* 16: gzip's head and tail; no time and no name is in it */
	if (deflateInit2(&g->z, fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION,
			 Z_DEFLATED, MAX_WBITS + 16, 8,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return g;
	free(g);
	return NULL;
}

void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	(void)deflateEnd(&g->z);
	free(g);
}

static bool run(struct gzip *g, int flush)
{
	char piece[PIECE];

	do {
		g->z.next_out = (unsigned char *)piece;
		g->z.avail_out = sizeof piece;
		(void)deflate(&g->z, flush);
		buf_put(g->out, (str){ piece, sizeof piece - g->z.avail_out });
	} while (!g->z.avail_out);
	return !g->out->overflow;
}

bool gzip_put(struct gzip *g, str text)
{
	unsigned char *in;

	assert(text.n <= UINT_MAX);
	memcpy(&in, &text.p, sizeof in); /* zlib does not write there */
	g->z.next_in = in;
	g->z.avail_in = (unsigned)text.n;
	return run(g, Z_NO_FLUSH);
}

bool gzip_end(struct gzip *g)
{
	g->z.next_in = NULL;
	g->z.avail_in = 0;
	return run(g, Z_FINISH);
}
