/* codec: milter packets as bytes: u32 length (big-endian), command, data.  No
 * input or output; what is read are slices of the caller's bytes. */
#ifndef MILTER_CODEC_H
#define MILTER_CODEC_H

#include "base/buf.h"
#include "base/cur.h"

struct milter_frame {
	char command;
	str data;
};

enum milter_take {
	MILTER_MORE, /* not all there yet; the cursor stays */
	MILTER_TAKEN,
	MILTER_BROKEN /* length 0 or over max: the peer speaks another language */
};

enum { MILTER_LENGTH_BYTES = 4 };

enum milter_take milter_take(struct cur *in, size_t max,
			     struct milter_frame *out);

/* How long the packet at the start of these bytes is with its length, or 0 when
 * they are too few to tell. */
size_t milter_frame_bytes(str in);

/* A string up to its NUL, which is taken too.  False: there is no NUL. */
bool milter_take_string(struct cur *data, str *out);
bool milter_take_u32(struct cur *data, uint32_t *out);

/* begin; any buf_put; end.  mark is what begin gave.  A packet that did not fit
 * leaves b->overflow set. */
size_t milter_begin(struct buf *b, char command);
void milter_end(struct buf *b, size_t mark);
void milter_put_u32(struct buf *b, uint32_t n);
void milter_put_string(struct buf *b, str s); /* up to its first NUL, and NUL */
void milter_put(struct buf *b, char command, str data); /* all in one */

#endif
