/* inkan spf: RFC 7208 for one client, HELO name and sender; with --explain the
 * tree of records that was walked. */
#include "cli/cli.h"
#include "cli/verdict_out.h"
#include "spf/check.h"

#include <unistd.h>

static const struct opt options[] = {
	{ "ip", 0, "ADDR", N_("the address of the client") },
	{ "helo", 0, "NAME", N_("the name it gave in HELO") },
	{ "mail-from", 0, "ADDR",
	  N_("the envelope's sender, empty for a bounce; without it the HELO "
	     "name is checked") },
	{ "receiver", 0, "NAME", N_("who asks (macro r), default this host") },
	{ "explain", 0, NULL, N_("show every record and term looked at") },
	{ NULL, 0, NULL, NULL },
};

static str receiver(struct cli *cli)
{
	const char *name = args_get(&cli->args, "receiver");
	char host[256] = "";

	if (name)
		return str_of(name);
	(void)gethostname(host, sizeof host - 1);
	return arena_str(cli->arena, str_of(host));
}

/* "<a@b>" and "a@b" are the same; "<>" is the null reverse-path. */
static str bare_path(const char *text)
{
	str s = str_trim(str_of(text));

	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return (str){ s.p + 1, s.n - 2 };
	return s;
}

static bool read_query(struct cli *cli, struct spf_query *q)
{
	const char *ip = args_get(&cli->args, "ip");
	const char *from = args_get(&cli->args, "mail-from");

	*q = (struct spf_query){
		.scope = from ? SPF_MFROM : SPF_HELO,
		.helo = str_of(args_get(&cli->args, "helo")),
		.mail_from = from ? bare_path(from) : STR(""),
		.receiver = receiver(cli),
		.now = cli->now,
		.trace = args_has(&cli->args, "explain"),
	};
	if (!ip || (!args_has(&cli->args, "helo") && !from))
		return err_set(&cli->err, ERR_USAGE,
			       _("spf needs --ip, and --helo or "
				 "--mail-from"));
	if (!ip_parse(str_of(ip), &q->ip))
		return err_set(&cli->err, ERR_USAGE,
			       _("--ip \"%.60s\" is not an address"), ip);
	return true;
}

static struct spf_verdict judge(struct cli *cli, struct dns_client *dns,
				const struct spf_query *q)
{
	enum { QUESTIONS = 250 };
	struct asks *asks = asks_new(cli->arena, dns_client_resolver(dns),
				     QUESTIONS);
	struct spf_verdict v = spf_check(asks, q);

	while (v.result == SPF_PENDING && dns_client_wait(dns, asks))
		v = spf_check(asks, q);
	asks_cancel(asks);
	return v;
}

static int run(struct cli *cli)
{
	struct spf_query q;
	struct spf_verdict v;
	struct dns_client *dns;

	if (!read_query(cli, &q))
		return cli_fail(cli);
	dns = cli_dns(cli);
	if (!dns)
		return cli_fail(cli);
	v = judge(cli, dns, &q);
	if (cli->json)
		out_json(spf_json(&v, q.trace));
	else
		spf_print(cli, &v);
	dns_client_free(dns);
	return args_has(&cli->args, "fail") && v.result != SPF_PASS ? 1 : 0;
}

const struct command cmd_spf = {
	"spf",
	N_("--ip ADDR --helo NAME [--mail-from ADDR] [--explain]"),
	N_("may this address send mail for this domain?"),
	NULL,
	options,
	run,
};
