/* inkan setup: from a machine with Postfix to one whose mail is signed. */
#include "base/ascii.h"
#include "cli/setup_print.h"
#include "dns/idn.h"
#include "dns/name.h"

#include <time.h>
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
	{ "postfix", 0, "DIR", N_("Postfix's files, default /etc/postfix") },
	{ "root", 0, "DIR", N_("work on the files below DIR, start nothing") },
	{ NULL, 0, NULL, NULL },
};

#define KEPT_KEYS "/var/lib/inkan-setup/keys"

/* A line from the terminal, or what it is by default. */
static const char *answer_to(struct cli *cli, const char *question,
			     const char *otherwise)
{
	char line[512];
	size_t n;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return otherwise;
	fflush(stdout);
	fprintf(stderr, "%s [%s] ", question, otherwise);
	if (!fgets(line, sizeof line, stdin))
		return otherwise;
	n = strcspn(line, "\r\n");
	return n ? arena_cstr(cli->arena, (str){ line, n }) : otherwise;
}

static bool domain_of(struct cli *cli, const char *text, str *out)
{
	str ascii;

	if (!dns_name_to_ascii(cli->arena, str_of(text), &ascii) ||
	    !dns_name_is_domain(ascii, false))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.100s\" is not a domain name"), text);

	char *lower = arena_cstr(cli->arena, ascii);

	for (char *p = lower; *p; p++)
		*p = ascii_lower(*p);
	*out = str_of(lower);
	return true;
}

/* The one domain that is signed already, else Postfix's. */
static const char *guess_domain(const struct site *m)
{
	const struct signing_source *s = m->inkan.path ? &m->inkan
						       : &m->opendkim;
	const char *mydomain = site_postfix(m, "mydomain");
	const char *domain = NULL;

	for (size_t i = 0; i < s->n_keys; i++) {
		if (domain && !str_ieq(str_of(domain), s->keys[i].domain))
			return NULL;
		domain = arena_cstr(m->arena, s->keys[i].domain);
	}
	if (domain)
		return domain;
	return strchr(mydomain, '.') ? mydomain : NULL;
}

static bool find_domain(struct cli *cli, const struct site *m, str *out)
{
	const char *text = args_get(&cli->args, "domain");

	if (!text) {
		const char *guess = guess_domain(m);

		text = answer_to(cli, _("Which domain sends mail?"),
				 guess ? guess : "");
	}
	if (!*text)
		return err_set(&cli->err, ERR_USAGE,
			       _("which domain sends mail? Say --domain "
				 "DOMAIN"));
	return domain_of(cli, text, out);
}

/* "202611": a key's name says when it was made. */
static str month(struct cli *cli)
{
	char *text = arena_alloc(cli->arena, 16);
	time_t now = (time_t)cli->now;
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return STR("key");
	return (str){ text, strftime(text, 16, "%Y%m", &tm) };
}

static bool find_selector(struct cli *cli, str *out)
{
	const char *text = args_get(&cli->args, "selector");

	*out = text ? str_of(text) : month(cli);
	return dns_name_is_domain(*out, true) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("\"%.100s\" is not a selector: letters, digits, \"-\" "
			 "and dots"),
		       text);
}

struct setup {
	struct cli *cli;
	struct site site;
	struct plan plan;
	struct setup_shown shown;
	struct records records;
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

static bool find_host(struct setup *s)
{
	const char *text = args_get(&s->cli->args, "host");
	str host;

	if (!text)
		text = site_postfix(&s->site, "myhostname");
	if (!domain_of(s->cli, text, &host))
		return false;
	s->shown.host = arena_cstr(s->cli->arena, host);
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

static bool find_records(struct setup *s)
{
	const char *rua = args_get(&s->cli->args, "rua");
	struct records_wanted w = { .domain = s->plan.wanted.domain,
				    .host = str_of(s->shown.host),
				    .rua = str_of(rua),
				    .policy = "none",
				    .ttl = 3600 };

	if (rua && (!strchr(rua, '@') || strpbrk(rua, " \t,;!\"\\")))
		return err_set(&s->cli->err, ERR_USAGE,
			       _("--rua \"%.100s\" is not a mail address"),
			       rua);
	if (!find_ips(s->cli, &w))
		return false;
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

	return site_look(cli->arena, root, args_get(&cli->args, "postfix"),
			 &s->site, &cli->err) &&
	       find_domain(cli, &s->site, &wanted.domain) && find_host(s) &&
	       find_selector(cli, &wanted.selector) &&
	       setup_plan(&s->site, &wanted,
			  path_below(cli->arena, root, KEPT_KEYS), &s->plan,
			  &cli->err);
}

static int run(struct cli *cli)
{
	struct setup s = { .cli = cli };

	s.shown.plan = &s.plan;
	if (cli->args.n_rest)
		return cli_usage(cli, _("setup takes no file"));
	if (!look(&s) || !find_records(&s))
		return cli_fail(cli);
	(cli->json ? setup_print_json : setup_print)(cli, &s.shown);
	return 0;
}

const struct command cmd_setup = {
	"setup",
	N_("[--domain DOMAIN] [OPTIONS]"),
	N_("make this machine's Postfix sign and check mail"),
	N_("Prints what would be done, and changes nothing: keys, inkan's "
	   "configuration, what\nPostfix needs to send mail through inkand. An "
	   "OpenDKIM that is there is taken over\nwith its keys and selectors."),
	options,
	run,
};
