/* reports_imap: mails of an IMAP folder, for "inkan reports import". */
#ifndef CLI_REPORTS_IMAP_H
#define CLI_REPORTS_IMAP_H

#include "cli/cli.h"
#include "report/import.h"

bool reports_is_imap(const char *path);

/* False: cli->err; *fatal when it is the store that does not work. */
bool reports_import_imap(struct cli *cli, struct importer *importer,
			 const char *url, bool *fatal);

#endif
