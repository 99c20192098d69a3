#include "cli/message.h"

#include "cli/source.h"

static void on_chunk(void *arg, str bytes)
{
	feed_put(arg, bytes);
}

bool message_feed(struct cli *cli, const struct feed_sink *sink)
{
	struct feed *feed = feed_new(cli->arena, sink);
	struct source s;
	const char *path;
	bool ok;

	if (!cli_file(cli, &path) || !source_open(&s, path, &cli->err))
		return false;
	ok = source_read(&s, on_chunk, feed, &cli->err);
	source_close(&s);
	feed_end(feed);
	return ok;
}
