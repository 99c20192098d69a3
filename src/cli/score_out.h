/* score_out: a score as text, as JSON, and as a page of its own. */
#ifndef CLI_SCORE_OUT_H
#define CLI_SCORE_OUT_H

#include "cli/cli.h"
#include "score/score.h"

/* Translated. */
const char *score_title(enum score_category c);

void score_print(struct cli *cli, const struct score *s);
json_t *score_json(const struct score *s);

/* The page refers to nothing outside and runs nothing.  False: cli->err. */
bool score_html(struct cli *cli, const struct score *s,
		const struct header *header, const char *path);

#endif
