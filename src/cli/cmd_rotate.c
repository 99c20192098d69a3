/* inkan rotate: new DKIM keys, step by step, without a message that does not
 * verify. */
#include "cli/rotate_print.h"
#include "conf/conf.h"
#include "dns/idn.h"
#include "dns/name.h"

#include <stdlib.h>
#include <time.h>

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN",
	  N_("whose keys; default every domain that "
	     "has a rotation") },
	{ "selector", 's', "SELECTOR",
	  N_("of the new key, default one with year and month") },
	{ "hold", 0, "DAYS",
	  N_("how long the old records stay after the switch, default 7") },
	{ "server", 0, "ADDR[:PORT]",
	  N_("publish at this primary name server (RFC 2136), default the "
	     "one its SOA names") },
	{ "tsig", 0, "FILE", N_("publish with this TSIG key") },
	{ "hook", 0, "COMMAND",
	  N_("publish by COMMAND add|revoke NAME TTL VALUE") },
	{ "ttl", 0, "SECONDS", N_("of the records, default 3600") },
	{ "reload", 0, "COMMAND",
	  N_("makes the filter read its tables again, default its PidFile or "
	     "systemctl") },
	{ "wait", 0, "SECONDS", N_("wait so long for name servers") },
	{ "every", 0, "DAYS",
	  N_("next: begin anew when the last rotation is so old") },
	{ "state", 0, "DIR",
	  N_("where it is written down, default /var/lib/inkan/rotate") },
	{ NULL, 0, NULL, NULL },
};

enum { DAY = 86400, DAYS_MAX = 3650, LOOK_AGAIN = 5 };

struct work {
	struct cli *cli;
	struct rotate_env env;
	int64_t wait, every; /* seconds; every 0: never */
	json_t *all; /* with --json */
	bool unfinished;
};

static struct dns_client *open_dns(void *arg, struct err *e)
{
	struct cli *cli = ((struct work *)arg)->cli;
	struct dns_client *dns = cli_dns(cli);

	if (!dns)
		*e = cli->err;
	return dns;
}

static void tell(void *arg, const struct rotation *r)
{
	if (!((struct work *)arg)->all)
		rotate_print_stage(r);
}

static bool absolute(struct cli *cli, const char *path, str *out)
{
	char *real = realpath(path, NULL);

	if (!real)
		return err_sys(&cli->err, _("cannot open %s"), path);
	*out = arena_str(cli->arena, str_of(real));
	free(real);
	return true;
}

/* What options say replaces what was written down. */
static bool read_options(struct cli *cli, struct rotation *r)
{
	const char *server = args_get(&cli->args, "server");
	const char *tsig = args_get(&cli->args, "tsig");
	const char *hook = args_get(&cli->args, "hook");
	const char *reload = args_get(&cli->args, "reload");
	int64_t days;

	if (hook && (server || tsig))
		return err_set(&cli->err, ERR_USAGE,
			       _("publish by --hook or by --server and "
				 "--tsig, not by both"));
	if (!args_number(&cli->args, "hold", 0, DAYS_MAX, r->hold / DAY, &days,
			 &cli->err) ||
	    !args_number(&cli->args, "ttl", 0, 604800, r->ttl, &r->ttl,
			 &cli->err) ||
	    (tsig && !absolute(cli, tsig, &r->tsig)))
		return false;
	r->hold = days * DAY;
	if (server)
		r->server = str_of(server);
	if (server || tsig)
		r->method = ROTATE_UPDATE;
	if (hook) {
		r->hook = str_of(hook);
		r->method = ROTATE_HOOK;
	}
	if (reload)
		r->reload = str_of(reload);
	return true;
}

static bool begin(struct work *w, struct rotation *r)
{
	struct cli *cli = w->cli;

	r->stage = ROTATE_KEY;
	r->started = r->since = cli->now;
	r->taken_back = false;
	return rotate_plan(&w->env, r, args_get(&cli->args, "selector"),
			   &cli->err) &&
	       rotate_save(&w->env.store, cli->arena, r, &cli->err);
}

