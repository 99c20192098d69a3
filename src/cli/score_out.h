/* score_out: a score as text, as JSON, and as a page of its own; and the parts of
 * inkan score that serve. */
#ifndef CLI_SCORE_OUT_H
#define CLI_SCORE_OUT_H

#include "cli/cli.h"
#include "inbox/result.h"

void score_print(struct cli *cli, const struct score *s);
/* The page refers to nothing outside and runs nothing.  False: cli->err. */
bool score_html(struct cli *cli, const struct result *r, const char *path);

/* The options that say how it is judged: --ip, --helo, --mail-from,
 * --blocklist.  False: cli->err. */
bool score_options(struct cli *cli, struct judge_options *o);

/* --listen, --deliver: exit statuses. */
int score_serve(struct cli *cli);
int score_deliver(struct cli *cli);

#endif
