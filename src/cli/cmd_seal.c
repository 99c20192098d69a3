/* inkan seal: a message judged, and one ARC set put on it (RFC 8617). */
#include "arc/results.h"
#include "arc/seal.h"
#include "cli/ontop.h"
#include "cli/signopt.h"
#include "verify/stamp.h"
#include "verify/verify.h"

static const struct opt options[] = {
	{ "authserv-id", 0, "ID",
	  N_("who speaks in ARC-Authentication-Results") },
	{ "domain", 'd', "DOMAIN", N_("the sealer's domain (d=)") },
	{ "selector", 's', "SELECTOR", N_("selector (s=)") },
	{ "key", 'k', "FILE", N_("private key") },
	{ "canonicalization", 0, "H/B",
	  N_("simple or relaxed, default relaxed/relaxed") },
	{ "headers", 0, "A:B:C",
	  N_("let the message signature cover exactly these fields") },
	{ "ip", 0, "ADDR", N_("the address of the client that sent it") },
	{ "helo", 0, "NAME", N_("the name it gave in HELO") },
	{ "mail-from", 0, "ADDR", N_("the envelope's sender") },
	{ "header-only", 0, NULL, N_("print the new fields only") },
	{ NULL, 0, NULL, NULL },
};

struct sealing {
	struct cli *cli;
	struct dkim_sign_options options;
	str authserv_id;
	struct ip ip;
	struct verify *verify;
};

static bool read_names(struct sealing *s)
{
	struct cli *cli = s->cli;
	const char *headers = args_get(&cli->args, "headers");

	if (!headers)
		return true;
	s->options.sign = signopt_names(cli->arena, headers);
	s->options.oversign.n = 0;
	s->options.exact = true;
	for (size_t i = 0; i < s->options.sign.n; i++)
		if (arc_seal_forbids(s->options.sign.names[i]))
			return err_set(&cli->err, ERR_USAGE,
				       _("an ARC-Message-Signature must not "
					 "cover %.*s; take it out of "
					 "--headers"),
				       STR_ARG(str_head(
					       s->options.sign.names[i], 60)));
	return true;
}

static bool read_options(struct sealing *s)
{
	struct cli *cli = s->cli;
	const struct args *a = &cli->args;

	if (!args_has(a, "authserv-id") || !args_has(a, "domain") ||
	    !args_has(a, "selector") || !args_has(a, "key"))
		return err_set(&cli->err, ERR_USAGE,
			       _("--authserv-id, --domain, --selector and "
				 "--key are all needed"));
	s->authserv_id = cli_authserv_id(cli);
	s->options = (struct dkim_sign_options){
		.domain = str_of(args_get(a, "domain")),
		.selector = str_of(args_get(a, "selector")),
		.sign = dkim_names_arc,
		.never = dkim_names_arc_never,
		.oversign = dkim_names_oversign,
		.timestamp = cli->now,
	};
	if (!signopt_signer(cli, &s->options) ||
	    !signopt_canon(cli, &s->options) || !read_names(s) ||
	    !cli_ip(cli, &s->ip))
		return false;
	s->options.key = cli_key(cli, args_get(a, "key"));
	return s->options.key != NULL;
}

static void on_field(void *arg, str raw)
{
	(void)verify_header_raw(((struct sealing *)arg)->verify, raw);
}

static void on_too_large(void *arg)
{
	verify_header_too_large(((struct sealing *)arg)->verify);
}

static void on_end_of_header(void *arg)
{
	struct sealing *s = arg;

	verify_end_of_headers(s->verify);
	(void)verify_seal_begin(s->verify, &s->options);
}

static void on_body(void *arg, str chunk)
{
	verify_body(((struct sealing *)arg)->verify, chunk);
}

static bool settle(struct sealing *s, struct dns_client *dns)
{
	const struct arc_chain *chain;
	struct err *e = &s->cli->err;

	verify_end(s->verify);
	while (!verify_run(s->verify))
		dns_client_wait(dns, verify_asks(s->verify));
	if (verify_verdict(s->verify)->out_of_memory)
		return err_set(e, ERR_INTERNAL,
			       _("out of memory: nothing is known"));
	chain = verify_chain(s->verify);
	if (!chain->temporary)
		return true;
	return err_set(e, ERR_UNAVAILABLE,
		       _("the chain cannot be judged now (%s i=%u: %s), and a "
			 "seal that says so would end it for ever; try again "
			 "later"),
		       arc_part_name(chain->part), chain->at, _(chain->why));
}

/* What hosts of ours have found and written on the message counts; else what
 * was found just now. */
static void results_of(struct sealing *s, struct authres *out)
{
	struct arena *arena = s->cli->arena;
	const struct header *header = verify_fields(s->verify);
	struct stamp_options o = { .authserv_id = s->authserv_id };

	if (!arc_results_gather(arena, header, s->authserv_id, out))
		stamp_results(arena, verify_verdict(s->verify), &o, out);
}

static bool print(struct sealing *s, struct ontop *message)
{
	struct err *e = &s->cli->err;
	const char *refusal = arc_seal_refusal(verify_chain(s->verify));
	struct authres results;
	str by_part[3], top[3];

	if (refusal) {
		out_warning(_(refusal));
		return ontop_write(message, NULL, 0, e);
	}
	results_of(s, &results);
	if (!verify_seal_finish(s->verify, verify_fields(s->verify), &results,
				by_part, e))
		return false;
	for (int i = 0; i < 3; i++)
		top[i] = by_part[ARC_AS - i];
	return ontop_write(message, top, 3, e);
}

static bool seal_message(struct sealing *s, struct dns_client *dns)
{
	struct cli *cli = s->cli;
	struct feed_sink sink = { s, on_field, on_too_large, on_end_of_header,
				  on_body };
	struct ontop message;
	const char *path;
	bool ok;

	verify_envelope(s->verify, s->ip, str_of(args_get(&cli->args, "helo")),
			str_of(args_get(&cli->args, "mail-from")));
	if (!cli_file(cli, &path) ||
	    !ontop_read(&message, cli->arena, path, &sink,
			args_has(&cli->args, "header-only"), &cli->err))
		return false;
	ok = settle(s, dns) && print(s, &message);
	ontop_close(&message);
	return ok;
}

static int run(struct cli *cli)
{
	struct sealing s = { .cli = cli };
	struct verify_options o = verify_defaults(cli->now);
	struct dns_client *dns;
	bool ok;

	if (!read_options(&s))
		return cli_fail(cli);
	dns = cli_dns(cli);
	if (!dns)
		return cli_fail(cli);
	o.methods = VERIFY_DKIM | VERIFY_SPF | VERIFY_DMARC | VERIFY_ARC;
	o.receiver = s.authserv_id;
	s.verify = verify_new(&o, dns_client_resolver(dns));
	ok = s.verify ? seal_message(&s, dns)
		      : err_set(&cli->err, ERR_INTERNAL, _("out of memory"));
	verify_free(s.verify);
	dns_client_free(dns);
	return ok ? 0 : cli_fail(cli);
}

const struct command cmd_seal = {
	"seal",
	N_("--authserv-id ID --domain D --selector S --key FILE [OPTIONS] "
	   "[FILE]"),
	N_("put an ARC set on a message that passes on"),
	N_("Prints the message with the three fields on top, everything else as "
	   "it came.\nThe results in it are those of the message's own "
	   "Authentication-Results fields\nof ID, so forged ones must have "
	   "been removed before; without any the message is\njudged now."),
	options,
	run,
};