/* Looks again until all is seen or the time is over. */
static bool advance(struct work *w, struct rotation *r)
{
	struct rotate_progress p = { 0 };
	int64_t until = time(NULL) + w->wait;

	for (;;) {
		if (!rotate_advance(&w->env, r, &p, &w->cli->err))
			return false;
		if (p.wait != WAIT_DNS || time(NULL) >= until)
			break;
		(void)nanosleep(&(struct timespec){ LOOK_AGAIN, 0 }, NULL);
	}
	w->unfinished |= p.wait != WAIT_NOTHING;
	if (w->all)
		json_array_append_new(w->all, rotate_json(w->cli, r, &p));
	else
		rotate_print(w->cli, r, &p);
	return true;
}

static bool no_rotation(struct cli *cli, str domain)
{
	return err_set(&cli->err, ERR_NO_INPUT,
		       _("there is no rotation of %.*s: inkan rotate start "
			 "--domain %.*s begins one"),
		       STR_ARG(domain), STR_ARG(domain));
}

static bool do_status(struct work *w, struct rotation *r)
{
	w->unfinished |= r->stage != ROTATE_DONE;
	if (w->all)
		json_array_append_new(w->all, rotate_json(w->cli, r, NULL));
	else
		rotate_print(w->cli, r, NULL);
	return true;
}

static bool do_start(struct work *w, struct rotation *r, bool found, str domain)
{
	struct cli *cli = w->cli;
	const char *config = args_get(&cli->args, "config");

	if (found && r->stage != ROTATE_DONE)
		return err_set(&cli->err, ERR_USAGE,
			       _("a rotation of %.*s is under way: inkan "
				 "rotate next goes on with it"),
			       STR_ARG(domain));
	if (!config)
		config = conf_default_path();
	if (!config)
		return err_set(&cli->err, ERR_CONFIG,
			       _("there is no configuration: name one with "
				 "--config FILE"));
	*r = (struct rotation){ .domain = domain,
				.hold = (int64_t)7 * DAY,
				.ttl = 3600 };
	return absolute(cli, config, &r->config) && read_options(cli, r) &&
	       begin(w, r) && advance(w, r);
}

/* What options changed holds from now on. */
static bool keep(struct work *w, const struct rotation *r)
{
	return r->stage == ROTATE_DONE ||
	       rotate_save(&w->env.store, w->cli->arena, r, &w->cli->err);
}

static bool do_next(struct work *w, struct rotation *r)
{
	if (!read_options(w->cli, r))
		return false;
	if (r->stage == ROTATE_DONE && w->every &&
	    w->cli->now - r->since >= w->every && !begin(w, r))
		return false;
	return keep(w, r) && advance(w, r);
}

static bool do_finish(struct work *w, struct rotation *r)
{
	if (!read_options(w->cli, r))
		return false;
	r->hold = 0;
	return keep(w, r) && advance(w, r);
}

static bool do_abort(struct work *w, struct rotation *r)
{
	if (r->stage == ROTATE_DONE)
		return err_set(&w->cli->err, ERR_USAGE,
			       _("the rotation of %.*s is done: to change the "
				 "key again, start a new one"),
			       STR_ARG(r->domain));
	return read_options(w->cli, r) &&
	       rotate_take_back(&w->env, r, &w->cli->err) && advance(w, r);
}

enum action { STATUS, START, NEXT, FINISH, ABORT, ACTIONS };

static bool act(struct work *w, enum action action, struct rotation *r,
		bool found, str domain)
{
	if (action == START)
		return do_start(w, r, found, domain);
	if (!found)
		return no_rotation(w->cli, domain);
	switch (action) {
	case NEXT:
		return do_next(w, r);
	case FINISH:
		return do_finish(w, r);
	case ABORT:
		return do_abort(w, r);
	default:
		return do_status(w, r);
	}
}

