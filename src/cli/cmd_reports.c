/* inkan reports: the reports of others about our domains, read into a store and
 * told from there. */
#include "cli/reports.h"
#include "report/values.h"

#include <unistd.h>

static const struct opt options[] = {
	{ "store", 0, "URL",
	  N_("sqlite:PATH or postgresql://USER@HOST/DATABASE, default "
	     "sqlite:/var/lib/inkan/inkan.db") },
	{ "domain", 'd', "DOMAIN", N_("only reports about this domain") },
	{ "since", 0, "DATE", N_("from this day on, as 2026-11-24 (UTC)") },
	{ "until", 0, "DATE", N_("up to and with this day") },
	{ "failing", 0, NULL, N_("only what has messages that fail") },
	{ "own", 0, NULL,
	  N_("summary: what inkand here found out itself (its setting "
	     "Store)") },
	{ "set-aside", 0, "DIR",
	  N_("import: keep what cannot be read here, with the reason") },
	{ "keep-xml", 0, "DAYS",
	  N_("import: keep the reports as they came for so many days, default "
	     "90; 0 keeps none") },
	{ "password-file", 0, "FILE",
	  N_("import: the password of a mailbox (imaps://USER@HOST/INBOX)") },
	{ "ca-file", 0, "FILE",
	  N_("import: who signs the certificates of its server") },
	{ "all", 0, NULL,
	  N_("import: all mails of a mailbox, also those looked at before") },
	{ "move-to", 0, "FOLDER",
	  N_("import: move reports to this folder of the mailbox") },
	{ "delete", 0, NULL, N_("import: delete reports from the mailbox") },
	{ "date", 0, "DATE",
	  N_("send: the reports about this day only; digest: the week that "
	     "ends with it") },
	{ "failures", 0, NULL,
	  N_("send: failure reports about single messages (FailureReports of "
	     "inkan.conf)") },
	{ "rate", 0, "N",
	  N_("send --failures: mails about one domain and day, default 20") },
	{ "dry-run", 'n', NULL, N_("send: say what would be sent to whom") },
	{ "output", 'o', "DIR",
	  N_("send: write files and mails there, send nothing") },
	{ "from", 0, "ADDRESS",
	  N_("send, digest: who sends, default dmarc-reports@ this host") },
	{ "envelope-from", 0, "ADDRESS",
	  N_("send: where mail that cannot be delivered comes back to") },
	{ "org", 0, "NAME", N_("send: the name of who reports") },
	{ "contact", 0, "TEXT", N_("send: how to reach them otherwise") },
	{ "sendmail", 0, "PATH",
	  N_("send, digest: the program that takes mail, default "
	     "/usr/sbin/sendmail") },
	{ "max-size", 0, "OCTETS",
	  N_("send: larger reports are parted, default 6291456") },
	{ "to", 0, "ADDRESS",
	  N_("digest: by mail to this address (repeatable)") },
	{ "always", 0, NULL,
	  N_("digest: also when nothing changed or it was told before") },
	{ "remove", 0, NULL, N_("suppress: the addresses get reports again") },
	{ "bounces", 0, NULL,
	  N_("suppress: read mails that came back, as import does") },
	{ "listen", 0, "SOCKET",
	  N_("serve: where, as 127.0.0.1:8940 (the default) or "
	     "/run/inkan/web.sock") },
	{ "html", 0, NULL, N_("export: the pages of serve, as files") },
	{ "token-file", 0, "FILE",
	  N_("serve: show the pages only to those who know the token in this "
	     "file") },
	{ "host", 0, "NAME",
	  N_("serve: the pages may be asked for under this name "
	     "(repeatable)") },
	{ NULL, 0, NULL, NULL },
};

const char *reports_store_url(struct cli *cli)
{
	const char *url = args_get(&cli->args, "store");

	return url ? url : "sqlite:/var/lib/inkan/inkan.db";
}

/* For a store that an older inkan made, on a terminal. */
static void show_update(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	fprintf(stderr, "\r%s %3d %%  ", _("bringing the store up to date:"),
		(int)(total ? done * 100 / total : 100));
	if (done >= total)
		fprintf(stderr, "\n");
}

