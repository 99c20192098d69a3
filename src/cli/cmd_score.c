/* inkan score: a message in points of ten, as a stranger's server sees it. */
#include "base/buf.h"
#include "cli/message.h"
#include "cli/score_out.h"

static const struct opt options[] = {
	{ "ip", 0, "ADDR",
	  N_("the address that sent it, default from the Received field; with "
	     "--listen, that mail of this machine's users leaves from") },
	{ "helo", 0, "NAME",
	  N_("the name it gave in HELO, default from the same field") },
	{ "mail-from", 0, "ADDR",
	  N_("the envelope's sender, default from Return-Path") },
	{ "html", 0, "FILE", N_("write a page for sharing") },
	{ "blocklist", 0, "DOMAIN",
	  N_("ask this DNS blocklist about the address (repeatable)") },
	{ "offline", 0, NULL,
	  N_("do not ask DNS: what needs it is not tested") },
	{ "listen", 0, "ADDR:PORT",
	  N_("show a web page there that gives out test addresses and shows "
	     "the scores of what comes, as 127.0.0.1:8025") },
	{ "smtp", 0, "ADDR:PORT",
	  N_("with --listen: take mail from this machine's mail server there, "
	     "as 127.0.0.1:8026") },
	{ "deliver", 0, "ADDRESS",
	  N_("hand over the mail on standard input for a test address (from a "
	     "pipe of the mail server)") },
	{ "address-domain", 0, "DOMAIN",
	  N_("what test addresses end in, default this host's name") },
	{ "address-prefix", 0, "TEXT",
	  N_("what they begin with, default score+") },
	{ "spool", 0, "DIR",
	  N_("where mail and scores lie, default /var/lib/inkan/score") },
	{ "keep", 0, "DAYS",
	  N_("how long addresses and scores are kept, default 7") },
	{ "token-file", 0, "FILE",
	  N_("with --listen: show the page only to those who know the token in "
	     "this file") },
	{ "host", 0, "NAME",
	  N_("with --listen: the page may be asked for under this name "
	     "(repeatable)") },
	{ NULL, 0, NULL, NULL },
};

bool score_options(struct cli *cli, struct judge_options *o)
{
	struct args *a = &cli->args;

	*o = (struct judge_options){
		.now = cli->now,
		.helo = str_of(args_get(a, "helo")),
		.mail_from = str_of(args_get(a, "mail-from")),
	};
	o->lists = args_all(a, cli->arena, "blocklist", &o->n_lists);
	return cli_ip(cli, &o->ip);
}

static bool read_message(struct cli *cli, struct judge *j)
{
	if (!j)
		return err_set(&cli->err, ERR_INTERNAL, _("out of memory"));
	return message_feed(cli, judge_sink(j)) &&
	       (judge_end(j) || err_set(&cli->err, ERR_INTERNAL,
					_("out of memory: nothing is known")));
}

static void print_json(struct cli *cli, const struct result *r)
{
	enum { JSON_MAX = 16 << 20 };
	struct buf b = buf_of(cli->arena, JSON_MAX);

	result_json(&b, r, result_translated, true);
	out_json(json_loadb(b.p, b.n, 0, NULL));
}

static int report(struct cli *cli, const struct judge *j)
{
	const char *html = args_get(&cli->args, "html");
	struct result r;

	result_of(cli->arena, j, &r);
	if (html && !score_html(cli, &r, html))
		return cli_fail(cli);
	if (cli->json)
		print_json(cli, &r);
	else
		score_print(cli, &r.score);
	return args_has(&cli->args, "fail") && r.score.total < 1000 ? 1 : 0;
}

static int score_message(struct cli *cli)
{
	struct judge_options o;
	struct judge *j;
	int status;

	if (!score_options(cli, &o))
		return cli_fail(cli);
	if (!args_has(&cli->args, "offline") && !(o.dns = cli_dns(cli)))
		return cli_fail(cli);
	j = judge_new(cli->arena, &o);
	status = read_message(cli, j) ? report(cli, j) : cli_fail(cli);
	judge_free(j);
	dns_client_free(o.dns);
	return status;
}

/* Options that mean nothing without --listen. */
static bool is_clear(struct cli *cli)
{
	static const char *const only[] = { "smtp",           "address-domain",
					    "address-prefix", "keep",
					    "token-file",     "host" };

	if (args_has(&cli->args, "listen"))
		return !args_has(&cli->args, "deliver") ||
		       err_set(&cli->err, ERR_USAGE,
			       _("--listen and --deliver are two programs: one "
				 "that runs, one that brings a mail"));
	for (size_t i = 0; i < sizeof only / sizeof *only; i++)
		if (args_has(&cli->args, only[i]))
			return err_set(&cli->err, ERR_USAGE,
				       _("--%s goes with --listen"), only[i]);
	return true;
}

static int run(struct cli *cli)
{
	if (!is_clear(cli))
		return cli_fail(cli);
	if (args_has(&cli->args, "listen"))
		return score_serve(cli);
	if (args_has(&cli->args, "deliver"))
		return score_deliver(cli);
	return score_message(cli);
}

const struct command cmd_score = {
	"score",
	N_("[--html FILE] [OPTIONS] [FILE] | --listen ADDR:PORT [OPTIONS] | "
	   "--deliver ADDRESS"),
	N_("give a message points of ten, as a stranger's server sees it"),
	N_("Send a mail to a mailbox elsewhere, save it there with its whole "
	   "header, and give it\nto inkan score. Or let a page show the scores "
	   "of mail that comes to this machine:\n--listen. What cannot be "
	   "looked at is \"not tested\" and costs no points."),
	options,
	run,
};
