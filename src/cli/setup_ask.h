/* setup_ask: what inkan setup wants to know: from its options, from a person at
 * a terminal, else by default. */
#ifndef CLI_SETUP_ASK_H
#define CLI_SETUP_ASK_H

#include "cli/cli.h"
#include "setup/plan.h"

/* Is there somebody to ask? */
bool setup_asks(struct cli *cli);
/* A line from the terminal, or what it is by default. */
const char *setup_answer(struct cli *cli, const char *question,
			 const char *otherwise);
bool setup_agrees(struct cli *cli, const char *question, bool otherwise);

/* A site of which nothing is known yet (main_path NULL) is one without Postfix. */
bool setup_ask_domain(struct cli *cli, const struct site *m, str *out);
bool setup_ask_host(struct cli *cli, const struct site *m, str domain,
		    bool server, const char **out);
/* install: a mail server for users was asked for. */
bool setup_ask(struct cli *cli, const struct site *m, bool install,
	       struct plan_wanted *out);

#endif
