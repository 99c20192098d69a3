/* unpack_inside: the streams that documents pass through. */
#ifndef REPORT_UNPACK_INSIDE_H
#define REPORT_UNPACK_INSIDE_H

#include "report/unpack.h"

struct unpacking {
	const struct unpack_sink *sink;
	struct unpack_budget *budget;
	unsigned number; /* of the next document */
};

/* Where the octets of one member go: to the sink, or into the next archive. */
struct stream;

/* nesting: archives around it.  NULL: no memory. */
struct stream *stream_new(struct unpacking *u, str name, unsigned nesting);
bool stream_put(struct stream *s, str octets); /* false: enough */
/* Ends the document that runs, if one does, and frees it. */
void stream_end(struct stream *s, const char *why, bool mended);

/* Deflated data (RFC 1951) that comes in pieces. */
struct inflater;

struct inflater *inflater_new(struct unpack_budget *budget);
void inflater_free(struct inflater *i);

enum inflate_end {
	INFLATE_MORE, /* all input taken, the data goes on */
	INFLATE_DONE, /* the data ended; *in is what stands behind */
	INFLATE_ENOUGH, /* the receiver wants no more */
	INFLATE_BROKEN,
	INFLATE_LIMIT, /* too much of it */
	INFLATE_MEMORY
};

/* fn is given what came out.  *crc and *total go on from what they are. */
enum inflate_end inflater_put(struct inflater *i, str *in,
			      bool (*fn)(void *arg, str out), void *arg,
			      uint32_t *crc, uint64_t *total);
bool inflater_restart(struct inflater *i);
const char *inflate_why(enum inflate_end end); /* NULL when it is well */

/* gzip in pieces, all members of it. */
struct gunzip;
struct gunzip *gunzip_new(struct unpack_budget *budget);
void gunzip_free(struct gunzip *g);
bool gunzip_put(struct gunzip *g, str in, bool (*fn)(void *, str), void *arg);
/* NULL: its data came whole.  *mended: a check sum or length is wrong, or
 * something that is no gzip stands behind it. */
const char *gunzip_end(struct gunzip *g, bool *mended);

/* A whole archive. */
const char *unzip(struct unpacking *u, str file, unsigned nesting);

#endif
