/* inkan setup: from a machine with Postfix to one whose mail is signed. */
#include "base/buf.h"
#include "cli/setup_ask.h"
#include "cli/setup_print.h"
#include "setup/apply.h"
#include "setup/packages.h"
#include "setup/service.h"

#include <signal.h>
#include <unistd.h>

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN",
	  N_("the domain that sends mail, default Postfix's mydomain") },
	{ "host", 0, "NAME", N_("the mail host's name, default myhostname") },
	{ "ip", 0, "ADDR",
	  N_("an address that mail leaves from (repeatable), default this "
	     "machine's") },
	{ "selector", 's', "NAME",
	  N_("new keys are called NAMEr and NAMEe, default the month") },
	{ "rua", 0, "ADDR",
	  N_("where DMARC reports go, default postmaster@DOMAIN") },
	{ "sender-login", 0, NULL,
	  N_("users may send as themselves only (587, 465)") },
	{ "no-mend", 0, NULL,
	  N_("leave other faults of Postfix and Dovecot as they are") },
	{ "install", 0, NULL,
	  N_("install Postfix and Dovecot, configure mail for users") },
	{ "certbot", 0, NULL,
	  N_("with --install: get a certificate from Let's Encrypt") },
	{ "tls-cert", 0, "FILE", N_("with --install: a certificate chain") },
	{ "tls-key", 0, "FILE", N_("with --install: its key") },
	{ "admin", 0, "USER",
	  N_("who reads mail to root, postmaster, abuse and dmarc") },
	{ "postfix", 0, "DIR", N_("Postfix's files, default /etc/postfix") },
	{ "root", 0, "DIR", N_("work on the files below DIR, start nothing") },
	{ "apply", 0, NULL, N_("do it, and show that it works") },
	{ "undo", 0, NULL, N_("take back what --apply did") },
	{ "yes", 'y', NULL, N_("ask nothing, not on a terminal either") },
	{ "force", 0, NULL,
	  N_("with --undo: also files that were changed since") },
	{ "no-test", 0, NULL, N_("send no test mail through Postfix") },
	{ NULL, 0, NULL, NULL },
};

struct setup {
	struct cli *cli;
	struct site site;
	bool install; /* asked for, with --install or by answering yes */
	struct plan plan;
	struct setup_shown shown;
	struct records records;
	const struct ip *ips;
	size_t n_ips;
	struct journal journal;
	struct setup_run run;
};

static bool find_ips(struct cli *cli, struct records_wanted *w)
{
	size_t n;
	const char *const *text = args_all(&cli->args, cli->arena, "ip", &n);
	struct ip *ips = arena_array_of(cli->arena, struct ip, n + 1);
	struct err none;

	for (size_t i = 0; i < n; i++)
		if (!ip_parse(str_of(text[i]), &ips[i]))
			return err_set(&cli->err, ERR_USAGE,
				       _("--ip \"%.60s\" is not an address"),
				       text[i]);
	w->ips = ips;
	w->n_ips = n;
	if (!n)
		(void)records_own_addresses(cli->arena, w, &none);
	return true;
}

static void free_key(void *key)
{
	privkey_free(key);
}

/* The keys that are there: those that are still to be made have no record. */
static void find_keys(struct setup *s, struct records_wanted *w)
{
	struct arena *arena = s->cli->arena;

	w->keys = arena_array_of(arena, struct records_key, s->plan.n_keys + 1);
	for (size_t i = 0; i < s->plan.n_keys; i++) {
		struct arena_slot *slot = arena_defer_slot(arena, free_key);
		const char *path = s->plan.key[i].path;
		struct privkey *key;
		struct err none;

		for (size_t j = 0; j < s->plan.n_changes; j++)
			if (s->plan.change[j].kind == CHANGE_KEY &&
			    s->plan.change[j].from && !s->shown.applied &&
			    strcmp(s->plan.change[j].path, path) == 0)
				path = s->plan.change[j].from;
		key = privkey_read(path, PRIVKEY_ANY, &none);
		arena_defer_set(slot, key);
		if (key)
			w->keys[w->n_keys++] = (struct records_key){
				s->plan.key[i].selector, key
			};
	}
}

