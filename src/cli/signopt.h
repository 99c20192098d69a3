/* signopt: the options that the commands which sign have in common. */
#ifndef CLI_SIGNOPT_H
#define CLI_SIGNOPT_H

#include "cli/cli.h"
#include "dkim/sign.h"

/* --canonicalization.  False: cli->err. */
bool signopt_canon(struct cli *cli, struct dkim_sign_options *o);
/* "From:To" */
struct dkim_names signopt_names(struct arena *arena, const char *text);
/* Can o->domain and o->selector sign?  False: cli->err. */
bool signopt_signer(struct cli *cli, const struct dkim_sign_options *o);

#endif
