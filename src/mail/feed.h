/* feed: a message that comes as a stream of bytes, from a file or a pipe, cut
 * anywhere: told apart into header fields and body.  LF and CRLF both end a
 * line and both come out as CRLF; a CR alone is content.  A first line "From "
 * of an mbox is skipped.  Memory is flat however long the body is. */
#ifndef MAIL_FEED_H
#define MAIL_FEED_H

#include "base/arena.h"

struct feed_sink {
	void *arg;
	/* One field (or a line that is none: header_add_raw tells), with CRLF
	 * folds and without its last CRLF; valid during the call. */
	void (*field)(void *arg, str raw);
	/* A field longer than LIMIT_HEADER_BYTES was left out.  May be NULL. */
	void (*too_large)(void *arg);
	void (*end_of_header)(void *arg); /* always called once; may be NULL */
	void (*body)(void *arg, str chunk);
};

struct feed;

struct feed *feed_new(struct arena *arena, const struct feed_sink *sink);
void feed_put(struct feed *f, str chunk);
void feed_end(struct feed *f);

#endif