/* An address of their own: reports come daily, for programs to read. */
static bool reports_have_a_name(struct setup *s)
{
	struct file_state f;
	struct err ignored;
	str line;

	if (s->plan.wanted.server)
		return true;
	if (!file_look(s->cli->arena, site_path(&s->site, "/etc/aliases"), &f,
		       &ignored))
		return false;
	while (str_split(&f.bytes, '\n', &line))
		if (str_istarts(line, STR("dmarc:")))
			return true;
	return false;
}

static bool find_records(struct setup *s)
{
	const char *rua = args_get(&s->cli->args, "rua");
	struct buf dmarc = buf_of(s->cli->arena, 512);
	struct records_wanted w = { .domain = s->plan.wanted.domain,
				    .host = str_of(s->shown.host),
				    .rua = str_of(rua),
				    .policy = "none",
				    .ttl = 3600 };

	if (!rua && reports_have_a_name(s)) {
		buf_printf(&dmarc, "dmarc@%.*s", STR_ARG(w.domain));
		w.rua = buf_str(&dmarc);
	}
	if (rua && (!strchr(rua, '@') || strpbrk(rua, " \t,;!\"\\")))
		return err_set(&s->cli->err, ERR_USAGE,
			       _("--rua \"%.100s\" is not a mail address"),
			       rua);
	if (!find_ips(s->cli, &w))
		return false;
	s->ips = w.ips;
	s->n_ips = w.n_ips;
	find_keys(s, &w);
	if (w.n_ips) {
		records_make(s->cli->arena, &w, &s->records);
		s->shown.records = &s->records;
	}
	return true;
}

static const char *root_of(struct cli *cli)
{
	const char *root = args_get(&cli->args, "root");

	return root && strcmp(root, "/") != 0 ? root : "";
}

static bool look(struct setup *s)
{
	struct cli *cli = s->cli;
	const char *root = root_of(cli);
	struct plan_wanted wanted;

	if (!site_look(cli->arena, root, args_get(&cli->args, "postfix"),
		       &s->site, &cli->err) ||
	    !setup_ask(cli, &s->site, s->install, &wanted))
		return false;
	s->shown.host = wanted.host;
	return setup_plan(&s->site, &wanted,
			  path_below(cli->arena, root, SETUP_KEPT_KEYS),
			  &s->plan, &cli->err);
}

static bool is_live(const struct setup *s)
{
	return !*root_of(s->cli);
}

static void tell(void *arg, const char *sentence)
{
	const struct setup *s = arg;

	if (s->cli->json)
		return;
	printf("%s%s%s %s\n", out_begin(OUT_GOOD), _("done:"), out_end(),
	       sentence);
	fflush(stdout);
}

static void waiting(void *arg, const char *sentence)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s\n", sentence);
}

static struct apply_options options_of(struct setup *s)
{
	return (struct apply_options){
		.test = is_live(s) && !args_has(&s->cli->args, "no-test"),
		.force = args_has(&s->cli->args, "force"),
		.proof = { s->shown.host ? s->shown.host : "localhost", s->ips,
			   s->n_ips, waiting, s },
		.tell = tell,
		.arg = s,
	};
}

/* May this user do it, and is there what it needs? */
static bool may_change(struct setup *s, const char *option)
{
	return !is_live(s) || geteuid() == 0 ||
	       err_set(&s->cli->err, ERR_PERMISSION,
		       _("only root can change this machine: sudo inkan setup "
			 "%s"),
		       option);
}

static bool can_apply(struct setup *s)
{
	struct err *e = &s->cli->err;

	if (!is_live(s))
		return true;
	if (!s->site.inkand)
		return err_set(e, ERR_NO_INPUT,
			       _("the program inkand is not installed here: "
				 "meson install -C build"));
	return s->site.postfix_runs || s->plan.wanted.server ||
	       args_has(&s->cli->args, "no-test") ||
	       err_set(e, ERR_UNAVAILABLE,
		       _("Postfix does not run, so nothing could be shown to "
			 "work: start it (postfix start), or say --no-test"));
}

