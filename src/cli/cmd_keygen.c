/* inkan keygen: a key pair for one selector. */
#include "cli/cli.h"
#include "cli/keyfiles.h"
#include "dns/idn.h"
#include "dns/name.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN", N_("the signing domain") },
	{ "selector", 's', "SELECTOR", N_("the name of the key") },
	{ "algorithm", 0, "ALGORITHM", N_("rsa (default) or ed25519") },
	{ "bits", 'b', "BITS", N_("size of an RSA key, default 2048") },
	{ "directory", 'D', "DIR", N_("where the files go, default here") },
	{ "note", 0, "TEXT", N_("a note for people in the record (n=)") },
	{ "testing", 't', NULL, N_("mark the key as being tested (t=y)") },
	{ NULL, 0, NULL, NULL },
};

static bool algorithm_of(const char *text, enum key_type *out)
{
	str a = str_of(text ? text : "rsa");

	*out = str_eq(a, STR("ed25519")) || str_eq(a, STR("ed25519-sha256"))
		       ? KEY_ED25519
		       : KEY_RSA;
	return *out == KEY_ED25519 || str_eq(a, STR("rsa")) ||
	       str_eq(a, STR("rsa-sha256"));
}

static int print(struct cli *cli, const struct keyfiles *k,
		 const struct keyfiles_made *made)
{
	if (cli->json) {
		out_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o}",
				   "domain", k->domain, "selector", k->selector,
				   "private_key", made->private_path,
				   "record_file", made->text_path, "algorithm",
				   k->type == KEY_RSA ? "rsa-sha256"
						      : "ed25519-sha256",
				   "bits", (int)privkey_bits(made->key),
				   "record", json_of(made->record)));
		return 0;
	}
	printf(_("Private key: %s (mode 0600: it never leaves this machine)\n"
		 "DNS record:  %s\n\n"),
	       made->private_path, made->text_path);
	printf(_("Publish this TXT record, in one line:\n\n"));
	printf("  %s._domainkey.%s\n  %.*s\n\n", k->selector, k->domain,
	       STR_ARG(made->record));
	printf(_("Then see that it is there:\n\n"));
	printf("  inkan testkey --domain %s --selector %s --key %s\n",
	       k->domain, k->selector, made->private_path);
	return 0;
}

static int run(struct cli *cli)
{
	struct keyfiles k = {
		.domain = args_get(&cli->args, "domain"),
		.selector = args_get(&cli->args, "selector"),
		.directory = args_get(&cli->args, "directory"),
		.record = { .hashes = STR("sha256") },
	};
	struct keyfiles_made made;
	int64_t bits;
	str ascii;

	if (!k.domain || !k.selector)
		return cli_usage(cli, _("keygen needs --domain and --selector: "
					"inkan help keygen"));
	if (cli->args.n_rest)
		return cli_usage(cli, _("keygen takes no file"));
	if (!algorithm_of(args_get(&cli->args, "algorithm"), &k.type))
		return cli_usage(cli, _("--algorithm is rsa or ed25519"));
	if (!args_number(&cli->args, "bits", 1024, 8192, 2048, &bits,
			 &cli->err))
		return cli_fail(cli);
	if (!dns_name_to_ascii(cli->arena, str_of(k.domain), &ascii) ||
	    !dns_name_is_domain(ascii, false))
		return cli_usage(cli, _("\"%.100s\" is not a domain name"),
				 k.domain);
	k.domain = arena_cstr(cli->arena, ascii);
	if (!dns_name_is_domain(str_of(k.selector), true))
		return cli_usage(cli,
				 _("\"%.100s\" is not a selector: letters, "
				   "digits, \"-\" and dots"),
				 k.selector);
	k.bits = (unsigned)bits;
	if (!k.directory)
		k.directory = ".";
	k.record.notes = str_of(args_get(&cli->args, "note"));
	k.record.testing = args_has(&cli->args, "testing");
	if (!keyfiles_make(cli->arena, &k, &made, &cli->err))
		return cli_fail(cli);

	int status = print(cli, &k, &made);

	privkey_free(made.key);
	return status;
}

const struct command cmd_keygen = {
	"keygen",
	N_("--domain DOMAIN --selector SELECTOR [OPTIONS]"),
	N_("make a DKIM key and its DNS record"),
	N_("Writes SELECTOR.private (mode 0600) and SELECTOR.txt. Existing "
	   "files are never\noverwritten."),
	options,
	run,
};
