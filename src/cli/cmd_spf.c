/* inkan spf: RFC 7208 for one client, HELO name and sender; with --explain the
 * tree of records that was walked. */
#include "cli/cli.h"
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

static json_t *steps_json(const struct spf_verdict *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->n_steps; i++) {
		const struct spf_step *s = &v->steps[i];

		json_array_append_new(
			all,
			json_pack("{s:i, s:o, s:o, s:s, s:o, s:i, s:i}",
				  "depth", (int)s->depth, "domain",
				  json_of(s->domain), "term", json_of(s->text),
				  "outcome", s->outcome, "target",
				  s->target.n ? json_of(s->target)
					      : json_null(),
				  "dns_lookups", (int)s->lookups,
				  "void_lookups", (int)s->voids));
	}
	return all;
}

static json_t *verdict_json(const struct spf_verdict *v, bool explain)
{
	json_t *j = json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:i}", "result",
		spf_result_word(v->result), "domain",
		v->domain.p ? json_of(v->domain) : json_string(""), "scope",
		v->scope == SPF_HELO ? "helo" : "mfrom", "mechanism",
		json_of(v->mechanism), "explanation", json_of(v->explanation),
		"problem", json_words(v->problem), "dns_lookups",
		(int)v->lookups, "void_lookups", (int)v->voids);

	if (explain)
		json_object_set_new(j, "steps", steps_json(v));
	return j;
}

static void print_steps(struct cli *cli, const struct spf_verdict *v)
{
	for (size_t i = 0; i < v->n_steps; i++) {
		const struct spf_step *s = &v->steps[i];
		str text = out_text(cli->arena, s->text);
		str target = out_text(cli->arena, s->target);
		bool record = strcmp(s->outcome, "record") == 0;
		bool match = strcmp(s->outcome, "match") == 0;

		printf("%*s", (int)s->depth * 4 + (record ? 0 : 2), "");
		if (record) {
			printf("%s%.*s%s: %.*s\n", out_begin(OUT_STRONG),
			       STR_ARG(target), out_end(), STR_ARG(text));
			continue;
		}
		printf("%.*s%s%.*s: %s%s%s", STR_ARG(text),
		       target.n ? " -> " : "", STR_ARG(target),
		       out_begin(match ? OUT_GOOD : OUT_PLAIN), s->outcome,
		       out_end());
		if (target.n)
			printf(_("  (lookups %u of 10, void %u of 2)"),
			       s->lookups, s->voids);
		putchar('\n');
	}
}

static enum out_style style_of(enum spf_result r)
{
	return r == SPF_PASS                         ? OUT_GOOD
	       : r == SPF_FAIL || r == SPF_PERMERROR ? OUT_BAD
						     : OUT_WARN;
}

static void print_text(struct cli *cli, const struct spf_verdict *v)
{
	str domain = out_text(cli->arena, v->domain);

	print_steps(cli, v);
	printf("spf=%s%s%s  %s=%.*s", out_begin(style_of(v->result)),
	       spf_result_word(v->result), out_end(),
	       v->scope == SPF_HELO ? "smtp.helo" : "smtp.mailfrom",
	       STR_ARG(domain));
	if (v->mechanism.p)
		printf(_("  by \"%.*s\""),
		       STR_ARG(out_text(cli->arena, v->mechanism)));
	putchar('\n');
	if (v->problem)
		printf("  %s: %s: %.*s\n", _("problem"), _(v->problem),
		       STR_ARG(out_text(cli->arena, v->problem_at)));
	if (v->explanation.p)
		printf(_("  the domain's owner says: %.*s\n"),
		       STR_ARG(out_text(cli->arena, v->explanation)));
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
		out_json(verdict_json(&v, q.trace));
	else
		print_text(cli, &v);
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
