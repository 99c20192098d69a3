/* ontop: a message that a command reads and prints again with fields on top,
 * everything else byte for byte as it came. */
#ifndef CLI_ONTOP_H
#define CLI_ONTOP_H

#include "cli/source.h"
#include "mail/feed.h"

struct ontop {
	struct source source;
	bool only; /* the new fields are printed alone */

	/* inside */
	struct feed *feed;
	bool lf, line_seen; /* the input's line ends */
	size_t from_seen; /* octets of "From ", the line that mbox puts on top */
};

/* Reads all of it into the sink.  path NULL or "-": standard input.  True: end
 * with ontop_close. */
bool ontop_read(struct ontop *t, struct arena *arena, const char *path,
		const struct feed_sink *sink, bool only, struct err *e);

/* Prints the fields (folded with CRLF, without a final one), the first on top,
 * with the line ends of the message, and then the message.  An mbox line stays
 * above all. */
bool ontop_write(struct ontop *t, const str *fields, size_t n, struct err *e);
void ontop_close(struct ontop *t);

#endif
