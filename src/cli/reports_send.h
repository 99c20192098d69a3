/* reports_send: what the parts of "inkan reports send" share. */
#ifndef CLI_REPORTS_SEND_H
#define CLI_REPORTS_SEND_H

#include "cli/reports.h"
#include "store/outbox.h"

struct sending {
	struct cli *cli;
	struct store *store;
	struct dns_client *dns;
	/* who reports */
	const char *from, *envelope, *sendmail;
	str submitter, org, contact;
	uint64_t max;
	bool failures; /* reports about single messages, not about a day */
	uint64_t rate; /* mails about one domain and day, of those */
	bool dry; /* nothing is sent or noted */
	const char *output; /* a directory for what would be sent, or NULL */
	char holder[OUTBOX_TOKEN + 1];
	struct arena *work; /* of one domain and day */
	int64_t clock; /* monotonic, at the start */
	/* what happened */
	uint64_t units, mails, later, given_up;
	bool refused_by_sendmail; /* it is sendmail that does not work */
	json_t *told; /* of --json: what became of each mail */
};

/* Seconds since 1970, as --time has them, going on. */
int64_t sending_now(const struct sending *s);
void sending_random(char out[OUTBOX_TOKEN + 1]);

/* One domain and day.  False: the store, or the disk, does not work
 * (cli->err). */
bool sending_unit(struct sending *s, str domain, int64_t day);

/* All that is to be told of messages that failed.  False: as above. */
bool sending_failures(struct sending *s);

#define SENDMAIL_DEFAULT "/usr/sbin/sendmail"

/* The address of an option that names who sends, or dmarc-reports@ this host.
 * False: cli->err. */
bool reports_sender(struct cli *cli, const char *name, const char **out);

/* A mail by sendmail(1), its end waited for.  False: *e. */
bool sendmail_run(struct arena *arena, const char *program,
		  const char *envelope, const char *to, str mail,
		  struct err *e);

#endif
