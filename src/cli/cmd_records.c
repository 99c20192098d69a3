/* inkan records: the DNS records that a domain's mail needs. */
#include "cli/cli.h"
#include "cli/records.h"
#include "dns/idn.h"
#include "dns/name.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN", N_("the domain that sends mail") },
	{ "host", 0, "NAME", N_("the mail host's name, for its own SPF") },
	{ "ip", 0, "ADDR",
	  N_("an address that mail leaves from (repeatable), default this "
	     "machine's") },
	{ "selector", 's', "SELECTOR", N_("of a DKIM key (repeatable)") },
	{ "key", 'k', "FILE", N_("its private key (repeatable)") },
	{ "directory", 'D', "DIR", N_("take every SELECTOR.private in here") },
	{ "rua", 0, "ADDR",
	  N_("where DMARC reports go, default postmaster@DOMAIN") },
	{ "policy", 0, "POLICY", N_("none (default), quarantine or reject") },
	{ "ttl", 0, "SECONDS", N_("time to live, default 3600") },
	{ "format", 0, "FORMAT",
	  N_("table (default), zone, lines, json or nsupdate") },
	{ NULL, 0, NULL, NULL },
};

static bool read_ips(struct cli *cli, struct records_wanted *w)
{
	size_t n;
	const char *const *text = args_all(&cli->args, cli->arena, "ip", &n);
	struct ip *ips = arena_array_of(cli->arena, struct ip, n + 1);

	for (size_t i = 0; i < n; i++)
		if (!ip_parse(str_of(text[i]), &ips[i]))
			return err_set(&cli->err, ERR_USAGE,
				       _("--ip \"%.60s\" is not an address"),
				       text[i]);
	w->ips = ips;
	w->n_ips = n;
	return n || records_own_addresses(cli->arena, w, &cli->err);
}

static bool read_domain(struct cli *cli, const char *option, str *out)
{
	const char *text = args_get(&cli->args, option);

	if (!text)
		return true;
	if (!dns_name_to_ascii(cli->arena, str_of(text), out) ||
	    !dns_name_is_domain(*out, false))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.100s\" is not a domain name"), text);
	return true;
}

static bool read_policy(struct cli *cli, struct records_wanted *w)
{
	const char *policy = args_get(&cli->args, "policy");
	const char *rua = args_get(&cli->args, "rua");

	w->policy = policy ? policy : "none";
	if (strcmp(w->policy, "none") != 0 &&
	    strcmp(w->policy, "quarantine") != 0 &&
	    strcmp(w->policy, "reject") != 0)
		return err_set(&cli->err, ERR_USAGE,
			       _("--policy is none, quarantine or reject"));
	if (!rua)
		return true;
	if (str_istarts(str_of(rua), STR("mailto:")))
		rua += sizeof "mailto:" - 1;
	if (!strchr(rua, '@') || strpbrk(rua, " \t,;!\"\\"))
		return err_set(&cli->err, ERR_USAGE,
			       _("--rua \"%.100s\" is not a mail address"),
			       rua);
	w->rua = str_of(rua);
	return true;
}

static bool read_wanted(struct cli *cli, struct records_wanted *w)
{
	return read_domain(cli, "domain", &w->domain) &&
	       read_domain(cli, "host", &w->host) && read_policy(cli, w) &&
	       args_number(&cli->args, "ttl", 0, 2147483647, 3600, &w->ttl,
			   &cli->err) &&
	       records_find_keys(cli, w) && read_ips(cli, w);
}

/* On standard error: the records may go to a program. */
static void tell_no_key(const struct records_wanted *w)
{
	fflush(stdout);
	fprintf(stderr,
		_("There is no DKIM record in this list, because no key for "
		  "%.*s was found.\n"
		  "Make one: inkan keygen --domain %.*s --selector mail\n"
		  "then add:  --selector mail --key mail.private\n"),
		STR_ARG(w->domain), STR_ARG(w->domain));
}

static int run(struct cli *cli)
{
	const char *name = args_get(&cli->args, "format");
	struct records_wanted w = { 0 };
	enum records_format format = RECORDS_TABLE;
	struct records records;

	if (!args_has(&cli->args, "domain"))
		return cli_usage(cli, _("records needs --domain"));
	if (cli->args.n_rest)
		return cli_usage(cli, _("records takes no file"));
	if (cli->json)
		name = "json";
	if (name && !records_format_parse(name, &format))
		return cli_usage(cli, _("--format is table, zone, lines, json "
					"or nsupdate"));
	if (!read_wanted(cli, &w))
		return cli_fail(cli);
	records_make(cli->arena, &w, &records);
	records_print(cli->arena, &records, format);
	if (!w.n_keys)
		tell_no_key(&w);
	return 0;
}

const struct command cmd_records = {
	"records",
	N_("--domain DOMAIN [--selector S --key FILE] [OPTIONS]"),
	N_("print the DNS records that the domain needs"),
	N_("Without --key and --directory the keys are those that the "
	   "configuration signs with,\nand those in "
	   "/etc/inkan/keys/DOMAIN."),
	options,
	run,
};
