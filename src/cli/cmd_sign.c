/* inkan sign: a message with DKIM signatures put on. */
#include "cli/config.h"
#include "cli/ontop.h"
#include "cli/signopt.h"
#include "conf/signing.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN", N_("signing domain (d=); repeatable") },
	{ "selector", 's', "SELECTOR", N_("selector (s=); repeatable") },
	{ "key", 'k', "FILE", N_("private key; repeatable") },
	{ "algorithm", 0, "ALGORITHM",
	  N_("rsa-sha256 or ed25519-sha256: what the key must be for") },
	{ "canonicalization", 0, "H/B",
	  N_("simple or relaxed, default relaxed/relaxed") },
	{ "headers", 0, "A:B:C", N_("sign exactly these fields") },
	{ "oversign", 0, "A:B",
	  N_("list these fields once more than they occur") },
	{ "identity", 0, "I", N_("user or agent identity (i=)") },
	{ "expire", 0, "SECONDS", N_("the signature's life (x=)") },
	{ "body-length", 0, "N",
	  N_("sign only so many octets of the body (l=): anybody may append") },
	{ "header-only", 0, NULL, N_("print the new fields only") },
	{ NULL, 0, NULL, NULL },
};

struct job { /* one signature */
	struct dkim_sign_options options;
	struct dkim_sign *sign;
	str field;
};

struct signing {
	struct cli *cli;
	struct header header;
	struct bodyhash *bodyhash;
	struct job *jobs;
	size_t n;
	struct snapshot *config; /* NULL: the options say it all */
	bool failed; /* cli->err is set */
};

static bool read_numbers(struct cli *cli, struct dkim_sign_options *o)
{
	return args_number(&cli->args, "expire", 1, 1000000000, 0, &o->lifetime,
			   &cli->err) &&
	       args_number(&cli->args, "body-length", 0, INT64_MAX, -1,
			   &o->body_length, &cli->err);
}

/* What all signatures share. */
static bool read_options(struct cli *cli, struct dkim_sign_options *o)
{
	const char *headers = args_get(&cli->args, "headers");
	const char *oversign = args_get(&cli->args, "oversign");

	*o = (struct dkim_sign_options){
		.sign = dkim_names_recommended,
		.never = dkim_names_never,
		.oversign = dkim_names_oversign,
		.identity = str_of(args_get(&cli->args, "identity")),
		.timestamp = cli->now,
	};
	if (!signopt_canon(cli, o))
		return false;
	if (headers) {
		o->sign = signopt_names(cli->arena, headers);
		o->exact = true;
	}
	if (oversign) {
		o->oversign = signopt_names(cli->arena, oversign);
	} else if (headers) {
		o->oversign.n = 0;
	}
	if (headers && oversign) { /* exactly these, and those once more */
		str *all = arena_array_of(cli->arena, str,
					  o->sign.n + o->oversign.n);

		memcpy(all, o->sign.names, o->sign.n * sizeof *all);
		memcpy(all + o->sign.n, o->oversign.names,
		       o->oversign.n * sizeof *all);
		o->sign = (struct dkim_names){ all, o->sign.n + o->oversign.n };
	}
	return read_numbers(cli, o);
}

static void free_key(void *key)
{
	privkey_free(key);
}

static bool load_key(struct cli *cli, const char *path, struct job *job)
{
	const char *want = args_get(&cli->args, "algorithm");
	struct privkey *key = cli_key(cli, path);
	enum dkim_algorithm algorithm;

	if (!key)
		return false;
	job->options.key = key;
	if (!want)
		return true;
	if (!dkim_algorithm_parse(str_of(want), &algorithm) ||
	    algorithm == DKIM_RSA_SHA1)
		return err_set(&cli->err, ERR_USAGE,
			       _("--algorithm is rsa-sha256 or "
				 "ed25519-sha256 (rsa-sha1 is accepted "
				 "nowhere: RFC 8301)"));
	if ((algorithm == DKIM_RSA_SHA256) != (privkey_type(key) == KEY_RSA))
		return err_set(&cli->err, ERR_DATA,
			       _("key %s is for %s, not for %s"), path,
			       privkey_type(key) == KEY_RSA ? "rsa-sha256"
							    : "ed25519-sha256",
			       want);
	return true;
}

static bool jobs_from_options(struct cli *cli, struct signing *s)
{
	size_t domains, selectors, keys;
	struct args *a = &cli->args;
	const char *const *d = args_all(a, cli->arena, "domain", &domains);
	const char *const *sel = args_all(a, cli->arena, "selector",
					  &selectors);
	const char *const *k = args_all(a, cli->arena, "key", &keys);
	struct dkim_sign_options o;

	if (!read_options(cli, &o))
		return false;
	if (!keys || domains != keys || selectors != keys)
		return err_set(&cli->err, ERR_USAGE,
			       _("give --domain, --selector and --key in step: "
				 "one of each for every signature"));
	s->jobs = arena_array_of(cli->arena, struct job, keys);
	for (s->n = 0; s->n < keys; s->n++) {
		struct job *job = &s->jobs[s->n];

		job->options = o;
		job->options.domain = str_of(d[s->n]);
		job->options.selector = str_of(sel[s->n]);
		if (!signopt_signer(cli, &job->options) ||
		    !load_key(cli, k[s->n], job))
			return false;
	}
	return true;
}

