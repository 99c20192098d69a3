/* inkan why: would inkand sign this, with which keys, and by which line? */
#include "cli/config.h"
#include "cli/why_text.h"
#include "mail/address.h"

static const struct opt options[] = {
	{ "from", 0, "ADDR", N_("the sender, as the From field has it") },
	{ "client-ip", 0, "ADDR", N_("where the message comes from") },
	{ "client-name", 0, "NAME", N_("the name of that client") },
	{ "auth", 0, "USER", N_("the client has authenticated as USER") },
	{ "rcpt", 0, "ADDR", N_("a recipient (repeatable)") },
	{ "macro", 0, "NAME=VALUE",
	  N_("a macro of the MTA, as daemon_name=ORIGINATING (repeatable)") },
	{ NULL, 0, NULL, NULL },
};

static bool read_macros(struct cli *cli, struct sign_request *rq)
{
	size_t n;
	const char *const *text = args_all(&cli->args, cli->arena, "macro", &n);
	struct sign_macro *m = arena_array_of(cli->arena, struct sign_macro,
					      n + 2);

	for (size_t i = 0; i < n; i++) {
		str rest = str_of(text[i]), name;

		(void)str_split(&rest, '=', &name);
		if (!rest.p)
			return err_set(&cli->err, ERR_USAGE,
				       _("--macro \"%.60s\" is not "
					 "NAME=VALUE"),
				       text[i]);
		if (name.n > 1 && name.p[0] == '{' && name.p[name.n - 1] == '}')
			name = (str){ name.p + 1, name.n - 2 };
		m[rq->n_macros++] = (struct sign_macro){ name, rest };
	}
	if (args_has(&cli->args, "auth")) {
		m[rq->n_macros++] = (struct sign_macro){ STR("auth_type"),
							 STR("PLAIN") };
		m[rq->n_macros++] = (struct sign_macro){
			STR("auth_authen"), str_of(args_get(&cli->args, "auth"))
		};
	}
	rq->macros = m;
	return true;
}

static bool read_request(struct cli *cli, struct sign_request *rq)
{
	const char *from = args_get(&cli->args, "from");
	const char *ip = args_get(&cli->args, "client-ip");
	struct mailbox box;
	size_t n;

	if (!from)
		return err_set(&cli->err, ERR_USAGE,
			       _("why needs --from ADDRESS"));
	if (mailbox_first(cli->arena, str_of(from), &box)) {
		rq->user = box.local;
		rq->domain = box.domain;
	}
	if (ip && !ip_parse(str_of(ip), &rq->client_ip))
		return err_set(&cli->err, ERR_USAGE,
			       _("--client-ip \"%.60s\" is not an address"),
			       ip);
	rq->client_name = str_of(args_get(&cli->args, "client-name"));

	const char *const *rcpt = args_all(&cli->args, cli->arena, "rcpt", &n);
	str *all = arena_array_of(cli->arena, str, n + 1);

	for (size_t i = 0; i < n; i++)
		all[i] = str_of(rcpt[i]);
	rq->recipients = all;
	rq->n_recipients = n;
	return read_macros(cli, rq);
}

static const char *action_word(enum sign_action a)
{
	return a == SIGN_SIGN ? "sign" : a == SIGN_VERIFY ? "verify" : "ignore";
}

static json_t *place_json(struct cli *cli, const struct table *t, uint32_t at)
{
	return t ? json_words(cli_place(cli, t, at)) : json_null();
}

static json_t *key_json(struct cli *cli, const struct sign_choice *c,
			const struct sign_key *k)
{
	const struct sign_rules *r = c->rules;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			 json_of(k->key_name), "domain", json_of(k->key.domain),
			 "selector", json_of(k->key.selector), "key",
			 k->key.is_path ? json_of(k->key.key) : json_null(),
			 "identity",
			 k->identity.n ? json_of(k->identity) : json_null(),
			 "trouble", json_words(k->trouble), "signing_line",
			 place_json(cli, r->signing ? r->signing : r->domains,
				    k->sign_at),
			 "key_line",
			 k->key.name.n ? place_json(cli, r->keys, k->key.at)
				       : json_null());
}

static json_t *choice_json(struct cli *cli, const struct sign_choice *c,
			   str why)
{
	json_t *keys = json_array(), *conditions = json_array();

	for (size_t i = 0; i < c->n_keys; i++)
		json_array_append_new(keys, key_json(cli, c, &c->keys[i]));
	for (int i = 0; i < SIGN_CONDITIONS; i++) {
		const struct sign_finding *f = &c->findings[i];

		if (!f->asked)
			continue;
		json_array_append_new(
			conditions,
			json_pack("{s:s, s:b, s:o, s:o}", "condition",
				  sign_condition_name((enum sign_condition)i),
				  "held", (int)f->held, "entry",
				  f->table ? json_of(f->entry.key)
					   : json_null(),
				  "line",
				  place_json(cli, f->table, f->entry.at)));
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "action",
			 action_word(c->action), "why", json_of(why), "keys",
			 keys, "conditions", conditions);
}

static void print_key(struct cli *cli, const struct sign_choice *c,
		      const struct sign_key *k)
{
	const struct sign_rules *r = c->rules;
	const struct table *signing = r->signing ? r->signing : r->domains;
	str key = out_text(cli->arena, k->key.key);

	if (k->trouble) {
		printf("  %s%.*s: %s%s\n", out_begin(OUT_BAD),
		       STR_ARG(out_text(cli->arena, k->key_name)),
		       _(k->trouble), out_end());
		return;
	}
	printf("  d=%.*s s=%.*s%s%.*s\n", STR_ARG(k->key.domain),
	       STR_ARG(k->key.selector), k->identity.n ? " i=" : "",
	       STR_ARG(k->identity));
	if (signing)
		printf("    %s %s\n", _("chosen by"),
		       cli_place(cli, signing, k->sign_at));
	if (k->key.name.n)
		printf("    %s %s\n", _("key from"),
		       cli_place(cli, r->keys, k->key.at));
	if (k->key.is_path)
		printf("    %s %.*s\n", _("key file"), STR_ARG(key));
}

static void print_text(struct cli *cli, const struct sign_choice *c,
		       const struct sign_request *rq)
{
	bool sign = c->action == SIGN_SIGN;

	printf("%s%s%s: %.*s\n", out_begin(sign ? OUT_GOOD : OUT_WARN),
	       sign                       ? _("signed")
	       : c->action == SIGN_VERIFY ? _("not signed, verified")
					  : _("left alone"),
	       out_end(), STR_ARG(why_text(cli, c, rq)));
	for (size_t i = 0; i < c->n_keys; i++)
		print_key(cli, c, &c->keys[i]);
}

static int run(struct cli *cli)
{
	struct sign_request rq = { .client_ip = { .family = IP_NONE } };
	struct snapshot *s;

	if (!read_request(cli, &rq))
		return cli_fail(cli);
	s = cli_config(cli);
	if (!s)
		return cli_fail(cli);

	struct sign_choice *c = sign_choose(&s->rules, &rq, cli->arena);
	int status = args_has(&cli->args, "fail") && c->action != SIGN_SIGN;

	if (cli->json)
		out_json(choice_json(cli, c, sign_why(c, &rq, cli->arena)));
	else
		print_text(cli, c, &rq);
	snapshot_release(s);
	return status;
}

const struct command cmd_why = {
	"why",
	N_("--from ADDR [--client-ip A] [--auth USER] [--rcpt ADDR]"),
	N_("say whether inkand would sign a message, and by which line"),
	NULL,
	options,
	run,
};
