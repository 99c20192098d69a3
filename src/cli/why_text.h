/* why_text: a decision to sign or not, as a sentence in the reader's language. */
#ifndef CLI_WHY_TEXT_H
#define CLI_WHY_TEXT_H

#include "cli/cli.h"
#include "sign/choose.h"

/* Printable; in the arena. */
str why_text(struct cli *cli, const struct sign_choice *c,
	     const struct sign_request *rq);

#endif
