/* inkan verify: what a receiver would say of a message. */
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/verdict_out.h"
#include "verify/stamp.h"
#include "verify/stream.h"

static const struct opt options[] = {
	{ "ip", 0, "ADDR", N_("the address of the client that sent it") },
	{ "helo", 0, "NAME", N_("the name it gave in HELO") },
	{ "mail-from", 0, "ADDR", N_("the envelope's sender") },
	{ "authserv-id", 0, "ID",
	  N_("who speaks in Authentication-Results, default this host") },
	{ "discovery", 0, "treewalk|psl",
	  N_("how organizational domains are found, default treewalk") },
	{ "explain", 0, NULL, N_("say what each result means and why") },
	{ NULL, 0, NULL, NULL },
};

static bool feed_message(struct cli *cli, struct verify *v)
{
	struct feed_sink sink = verify_sink(v);
	bool ok = message_feed(cli, &sink);

	verify_end(v);
	return ok;
}

static json_t *row_json(const struct verdict_dkim *r)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:b, s:o, s:o}",
			 "result", dkim_result_word(r->result), "domain",
			 json_of(r->domain), "selector", json_of(r->selector),
			 "identity", json_of(r->identity), "algorithm",
			 json_of(r->algorithm), "key_bits", (int)r->key_bits,
			 "testing", (int)r->testing, "reason",
			 json_words(r->reason), "b", json_of(r->b_head));
}

static json_t *dkim_json(const struct verdict *v)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < v->n_dkim; i++)
		json_array_append_new(rows, row_json(&v->dkim_rows[i]));
	if (!v->n_dkim)
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, "
					"s:n, s:s}",
					"result", "none", "domain", "",
					"selector", "", "identity", "",
					"algorithm", "", "key_bits", 0,
					"testing", 0, "reason", "b", ""));
	return rows;
}

static enum out_style style_of(enum dkim_result r)
{
	return r == DKIM_PASS ? OUT_GOOD
	       : r == DKIM_FAIL || r == DKIM_PERMERROR || r == DKIM_POLICY
		       ? OUT_BAD
		       : OUT_WARN;
}

static const char *meaning(enum dkim_result r)
{
	static const char *const sentences[] = {
		[DKIM_NONE] = N_("Nobody has signed this message."),
		[DKIM_PASS] = N_("The domain has signed what you see: header "
				 "fields and body are unchanged since."),
		[DKIM_FAIL] = N_("The message was changed after signing, or "
				 "the signature was not made with the "
				 "published key."),
		[DKIM_POLICY] = N_("The signature may be right, but it does "
				   "not protect enough to be believed."),
		[DKIM_NEUTRAL] = N_("The signature cannot be judged as it "
				    "stands."),
		[DKIM_TEMPERROR] = N_("The key could not be fetched now; "
				      "trying again later may help."),
		[DKIM_PERMERROR] = N_("The signature can never be verified: "
				      "its key is missing or unusable."),
	};

	return _(sentences[r]);
}

static void print_row(struct cli *cli, const struct verdict_dkim *r)
{
	str domain = out_text(cli->arena, r->domain);
	str selector = out_text(cli->arena, r->selector);
	str algorithm = out_text(cli->arena, r->algorithm);

	printf("dkim=%s%s%s  d=%.*s s=%.*s", out_begin(style_of(r->result)),
	       dkim_result_word(r->result), out_end(), STR_ARG(domain),
	       STR_ARG(selector));
	if (algorithm.n)
		printf("  %.*s", STR_ARG(algorithm));
	if (r->key_bits)
		printf(_(", %u-bit key"), r->key_bits);
	if (r->testing)
		printf(", %s", _("testing"));
	if (r->reason)
		printf("\n  %s: %s", _("reason"), _(r->reason));
	if (args_has(&cli->args, "explain"))
		printf("\n  %s", meaning(r->result));
	putchar('\n');
}

static void print_arc(struct cli *cli, const struct arc_chain *arc)
{
	str why = arc_chain_reason(arc, cli->arena);

	printf("arc=%s%s%s",
	       out_begin(arc->result == ARC_PASS   ? OUT_GOOD
			 : arc->result == ARC_FAIL ? OUT_BAD
						   : OUT_PLAIN),
	       arc_result_word(arc->result), out_end());
	if (arc->sets.n)
		printf(_("  %u instances"), arc->sets.n);
	putchar('\n');
	if (why.n)
		printf("  %s: %.*s\n", _("reason"), STR_ARG(why));
	for (unsigned i = 0; arc->result == ARC_PASS && i < arc->sets.n; i++) {
		const struct arc_set *set = &arc->sets.set[i];
		str d = out_text(cli->arena, set->seal.sig.domain);

		printf(_("  instance %u was sealed by %.*s\n"), i + 1,
		       STR_ARG(d));
	}
}

