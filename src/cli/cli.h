/* cli: what every command is given. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/ip.h"
#include "cli/opt.h"
#include "cli/out.h"
#include "cli/tr.h"
#include "crypto/privkey.h"
#include "dns/client.h"

struct cli {
	struct arena *arena;
	struct args args;
	int64_t now; /* --time, or the clock */
	bool json;
	struct err err;
};

struct command {
	const char *name;
	const char *usage; /* after the name, untranslated */
	const char *summary; /* one line, untranslated */
	const char *notes; /* more for its help, or NULL */
	const struct opt *options;
	int (*run)(struct cli *cli); /* an exit status */
};

extern const struct command cmd_authres, cmd_check, cmd_dmarc, cmd_keygen,
	cmd_milter, cmd_records, cmd_reports, cmd_rotate, cmd_score, cmd_seal,
	cmd_setup, cmd_sign, cmd_spf, cmd_testkey, cmd_verify, cmd_why;

/* argv[0] decides: the programs that a link may stand for. */
int genkey_main(struct arena *arena, int argc, char *argv[]);
int testkey_main(struct arena *arena, int argc, char *argv[]);

/* The resolver that --nameserver, --zone and --dns-timeout ask for; ends with
 * cli_dns_free.  NULL: cli->err. */
struct dns_client *cli_dns(struct cli *cli);
bool cli_has_anchor(void); /* the root's, for DNSSEC */
/* The same with DNSSEC, from the root, where its anchor is installed. */
struct dns_client *cli_dns_validating(struct cli *cli);

/* A private key named on the command line; the arena ends it.  One that others
 * can read is warned about.  NULL: cli->err. */
struct privkey *cli_key(struct cli *cli, const char *path);

/* Prints cli->err and returns its exit status. */
int cli_fail(struct cli *cli);
/* A usage error: prints it, names the help, returns 64. */
int cli_usage(struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* --ip; without it, of no family.  False: cli->err. */
bool cli_ip(struct cli *cli, struct ip *out);
/* --authserv-id, or this host's name; in the arena. */
str cli_authserv_id(struct cli *cli);
/* The one file argument, or NULL for standard input.  False: there are more. */
bool cli_file(struct cli *cli, const char **path);

#endif
