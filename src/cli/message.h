/* message: the message that a command's argument names, or standard input, is
 * read to its end. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "cli/cli.h"
#include "mail/feed.h"

/* False: it cannot be read; cli->err says why. */
bool message_feed(struct cli *cli, const struct feed_sink *sink);

#endif