static bool add_job(struct signing *s, const struct sign_key *chosen)
{
	struct cli *cli = s->cli;
	struct job *job = &s->jobs[s->n];
	struct arena_slot *slot = arena_defer_slot(cli->arena, free_key);
	enum keystore_news news;
	struct privkey *key;
	const char *trouble = chosen->trouble;

	if (!trouble) {
		key = snapshot_key(s->config, &chosen->key, &news, &cli->err);
		if (!key)
			return false;
		arena_defer_set(slot, key);
		trouble = signing_trouble(s->config, chosen, key);
	}
	if (trouble)
		return err_set(&cli->err, ERR_CONFIG, "%.*s: %s",
			       STR_ARG(str_head(chosen->key_name, 100)),
			       trouble);
	job->options = signing_options(s->config, chosen, key, cli->now);
	s->n++;
	return true;
}

/* As inkand would sign a message of an authenticated user. */
static bool jobs_from_tables(struct signing *s)
{
	struct cli *cli = s->cli;
	str user = STR(""), domain = STR("");
	struct sign_request rq;
	struct sign_choice *c;

	if (!signing_sender(s->config, &s->header, cli->arena, &user, &domain))
		return err_set(&cli->err, ERR_DATA,
			       _("the message has no sender in its From "
				 "field"));
	rq = cli_own_request(cli, user, domain);
	c = sign_choose(&s->config->rules, &rq, cli->arena);
	if (c->action != SIGN_SIGN)
		return err_set(&cli->err, ERR_CONFIG, "%.*s",
			       STR_ARG(sign_why(c, &rq, cli->arena)));
	s->jobs = arena_array_of(cli->arena, struct job, c->n_keys);
	for (size_t i = 0; i < c->n_keys; i++)
		if (!add_job(s, &c->keys[i]))
			return false;
	return true;
}

static void on_end_of_header(void *arg)
{
	struct signing *s = arg;

	if (s->config && !jobs_from_tables(s)) {
		s->failed = true;
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		s->jobs[i].sign = dkim_sign_new(
			s->cli->arena, &s->jobs[i].options, s->bodyhash);
}

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(&((struct signing *)arg)->header, raw);
}

static void on_too_large(void *arg)
{
	((struct signing *)arg)->header.too_large = true;
}

static void on_body(void *arg, str chunk)
{
	bodyhash_feed(((struct signing *)arg)->bodyhash, chunk);
}

static bool make_fields(struct signing *s)
{
	struct err *e = &s->cli->err;

	if (s->header.too_large)
		return err_set(e, ERR_DATA,
			       _("the header is too large to be signed"));
	for (size_t i = 0; i < s->n; i++)
		if (!dkim_sign_finish(s->jobs[i].sign, &s->header, s->bodyhash,
				      &s->jobs[i].field, e))
			return false;
	return true;
}

/* The first signature stands on top. */
static int print(struct signing *s, struct ontop *message)
{
	str *fields = arena_array_of(s->cli->arena, str, s->n);

	bodyhash_end(s->bodyhash);
	if (s->failed || !make_fields(s))
		return cli_fail(s->cli);
	for (size_t i = 0; i < s->n; i++)
		fields[i] = s->jobs[i].field;
	return ontop_write(message, fields, s->n, &s->cli->err)
		       ? 0
		       : cli_fail(s->cli);
}

static int run(struct cli *cli)
{
	struct signing s = {
		.cli = cli,
		.header = header_of(cli->arena, 0, 0),
		.bodyhash = bodyhash_new(cli->arena),
	};
	struct feed_sink sink = { .arg = &s,
				  .field = on_field,
				  .too_large = on_too_large,
				  .end_of_header = on_end_of_header,
				  .body = on_body };
	struct ontop message;
	const char *path;
	int status;

	if (!cli_file(cli, &path))
		return cli_fail(cli);
	if (args_has(&cli->args, "key")) {
		if (!jobs_from_options(cli, &s))
			return cli_fail(cli);
	} else if (args_has(&cli->args, "domain") ||
		   args_has(&cli->args, "selector")) {
		return cli_usage(cli, _("--domain and --selector need a --key; "
					"without all three the tables of the "
					"configuration decide"));
	} else {
		s.config = cli_config(cli);
		if (!s.config)
			return cli_fail(cli);
	}
	if (ontop_read(&message, cli->arena, path, &sink,
		       args_has(&cli->args, "header-only"), &cli->err)) {
		status = print(&s, &message);
		ontop_close(&message);
	} else {
		status = cli_fail(cli);
	}
	snapshot_release(s.config);
	return status;
}

const struct command cmd_sign = {
	"sign",
	N_("[--domain D --selector S --key FILE] [OPTIONS] [FILE]"),
	N_("put a DKIM signature on a message"),
	N_("Prints the message with the new fields on top, everything else as "
	   "it came.\nWithout --key the tables of the configuration decide, as "
	   "for a user who has\nauthenticated."),
	options,
	run,
};
