/* stream: a message that comes as bytes (mail/feed) goes into a struct verify. */
#ifndef VERIFY_STREAM_H
#define VERIFY_STREAM_H

#include "mail/feed.h"
#include "verify/verify.h"

/* For feed_new(); v must live as long as the feed.  The caller ends the message
 * itself: feed_end(), then verify_end(). */
struct feed_sink verify_sink(struct verify *v);

#endif
