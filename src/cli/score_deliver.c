/* inkan score --deliver: a mail that the MTA pipes to us, into the spool; the exit
 * status (sysexits(3)) says whether it may forget the mail. */
#include "cli/score_out.h"
#include "cli/source.h"
#include "inbox/spool.h"

#include <stdlib.h>

enum { NO_USER = 67, TRY_LATER = 75, NOT_TAKEN = 65 };

/* The option, or what Postfix's local(8) says; "" and "unknown" say nothing. */
static str told(struct cli *cli, const char *option, const char *variable)
{
	const char *text = args_get(&cli->args, option);

	if (!text)
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		text = getenv(variable);
	if (!text || strcmp(text, "unknown") == 0)
		return (str){ NULL, 0 };
	return str_of(text);
}

static struct spool_envelope envelope_of(struct cli *cli)
{
	struct spool_envelope e = {
		.helo = told(cli, "helo", "CLIENT_HELO"),
		.mail_from = told(cli, "mail-from", "SENDER"),
	};

	/* what a bounce has no sender is called by pipe(8) */
	if (e.mail_from.p &&
	    (!e.mail_from.n || str_eq(e.mail_from, STR("MAILER-DAEMON"))))
		e.mail_from = STR("<>");
	if (!e.helo.n)
		e.helo = (str){ NULL, 0 };
	(void)ip_parse(told(cli, "ip", "CLIENT_ADDRESS"), &e.ip);
	return e;
}

static void on_chunk(void *arg, str bytes)
{
	spool_put(arg, bytes);
}

/* Every trouble of ours is one that passes: the mail stays in the queue. */
static int later(struct cli *cli)
{
	(void)out_error(&cli->err);
	return TRY_LATER;
}

static int status_of(struct cli *cli, enum spool_status status)
{
	switch (status) {
	case SPOOL_OK:
		return 0;
	case SPOOL_UNKNOWN:
		out_warning(_("no such test address was given out, or its time "
			      "is over"));
		return NO_USER;
	case SPOOL_FULL:
		out_warning(_("too many messages wait: does inkan score "
			      "--listen run?"));
		return TRY_LATER;
	case SPOOL_TOO_LARGE:
		out_warning(_("the message is too large to be judged"));
		return NOT_TAKEN;
	default:
		return later(cli);
	}
}

static int take(struct cli *cli, struct spool *spool, const char *token)
{
	struct spool_envelope envelope = envelope_of(cli);
	struct spool_mail mail;
	struct source s;
	enum spool_status status = spool_begin(spool, token, &envelope, &mail,
					       &cli->err);
	bool ok;

	if (status != SPOOL_OK)
		return status_of(cli, status);
	ok = source_open(&s, NULL, &cli->err);
	if (ok) {
		ok = source_read(&s, on_chunk, &mail, &cli->err);
		source_close(&s);
	}
	if (ok)
		return status_of(cli, spool_commit(&mail, &cli->err));
	spool_abandon(&mail);
	return later(cli);
}

int score_deliver(struct cli *cli)
{
	const char *path = args_get(&cli->args, "spool");
	char token[SPOOL_TOKEN + 1];
	struct spool spool;
	int status;

	/* pipe(8) that was not told otherwise names all recipients at once */
	if (cli->args.n_rest) {
		out_warning(_("one address at a time: set "
			      "inkan-score_destination_recipient_limit = 1 in "
			      "Postfix's main.cf"));
		return TRY_LATER;
	}
	if (!spool_open(&spool, path ? path : SPOOL_USUAL, false, &cli->err))
		return later(cli);
	if (spool_token_of(str_of(args_get(&cli->args, "deliver")), token))
		status = take(cli, &spool, token);
	else
		status = status_of(cli, SPOOL_UNKNOWN);
	spool_close(&spool);
	return status;
}