/* A run that was interrupted is brought to its end first. */
static bool finish_interrupted(struct setup *s, bool *went_on)
{
	struct apply_options o = options_of(s);
	struct err *e = &s->cli->err;

	*went_on = false;
	for (;;) {
		if (!journal_last(&s->journal, &s->run, e))
			return false;
		if (s->run.dir && s->run.undoing) {
			tell(s, _("going on with --undo, which was "
				  "interrupted"));
			if (!apply_undo(&s->run, &o, e))
				return false;
			continue;
		}
		if (!s->run.dir || s->run.applied)
			return true;
		tell(s, _("going on where setup was interrupted"));
		*went_on = true;
		return apply_run(&s->run, &o, &s->shown.test, e);
	}
}

static bool confirmed(struct setup *s)
{
	if (s->cli->json || !setup_asks(s->cli))
		return true;
	setup_print(s->cli, &s->shown);
	return setup_agrees(s->cli, _("Do this now? (yes/no)"), false);
}

static bool still_answers(struct setup *s)
{
	struct buf b = buf_of(s->cli->arena, 4096);

	buf_printf(&b, "local:%s", s->plan.socket);
	return !is_live(s) ||
	       service_answers(s->cli->arena,
			       arena_cstr(s->cli->arena, buf_str(&b)), 1,
			       &s->cli->err);
}

static bool apply_plan(struct setup *s)
{
	struct apply_options o;

	if (!can_apply(s))
		return false;
	if (!confirmed(s)) {
		puts(_("Nothing was changed."));
		return true;
	}
	o = options_of(s);
	if (!journal_stage(&s->journal, &s->plan, &s->run, &s->cli->err) ||
	    !apply_run(&s->run, &o, &s->shown.test, &s->cli->err))
		return false;
	s->shown.applied = true;
	return true;
}

static void print(struct setup *s)
{
	(s->cli->json ? setup_print_json : setup_print)(s->cli, &s->shown);
}

static bool open_journal(struct setup *s, bool make)
{
	return s->journal.lock >= 0 ||
	       journal_open(s->cli->arena, root_of(s->cli), make, &s->journal,
			    &s->cli->err);
}

static bool agrees_to_install(struct cli *cli, const struct packages *missing)
{
	return strcmp(missing->name[0], "postfix") == 0 &&
	       setup_agrees(cli,
			    _("There is no mail server here. Install and "
			      "configure Postfix and Dovecot? (yes/no)"),
			    false);
}

/* The packages of a mail server that are wanted and not here. */
static bool find_missing(struct setup *s, struct packages *missing)
{
	struct cli *cli = s->cli;

	packages_missing(cli->arena, args_has(&cli->args, "certbot"), missing);
	if (!is_live(s) ||
	    (missing->n && !s->install && !agrees_to_install(cli, missing)))
		missing->n = 0;
	s->install |= missing->n > 0;
	return missing->n > 0;
}

static bool install(struct setup *s)
{
	struct cli *cli = s->cli;
	struct packages missing;
	const char *host;
	str domain;

	if (find_missing(s, &missing)) {
		if (!setup_ask_domain(cli, &s->site, &domain) ||
		    !open_journal(s, true) ||
		    !packages_install(&s->journal, &missing, domain, &cli->err))
			return false;
		tell(s, _("the packages of a mail server are installed"));
	}
	if (!args_has(&cli->args, "certbot") || !is_live(s))
		return true;
	if (!setup_ask_domain(cli, &s->site, &domain) ||
	    !setup_ask_host(cli, &s->site, domain, true, &host) ||
	    !packages_certificate(cli->arena, host, domain, &cli->err))
		return false;
	tell(s, _("there is a certificate from Let's Encrypt"));
	return true;
}

