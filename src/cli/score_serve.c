/* inkan score --listen: the page, the mail that comes, and its scores, until a
 * signal. */
#include "base/ascii.h"
#include "cli/records.h"
#include "cli/score_out.h"
#include "cli/webopt.h"
#include "dns/name.h"
#include "inbox/receiver.h"
#include "inbox/scorer.h"
#include "web/scorepages.h"

#include <pthread.h>
#include <signal.h>

enum { DAY = 86400, KEEP_DAYS = 7, KEEP_MOST = 365, PREFIX_MAX = 40 };

struct serving {
	struct cli *cli;
	struct spool spool;
	struct scorer_options scorer;
	struct receiver_options receiver;
	struct scorepages pages;
	struct web_options web;
	struct scorer *judging;
	struct receiver *receiving;
	struct web_server *server;
};

/* A local part, or the begin of one, that needs no quotes. */
static bool is_prefix(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!ascii_is(*p, ASCII_ATEXT) && *p != '.')
			return false;
	return text[0] != '.' && strlen(text) <= PREFIX_MAX;
}

static bool name_addresses(struct serving *s, const char *host)
{
	struct cli *cli = s->cli;
	const char *domain = args_get(&cli->args, "address-domain");
	const char *prefix = args_get(&cli->args, "address-prefix");

	s->pages.prefix = prefix ? prefix : "score+";
	s->pages.domain = domain ? domain : host;
	if (!s->pages.domain)
		return err_set(&cli->err, ERR_USAGE,
			       _("say which domain this machine takes mail "
				 "for: --address-domain DOMAIN"));
	if (!dns_name_is_domain(str_of(s->pages.domain), false))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.100s\" is not a domain name"),
			       s->pages.domain);
	return is_prefix(s->pages.prefix) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("--address-prefix \"%.60s\" cannot begin an address"),
		       s->pages.prefix);
}

/* What others see when a user of this machine sends. */
static void name_machine(struct serving *s, const char **host)
{
	struct cli *cli = s->cli;
	struct judge_options *j = &s->scorer.judge;
	struct records_wanted w = { 0 };
	struct err e;

	records_guess_host(cli->arena, &w);
	*host = w.host_is_guess ? NULL : arena_cstr(cli->arena, w.host);
	j->own_ip = j->ip;
	j->own_helo = j->helo.p ? j->helo : str_of(*host);
	if (j->ip.family == IP_NONE &&
	    records_own_addresses(cli->arena, &w, &e))
		j->own_ip = w.ips[0];
}

static bool read_options(struct serving *s)
{
	struct cli *cli = s->cli;
	const char *smtp = args_get(&cli->args, "smtp");
	const char *host;
	int64_t days;

	if (cli->args.n_rest)
		return err_set(&cli->err, ERR_USAGE,
			       _("--listen takes no file"));
	if (!score_options(cli, &s->scorer.judge) ||
	    !args_number(&cli->args, "keep", 1, KEEP_MOST, KEEP_DAYS, &days,
			 &cli->err) ||
	    !webopt_fill(cli, "127.0.0.1:8025", &s->web))
		return false;
	name_machine(s, &host);
	s->scorer.keep = days * DAY;
	s->pages.keep_days = (unsigned)days;
	s->pages.usual_language = s->web.usual_language;
	if (!name_addresses(s, host))
		return false;
	s->receiver.name = s->pages.domain;
	s->receiver.prefix = s->pages.prefix;
	s->receiver.domain = s->pages.domain;
	return !smtp || webopt_address(smtp, &s->receiver.address, &cli->err);
}

static bool prepare(struct serving *s)
{
	struct cli *cli = s->cli;
	const char *path = args_get(&cli->args, "spool");

	if (!read_options(s) ||
	    !spool_open(&s->spool, path ? path : SPOOL_USUAL, true,
			&cli->err) ||
	    (!args_has(&cli->args, "offline") &&
	     !(s->scorer.judge.dns = cli_dns(cli))))
		return false;
	s->scorer.spool = s->receiver.spool = s->pages.spool = &s->spool;
	s->web.handler = scorepages_answer;
	s->web.arg = &s->pages;
	s->judging = scorer_new(&s->scorer, &cli->err);
	if (!s->judging ||
	    (args_has(&cli->args, "smtp") &&
	     !(s->receiving = receiver_new(&s->receiver, &cli->err))))
		return false;
	s->server = web_server_new(&s->web, &cli->err);
	return s->server != NULL;
}

static void tell(const struct serving *s)
{
	const char *smtp = args_get(&s->cli->args, "smtp");

	if (s->cli->json) {
		out_json(json_pack("{s:s, s:s?, s:s, s:s}", "pages",
				   web_server_where(s->server), "smtp", smtp,
				   "prefix", s->pages.prefix, "domain",
				   s->pages.domain));
	} else {
		printf(_("test addresses: %s...@%s\n"), s->pages.prefix,
		       s->pages.domain);
		if (smtp)
			printf(_("mail for them is taken by SMTP at %s\n"),
			       smtp);
		printf(_("the page is at %s\n"), web_server_where(s->server));
	}
	(void)fflush(stdout);
}

static bool serve(struct serving *s)
{
	struct err *e = &s->cli->err;
	sigset_t all;

	/* signals are for the thread that waits for them */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (!scorer_start(s->judging, e) ||
	    (s->receiving && !receiver_start(s->receiving, e)))
		return false;
	tell(s);
	return web_server_run(s->server, e);
}

int score_serve(struct cli *cli)
{
	struct serving s = { .cli = cli, .spool = { .fd = -1 } };
	bool ok = prepare(&s) && serve(&s);

	web_server_free(s.server);
	receiver_free(s.receiving);
	scorer_free(s.judging);
	dns_client_free(s.scorer.judge.dns);
	spool_close(&s.spool);
	return ok ? 0 : cli_fail(cli);
}
