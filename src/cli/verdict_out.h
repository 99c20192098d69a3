/* verdict_out: SPF's and DMARC's verdicts, as JSON and for people; one form for
 * every command. */
#ifndef CLI_VERDICT_OUT_H
#define CLI_VERDICT_OUT_H

#include "cli/cli.h"
#include "conf/suffixes.h"
#include "verify/verdict.h"

json_t *spf_json(const struct spf_verdict *v, bool explain);
void spf_print(struct cli *cli, const struct spf_verdict *v);

json_t *dmarc_json(const struct verdict_dmarc *d);
void dmarc_print(struct cli *cli, const struct verdict_dmarc *d);
/* Names asked for, who aligns with whom, which tag decides. */
void dmarc_explain(struct cli *cli, const struct verdict_dmarc *d);

/* --discovery: NULL for the tree walk.  False: cli->err. */
bool cli_discovery(struct cli *cli, struct suffix_list **out);

#endif
