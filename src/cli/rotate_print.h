/* rotate_print: where a rotation stands, for people and as JSON. */
#ifndef CLI_ROTATE_PRINT_H
#define CLI_ROTATE_PRINT_H

#include "cli/cli.h"
#include "rotate/rotate.h"

/* progress: NULL when nothing was tried. */
void rotate_print(struct cli *cli, const struct rotation *r,
		  const struct rotate_progress *progress);
json_t *rotate_json(struct cli *cli, const struct rotation *r,
		    const struct rotate_progress *progress);

/* A stage was reached. */
void rotate_print_stage(const struct rotation *r);

#endif
