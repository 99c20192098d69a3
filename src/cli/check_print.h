/* check_print: findings for a person, and as JSON. */
#ifndef CLI_CHECK_PRINT_H
#define CLI_CHECK_PRINT_H

#include "cli/cli.h"
#include "doctor/finding.h"

/* {"code":...}, as `inkan check --json` has it. */
json_t *finding_json(struct arena *arena, const struct finding *f);

/* Fails, warnings and notes in full; of the rest only how many, or with all one
 * line each. */
void findings_print(struct arena *arena, const struct findings *f, bool all);

#endif
