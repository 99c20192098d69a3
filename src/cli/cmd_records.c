/* inkan records: the DNS records that a domain's mail needs. */
#include "cli/cli.h"
#include "cli/records.h"
#include "dns/idn.h"
#include "dns/name.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN", N_("the domain that sends mail") },
	{ "host", 0, "NAME",
	  N_("the mail host's name, default Postfix's, or this machine's") },
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
	{ "cert", 0, "FILE",
	  N_("the mail host's certificate, for DANE; default certbot's") },
	{ "dnssec", 0, "WORD",
	  N_("is the host's zone signed? auto (default: ask), yes or no") },
	{ "ca", 0, "DOMAIN",
	  N_("who issues the host's certificates, for CAA") },
	{ "mta-sts", 0, NULL, N_("the MTA-STS policy file is served") },
	{ "format", 0, "FORMAT",
	  N_("table (default), zone, lines, json or nsupdate") },
	{ "publish", 0, NULL, N_("put them into the zone (RFC 2136)") },
	{ "server", 0, "ADDR[:PORT]",
	  N_("the zone's primary name server, default the one its SOA names") },
	{ "tsig", 0, "FILE", N_("the TSIG key that may update the zone") },
	{ "replace", 0, NULL,
	  N_("replace other records of the same purpose too") },
	{ "dry-run", 0, NULL, N_("show what would change, change nothing") },
	{ "yes", 'y', NULL, N_("do not ask before the change") },
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
	if (!read_domain(cli, "domain", &w->domain) ||
	    !read_domain(cli, "host", &w->host))
		return false;
	if (!w->host.n)
		records_guess_host(cli->arena, w);
	return read_policy(cli, w) &&
	       args_number(&cli->args, "ttl", 0, 2147483647, 3600, &w->ttl,
			   &cli->err) &&
	       records_find_keys(cli, w) && read_ips(cli, w) &&
	       records_find_tls(cli, w);
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

/* On standard error too. */
static void tell_guess(const struct records_wanted *w)
{
	fflush(stdout);
	fprintf(stderr,
		_("The mail host is taken to be called %.*s; if it is not: "
		  "--host NAME\n"),
		STR_ARG(w->host));
}

/* Options that do something only together with --publish. */
static bool publishing_is_clear(struct cli *cli)
{
	static const char *const only[] = { "server", "tsig", "replace",
					    "dry-run", "yes" };

	for (size_t i = 0; i < sizeof only / sizeof *only; i++)
		if (!args_has(&cli->args, "publish") &&
		    args_has(&cli->args, only[i]))
			return err_set(&cli->err, ERR_USAGE,
				       _("--%s goes with --publish"), only[i]);
	return true;
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
	if (!publishing_is_clear(cli) || !read_wanted(cli, &w))
		return cli_fail(cli);
	records_make(cli->arena, &w, &records);
	if (w.host_is_guess)
		tell_guess(&w);
	if (!w.n_keys)
		tell_no_key(&w);
	if (args_has(&cli->args, "publish"))
		return records_publish(cli, &records);
	records_print(cli->arena, &records, format);
	return 0;
}

const struct command cmd_records = {
	"records",
	N_("--domain DOMAIN [--selector S --key FILE] [OPTIONS]"),
	N_("print the DNS records that the domain needs, or publish them"),
	N_("Without --key and --directory the keys are those that the "
	   "configuration signs with,\nand those in "
	   "/etc/inkan/keys/DOMAIN.\n\n"
	   "--publish shows what will change before it does, keeps what is "
	   "there unless --replace\nis given, and does nothing when all is "
	   "in place."),
	options,
	run,
};
