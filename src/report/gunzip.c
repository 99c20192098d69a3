/* gzip (RFC 1952) as it comes: the header is stepped over whatever stands in it,
 * a wrong trailer is told of and no reason to lose the report, and so is rubbish
 * behind it. */
#include "report/unpack_inside.h"

#include <stdlib.h>

#include <zlib.h>

enum stage {
	FIXED, /* ten octets */
	EXTRA_LENGTH,
	EXTRA,
	NAME,
	COMMENT,
	HEADER_CRC,
	DATA,
	TRAILER,
	RUBBISH
};

enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };

struct gunzip {
	struct inflater *inflater;
	enum stage stage;
	unsigned char bytes[10]; /* of the stage */
	size_t n;
	unsigned flags;
	size_t extra;
	uint32_t crc;
	uint64_t total;
	unsigned members; /* that came whole */
	bool mended;
	const char *why;
};

struct gunzip *gunzip_new(struct unpack_budget *budget)
{
	struct gunzip *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->inflater = inflater_new(budget);
	if (g->inflater)
		return g;
	free(g);
	return NULL;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	inflater_free(g->inflater);
	free(g);
}

/* Collects n octets of a stage; true once they are there. */
static bool collect(struct gunzip *g, str *in, size_t n)
{
	str take = str_head(*in, n - g->n);

	if (take.n)
		memcpy(g->bytes + g->n, take.p, take.n);
	g->n += take.n;
	*in = str_skip(*in, take.n);
	return g->n == n;
}

static void next(struct gunzip *g, enum stage stage)
{
	g->stage = stage;
	g->n = 0;
}

static void take_fixed(struct gunzip *g, str *in)
{
	if (!collect(g, in, 10))
		return;
	if (g->bytes[0] != 0x1f || g->bytes[1] != 0x8b || g->bytes[2] != 8) {
		g->why = g->members ? NULL : "its archive is damaged";
		g->mended = true;
		next(g, RUBBISH);
		return;
	}
	g->flags = g->bytes[3];
	g->crc = 0;
	g->total = 0;
	next(g, EXTRA_LENGTH);
}

static void take_text(struct gunzip *g, str *in, unsigned flag)
{
	size_t n = g->flags & flag ? str_find(*in, '\0') : 0;

	if (!(g->flags & flag)) {
		next(g, g->stage + 1);
		return;
	}
	if (n < in->n)
		next(g, g->stage + 1);
	*in = str_skip(*in, n + 1);
}

static void take_header(struct gunzip *g, str *in)
{
	switch (g->stage) {
	case FIXED:
		take_fixed(g, in);
		break;
	case EXTRA_LENGTH:
		if (!(g->flags & FEXTRA)) {
			next(g, NAME);
		} else if (collect(g, in, 2)) {
			g->extra = g->bytes[0] + 256u * g->bytes[1];
			next(g, EXTRA);
		}
		break;
	case EXTRA: {
		size_t n = g->extra < in->n ? g->extra : in->n;

		g->extra -= n;
		*in = str_skip(*in, n);
		if (!g->extra)
			next(g, NAME);
		break;
	}
	case NAME:
		take_text(g, in, FNAME);
		break;
	case COMMENT:
		take_text(g, in, FCOMMENT);
		break;
	default:
		if (!(g->flags & FHCRC) || collect(g, in, 2))
			next(g, DATA);
	}
}

static uint32_t word(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void take_trailer(struct gunzip *g, str *in)
{
	if (!collect(g, in, 8))
		return;
	if (word(g->bytes) != g->crc ||
	    word(g->bytes + 4) != (uint32_t)g->total)
		g->mended = true;
	if (!inflater_restart(g->inflater))
		g->why = "not enough memory to unpack it";
	next(g, FIXED);
}

bool gunzip_put(struct gunzip *g, str in, bool (*fn)(void *, str), void *arg)
{
	while (in.n && !g->why) {
		enum inflate_end end;

		if (g->stage < DATA) {
			take_header(g, &in);
		} else if (g->stage == TRAILER) {
			take_trailer(g, &in);
		} else if (g->stage == RUBBISH) {
			return true;
		} else {
			end = inflater_put(g->inflater, &in, fn, arg, &g->crc,
					   &g->total);
			if (end == INFLATE_ENOUGH)
				return false;
			if (end == INFLATE_DONE) {
				g->members++;
				next(g, TRAILER);
			} else if (end != INFLATE_MORE) {
				g->why = inflate_why(end);
			}
		}
	}
	return !g->why;
}

const char *gunzip_end(struct gunzip *g, bool *mended)
{
	bool at_start = g->stage == FIXED && !g->n;

	*mended = g->mended || (g->members && !at_start);
	if (g->why)
		return g->why;
	if (!g->members || g->stage == DATA)
		return "its archive ends in the middle";
	return NULL;
}