static void print_others(struct cli *cli, const struct verdict *v)
{
	bool explain = args_has(&cli->args, "explain");

	if (v->spf)
		spf_print(cli, v->spf);
	else
		puts(_("spf: not judged without --ip"));
	print_arc(cli, v->arc);
	if (v->dmarc)
		dmarc_print(cli, v->dmarc);
	if (v->dmarc && explain)
		dmarc_explain(cli, v->dmarc);
}

static void print_text(struct cli *cli, const struct verdict *v, str stamp)
{
	for (size_t i = 0; i < v->n_dkim; i++)
		print_row(cli, &v->dkim_rows[i]);
	if (!v->n_dkim)
		printf("dkim=none  %s\n", meaning(DKIM_NONE));
	print_others(cli, v);
	printf("\n%sAuthentication-Results:%s", out_begin(OUT_DIM), out_end());
	for (str rest = stamp, line; str_split(&rest, '\n', &line);) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		line = out_text(cli->arena, line);
		printf("%.*s\n", STR_ARG(line));
	}
}

/* With a policy DMARC has the last word, else one good signature is enough. */
static bool good(const struct verdict *v)
{
	return v->dmarc->result == DMARC_PASS ||
	       (v->dmarc->result == DMARC_NONE && v->dkim == DKIM_PASS);
}

static json_t *arc_json(struct cli *cli, const struct arc_chain *arc)
{
	str why = arc_chain_reason(arc, cli->arena);

	return json_pack("{s:s, s:i, s:o}", "result",
			 arc_result_word(arc->result), "instances",
			 (int)arc->sets.n, "reason",
			 why.p ? json_of(why) : json_null());
}

static int report(struct cli *cli, const struct verdict *v)
{
	struct stamp_options o = { .authserv_id = cli_authserv_id(cli) };
	str stamp = stamp_value(cli->arena, v, &o);

	if (v->out_of_memory) {
		(void)err_set(&cli->err, ERR_INTERNAL,
			      _("out of memory: nothing is known"));
		return cli_fail(cli);
	}
	if (cli->json)
		out_json(json_pack(
			"{s:o, s:o, s:o, s:o, s:o}", "dkim", dkim_json(v),
			"arc", arc_json(cli, v->arc), "spf",
			v->spf ? spf_json(v->spf, false) : json_null(), "dmarc",
			dmarc_json(v->dmarc), "authentication_results",
			json_of(str_trim(stamp))));
	else
		print_text(cli, v, stamp);
	return args_has(&cli->args, "fail") && !good(v) ? 1 : 0;
}

static bool set_envelope(struct cli *cli, struct verify *v)
{
	struct ip ip;

	if (!cli_ip(cli, &ip))
		return false;
	verify_envelope(v, ip, str_of(args_get(&cli->args, "helo")),
			str_of(args_get(&cli->args, "mail-from")));
	return true;
}

static int judge(struct cli *cli, struct dns_client *dns, struct verify *v)
{
	if (!v) {
		(void)err_set(&cli->err, ERR_INTERNAL, _("out of memory"));
		return cli_fail(cli);
	}
	if (!set_envelope(cli, v) || !feed_message(cli, v))
		return cli_fail(cli);
	while (!verify_run(v))
		dns_client_wait(dns, verify_asks(v));
	return report(cli, verify_verdict(v));
}

static int run(struct cli *cli)
{
	struct verify_options o = verify_defaults(cli->now);
	struct suffix_list *suffixes;
	struct dns_client *dns;

	if (!cli_discovery(cli, &suffixes))
		return cli_fail(cli);
	dns = cli_dns(cli);
	if (!dns) {
		suffixes_free(suffixes);
		return cli_fail(cli);
	}
	o.methods = VERIFY_DKIM | VERIFY_SPF | VERIFY_DMARC | VERIFY_ARC;
	o.suffixes = suffixes;
	o.receiver = cli_authserv_id(cli);
	o.trace = args_has(&cli->args, "explain");

	struct verify *v = verify_new(&o, dns_client_resolver(dns));
	int status = judge(cli, dns, v);

	verify_free(v);
	dns_client_free(dns);
	suffixes_free(suffixes);
	return status;
}

const struct command cmd_verify = {
	"verify",
	N_("[OPTIONS] [FILE]"),
	N_("judge a message as a receiver would"),
	NULL,
	options,
	run,
};
