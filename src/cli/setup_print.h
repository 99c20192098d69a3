/* setup_print: what inkan setup would do, or did, for a person and for a
 * program. */
#ifndef CLI_SETUP_PRINT_H
#define CLI_SETUP_PRINT_H

#include "cli/cli.h"
#include "cli/records.h"
#include "setup/plan.h"

struct setup_shown {
	const struct plan *plan;
	const char *host;
	const struct records *records; /* NULL: no address is known */
	bool applied;
	const char *test; /* what the test mail showed, or NULL */
};

void setup_print(struct cli *cli, const struct setup_shown *s);
void setup_print_json(struct cli *cli, const struct setup_shown *s);

/* The plan of a machine without a mail server: packages come first. */
void setup_print_install(struct cli *cli, str domain, const char *host,
			 const char *packages);

#endif
