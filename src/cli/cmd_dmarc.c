/* inkan dmarc: RFC 9989 for one author domain and what SPF and DKIM said. */
#include "cli/cli.h"
#include "cli/verdict_out.h"
#include "dns/idn.h"

enum { IDS_MAX = 40, QUESTIONS = 400 };

static const struct opt options[] = {
	{ "from", 0, "DOMAIN", N_("the author domain, of the From field") },
	{ "spf", 0, "RESULT:DOMAIN",
	  N_("what SPF said of which MAIL FROM domain") },
	{ "dkim", 0, "RESULT:DOMAIN",
	  N_("what one signature's verification said, and its d=") },
	{ "discovery", 0, "treewalk|psl",
	  N_("how organizational domains are found, default treewalk") },
	{ "explain", 0, NULL,
	  N_("show the names asked and who aligns with whom") },
	{ NULL, 0, NULL, NULL },
};

static bool status_of(str word, enum dmarc_status *out)
{
	static const char *const no[] = { "fail",     "none",   "neutral",
					  "softfail", "policy", "permerror" };

	*out = DMARC_ID_NO;
	if (str_ieq(word, STR("pass")))
		*out = DMARC_ID_PASS;
	else if (str_ieq(word, STR("temperror")))
		*out = DMARC_ID_TEMPERROR;
	else
		for (size_t i = 0; i < sizeof no / sizeof *no; i++)
			if (str_ieq(word, str_of(no[i])))
				return true;
	return *out != DMARC_ID_NO;
}

/* RESULT:DOMAIN; a domain that is none is a stranger's, and aligns with
 * nothing. */
static bool add_id(struct cli *cli, enum dmarc_mechanism mechanism,
		   const char *text, struct dmarc_identifier *ids, size_t *n)
{
	str rest = str_of(text), word;
	struct dmarc_identifier *id = &ids[*n];

	(void)str_split(&rest, ':', &word);
	*id = (struct dmarc_identifier){ .mechanism = mechanism };
	if (!rest.p || !status_of(word, &id->status))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.80s\" is not RESULT:DOMAIN, such as "
				 "pass:example.org"),
			       text);
	if (*n + 1 == IDS_MAX)
		return err_set(&cli->err, ERR_USAGE, _("too many --dkim"));
	if (!dns_name_canonical(cli->arena, rest, &id->domain))
		*id = (struct dmarc_identifier){ mechanism, DMARC_ID_NO,
						 STR("") };
	++*n;
	return true;
}

static bool read_ids(struct cli *cli, struct dmarc_identifier *ids, size_t *n)
{
	static const struct {
		const char *option;
		enum dmarc_mechanism mechanism;
	} kinds[] = { { "dkim", DMARC_DKIM }, { "spf", DMARC_SPF } };

	for (size_t k = 0; k < 2; k++) {
		size_t count;
		const char *const *all = args_all(&cli->args, cli->arena,
						  kinds[k].option, &count);

		for (size_t i = 0; i < count; i++)
			if (!add_id(cli, kinds[k].mechanism, all[i], ids, n))
				return false;
	}
	return true;
}

static int report(struct cli *cli, const struct verdict_dmarc *d)
{
	if (cli->json) {
		out_json(dmarc_json(d));
	} else {
		dmarc_print(cli, d);
		if (args_has(&cli->args, "explain"))
			dmarc_explain(cli, d);
	}
	return args_has(&cli->args, "fail") && d->result != DMARC_PASS ? 1 : 0;
}

static int judge(struct cli *cli, struct dns_client *dns,
		 const struct dmarc_query *q)
{
	struct asks *asks = asks_new(cli->arena, dns_client_resolver(dns),
				     QUESTIONS);
	struct dmarc_verdict v;

	while ((v = dmarc_check(asks, q)).result == DMARC_PENDING)
		if (!dns_client_wait(dns, asks))
			asks_give_up(asks);

	struct verdict_dmarc d = {
		.result = v.result,
		.reason = v.reason,
		.domain = v.domain,
		.disposition = v.result == DMARC_FAIL ? v.policy
						      : DMARC_POLICY_NONE,
		.check = &v,
	};

	asks_cancel(asks);
	return report(cli, &d);
}

static int run(struct cli *cli)
{
	struct dmarc_identifier ids[IDS_MAX];
	struct dmarc_query q = { .ids = ids };
	struct suffix_list *suffixes;
	const char *from = args_get(&cli->args, "from");
	struct dns_client *dns;
	int status;

	if (!from)
		return cli_usage(cli, _("dmarc needs --from DOMAIN"));
	if (!read_ids(cli, ids, &q.n_ids) || !cli_discovery(cli, &suffixes))
		return cli_fail(cli);
	q.suffixes = suffixes;
	if (!dns_name_canonical(cli->arena, str_of(from), &q.domain)) {
		struct verdict_dmarc d = {
			.result = DMARC_PERMERROR,
			.reason = "From has a domain that is none",
			.disposition = DMARC_POLICY_NONE,
		};

		suffixes_free(suffixes);
		return report(cli, &d);
	}
	dns = cli_dns(cli);
	status = dns ? judge(cli, dns, &q) : cli_fail(cli);
	dns_client_free(dns);
	suffixes_free(suffixes);
	return status;
}

const struct command cmd_dmarc = {
	"dmarc",
	N_("--from DOMAIN [--spf RESULT:DOMAIN] [--dkim RESULT:DOMAIN]..."),
	N_("what DMARC makes of what SPF and DKIM said"),
	NULL,
	options,
	run,
};
