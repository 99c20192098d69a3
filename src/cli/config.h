/* config: the configuration that --config names, loaded as inkand would. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/cli.h"
#include "conf/snapshot.h"

/* NULL: cli->err; mistakes were printed with file and line.  Ends with
 * snapshot_release. */
struct snapshot *cli_config(struct cli *cli);

/* The same for who looks at the keys alone: a configuration that inkand would
 * refuse will do when it has a KeyTable. */
struct snapshot *cli_key_tables(struct cli *cli);

/* "FILE:LINE" of a table's entry, in the arena. */
const char *cli_place(struct cli *cli, const struct table *t, uint32_t at);

/* A request for a message of our own: authenticated, from this machine. */
struct sign_request cli_own_request(struct cli *cli, str user, str domain);

#endif