struct store *reports_store(struct cli *cli, bool create)
{
	struct store_telling telling = { isatty(STDERR_FILENO) ? show_update
							       : NULL,
					 NULL };

	return create ? store_open_telling(reports_store_url(cli), &telling,
					   &cli->err)
		      : store_open(reports_store_url(cli), false, &cli->err);
}

struct store *reports_reading(struct cli *cli)
{
	struct store *s = reports_store(cli, false);

	if (s && !store_read_begin(s, &cli->err)) {
		store_close(s);
		return NULL;
	}
	return s;
}

bool reports_day_option(struct cli *cli, const char *name, int64_t *day)
{
	const char *text = args_get(&cli->args, name);
	int64_t seconds;

	if (!text)
		return true;
	if (str_find(str_of(text), '-') != 4 ||
	    !value_time(str_of(text), &seconds))
		return err_set(&cli->err, ERR_USAGE,
			       _("--%s \"%.40s\" is no day: write it as "
				 "2026-11-24"),
			       name, text);
	*day = seconds / 86400;
	return true;
}

bool reports_filter(struct cli *cli, struct store_filter *f)
{
	const char *domain = args_get(&cli->args, "domain");

	*f = (struct store_filter){
		STORE_ALL_DAYS,
		.domain = STR(""),
		.failing = args_has(&cli->args, "failing"),
		.own = args_has(&cli->args, "own"),
	};
	if (domain) {
		f->domain = value_domain(cli->arena, str_of(domain));
		if (!f->domain.n)
			return err_set(&cli->err, ERR_USAGE,
				       _("--domain \"%.100s\" is no domain"),
				       domain);
	}
	return reports_day_option(cli, "since", &f->since) &&
	       reports_day_option(cli, "until", &f->until);
}

json_t *reports_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static int no_more(struct cli *cli, size_t allowed, int (*fn)(struct cli *))
{
	if (cli->args.n_rest > allowed)
		return cli_usage(cli, _("\"%.100s\" is too much"),
				 cli->args.rest[allowed]);
	return fn(cli);
}

static int run(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*fn)(struct cli *);
	} plain[] = {
		{ "summary", reports_summary }, { "sources", reports_sources },
		{ "list", reports_list },       { "advise", reports_advise },
		{ "send", reports_send },       { "digest", reports_digest },
		{ "serve", reports_serve },
	};
	const struct args *a = &cli->args;
	str verb = str_of(a->n_rest ? a->rest[0] : "summary");

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (str_eq(verb, str_of(plain[i].name)))
			return no_more(cli, 1, plain[i].fn);
	if (str_eq(verb, STR("import"))) {
		if (a->n_rest < 2)
			return cli_usage(cli,
					 _("import what? Name files, "
					   "directories, Maildirs, mboxes or "
					   "imaps://USER@HOST/INBOX; "
					   "- is standard input"));
		return reports_import(cli, a->rest + 1, a->n_rest - 1);
	}
	if (str_eq(verb, STR("suppress")))
		return reports_suppress(cli, a->rest + 1, a->n_rest - 1);
	if (str_eq(verb, STR("export"))) {
		if (a->n_rest != 2)
			return cli_usage(cli, _("export needs the name of one "
						"directory"));
		return args_has(a, "html") ? reports_pages(cli, a->rest[1])
					   : reports_export(cli, a->rest[1]);
	}
	return cli_usage(
		cli,
		_("\"%.60s\" is no command of reports: import, "
		  "summary, sources, list, advise, serve, export, send, "
		  "suppress, digest"),
		a->rest[0]);
}

const struct command cmd_reports = {
	"reports",
	N_("import PATH... | summary | sources | list | advise | serve | export DIR | "
	   "send | suppress [ADDRESS...] | digest"),
	N_("who sends as your domain: the reports of others, read and told"),
	N_("import reads DMARC aggregate reports, TLS reports and failure "
	   "reports from files, directories, Maildirs, mboxes or standard "
	   "input, as they come: mails, zip, gzip, XML. A report that is there "
	   "already counts once. send makes reports about the mail of others "
	   "from what inkand has recorded."),
	options,
	run,
};