static bool one_domain(struct work *w, enum action action, str domain)
{
	struct cli *cli = w->cli;
	struct rotation r;
	bool found, ok;

	if (action != STATUS &&
	    !rotate_open(&w->env.store, cli->arena, domain, &cli->err))
		return false;
	ok = rotate_load(&w->env.store, cli->arena, domain, &r, &found,
			 &cli->err) &&
	     act(w, action, &r, found, domain);
	if (action != STATUS)
		rotate_close(&w->env.store);
	return ok;
}

static bool read_action(struct cli *cli, enum action *out)
{
	static const char *const words[] = { "status", "start", "next",
					     "finish", "abort" };
	unsigned i = 0;

	while (cli->args.n_rest == 1 && i < ACTIONS &&
	       strcmp(cli->args.rest[0], words[i]) != 0)
		i++;
	*out = (enum action)i;
	return cli->args.n_rest == 1 && i < ACTIONS;
}

static bool prepare(struct work *w)
{
	struct cli *cli = w->cli;
	const char *state = args_get(&cli->args, "state");
	int64_t timeout, days;

	if (!args_number(&cli->args, "dns-timeout", 1, 3600, 5, &timeout,
			 &cli->err) ||
	    !args_number(&cli->args, "wait", 0, (int64_t)30 * DAY, 0, &w->wait,
			 &cli->err) ||
	    !args_number(&cli->args, "every", 1, DAYS_MAX, 0, &days, &cli->err))
		return false;
	w->every = days * DAY;
	w->env = (struct rotate_env){
		.arena = cli->arena,
		.store = { state ? state : "/var/lib/inkan/rotate", -1 },
		.open_dns = open_dns,
		.arg = w,
		.timeout_ms = (unsigned)timeout * 1000,
		.now = cli->now,
		.tell = tell,
	};
	if (cli->json)
		w->all = json_array();
	return true;
}

/* One domain, or all; what goes wrong with one does not stop the others. */
static int all_domains(struct work *w, enum action action)
{
	struct cli *cli = w->cli;
	const char *text = args_get(&cli->args, "domain");
	str one, *domains = &one;
	size_t n = 1;
	int status = 0;

	if (text && (!dns_name_to_ascii(cli->arena, str_of(text), &one) ||
		     !dns_name_is_domain(one, false)))
		return cli_usage(cli, _("\"%.100s\" is not a domain name"),
				 text);
	if (!text && !rotate_domains(w->env.store.directory, cli->arena,
				     &domains, &n, &cli->err))
		return cli_fail(cli);
	for (size_t i = 0; i < n; i++)
		if (!one_domain(w, action, domains[i]))
			status = cli_fail(cli);
	if (!n && !w->all)
		puts(_("No keys were rotated yet."));
	return status;
}

static int run(struct cli *cli)
{
	struct work w = { .cli = cli };
	enum action action;
	int status;

	if (!read_action(cli, &action))
		return cli_usage(cli, _("rotate needs one of status, start, "
					"next, finish, abort"));
	if (!args_has(&cli->args, "domain") &&
	    (action == START || action == ABORT || action == FINISH))
		return cli_usage(cli, _("rotate %s needs --domain"),
				 cli->args.rest[0]);
	if (!prepare(&w))
		return cli_fail(cli);
	status = all_domains(&w, action);
	if (w.all)
		out_json(json_pack("{s:o}", "rotations", w.all));
	if (status)
		return status;
	return args_has(&cli->args, "fail") && w.unfinished ? 1 : 0;
}

const struct command cmd_rotate = {
	"rotate",
	N_("status|start|next|finish|abort [--domain DOMAIN] [OPTIONS]"),
	N_("change the DKIM keys of a domain, step by step"),
	N_("start makes keys, publishes them and waits for DNS; next goes on "
	   "as far as it can:\nonce every name server shows the new keys the "
	   "tables change, and after --hold days\nthe old ones are revoked. It "
	   "can be interrupted anywhere. finish does not hold;\nabort goes "
	   "back to the old keys. Without --tsig, --server or --hook the "
	   "records to\npublish are printed."),
	options,
	run,
};