static bool apply(struct setup *s)
{
	bool went_on;

	if (!may_change(s, "--apply") || !install(s) || !look(s) ||
	    !find_records(s) || !open_journal(s, true) ||
	    !finish_interrupted(s, &went_on))
		return false;
	/* what was interrupted has changed what there is */
	if (went_on && !look(s))
		return false;
	if (s->plan.n_changes) {
		if (!apply_plan(s))
			return false;
		if (!s->shown.applied)
			return true;
	} else if (!still_answers(s)) {
		return false;
	}
	s->shown.applied |= went_on;
	if (!find_records(s))
		return false;
	print(s);
	return true;
}

static bool undo(struct setup *s)
{
	struct cli *cli = s->cli;
	struct apply_options o = options_of(s);
	const char *packages;
	size_t n = 0;

	if (!may_change(s, "--undo") || !open_journal(s, false))
		return false;
	for (;; n++) {
		if (!journal_last(&s->journal, &s->run, &cli->err))
			return false;
		if (!s->run.dir)
			break;
		if (!apply_undo(&s->run, &o, &cli->err))
			return false;
	}
	packages = packages_noted(&s->journal);
	packages_forget(&s->journal);
	if (cli->json) {
		out_json(json_pack("{s:I, s:o}", "undone", (json_int_t)n,
				   "packages", json_words(packages)));
		return true;
	}
	if (packages)
		printf(_("The packages that setup installed stay; this removes "
			 "them: apt-get purge %s\n"),
		       packages);
	puts(n ? _("Everything is as it was before inkan setup.")
	       : _("There is nothing to take back."));
	return true;
}

/* Keys and some configurations are for root's eyes. */
static bool unreadable(struct setup *s)
{
	struct err why = s->cli->err;

	if (why.code == ERR_PERMISSION && geteuid() != 0)
		(void)err_set(&s->cli->err, why.code,
			      _("%.350s. Only root may read all of it: sudo "
				"inkan setup shows the plan and changes "
				"nothing"),
			      why.text);
	return false;
}

static bool show_plan(struct setup *s)
{
	struct packages missing;
	str domain;

	if (find_missing(s, &missing)) {
		if (!packages_fit(s->cli->arena, &missing, &s->cli->err) ||
		    !setup_ask_domain(s->cli, &s->site, &domain) ||
		    !setup_ask_host(s->cli, &s->site, domain, true,
				    &s->shown.host))
			return false;
		setup_print_install(s->cli, domain, s->shown.host,
				    packages_text(s->cli->arena, &missing));
		return true;
	}
	if (!look(s) || !find_records(s))
		return unreadable(s);
	print(s);
	return true;
}

static int run(struct cli *cli)
{
	struct setup s = { .cli = cli, .journal = { .lock = -1 } };
	bool ok;

	/* neither a reader who goes away nor a Postfix that does may end this
	 * half way */
	(void)signal(SIGPIPE, SIG_IGN);
	s.shown.plan = &s.plan;
	s.install = args_has(&cli->args, "install");
	if (cli->args.n_rest)
		return cli_usage(cli, _("setup takes no file"));
	if (args_has(&cli->args, "apply") && args_has(&cli->args, "undo"))
		return cli_usage(cli, _("--apply or --undo, not both"));
	if (args_has(&cli->args, "undo")) {
		ok = undo(&s);
	} else if (args_has(&cli->args, "apply")) {
		ok = apply(&s);
	} else {
		ok = show_plan(&s);
	}
	journal_close(&s.journal);
	return ok ? 0 : cli_fail(cli);
}

const struct command cmd_setup = {
	"setup",
	N_("[--domain DOMAIN] [--apply|--undo] [OPTIONS]"),
	N_("make this machine's Postfix sign and check mail"),
	N_("Prints what would be done, and changes nothing: keys, inkan's "
	   "configuration, what\nPostfix needs to send mail through inkand. An "
	   "OpenDKIM that is there is taken over\nwith its keys and "
	   "selectors. With --apply it is done, and shown to work by a mail "
	   "through\nPostfix; whatever fails is taken back."),
	options,
	run,
};
