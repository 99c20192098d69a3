/* inkan check: the doctor.  What is looked at is in src/doctor. */
#include "base/limits.h"
#include "cli/check_print.h"
#include "cli/check_state.h"
#include "conf/nearest.h"
#include "dns/idn.h"
#include "doctor/policies.h"
#include "doctor/probe.h"
#include "doctor/propagation.h"
#include "doctor/records.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MAX = 30, TWO_DAYS = 2 * 86400 };

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN",
	  N_("a domain that sends mail (repeatable), default those that "
	     "KeyTable signs for") },
	{ "host", 0, "NAME",
	  N_("the mail host's name, default Postfix's myhostname") },
	{ "root", 0, "DIR",
	  N_("look at the files below DIR; what needs the running machine is "
	     "skipped") },
	{ "wait", 0, "[SECONDS]",
	  N_("look again until the records are right at every name server, at "
	     "most so long (two days)") },
	{ "changes", 0, NULL,
	  N_("say only what changed since the last time; for cron") },
	{ "state", 0, "FILE",
	  N_("where --changes keeps what it saw, default "
	     "/var/lib/inkan/check.state") },
	{ "only", 0, "CODE",
	  N_("only findings whose code begins so (repeatable)") },
	{ "all", 0, NULL, N_("show what is well too") },
	{ "offline", 0, NULL,
	  N_("ask no name server and speak to no mail server") },
	{ "probe", 0, "HOST",
	  N_("is outgoing port 25 open: connect to the mail server of this "
	     "domain, host or address, and send nothing") },
	{ "ca-file", 0, "FILE",
	  N_("roots that certificates are trusted by (PEM), default the "
	     "system's") },
	{ NULL, 0, NULL, NULL },
};

static void close_machine(void *what)
{
	struct machine *m = what;

	tree_close(&m->tree);
}

/* The domains named, or those of the files. */
static size_t domains(struct cli *cli, const struct machine *m,
		      str out[MACHINE_DOMAINS_MAX])
{
	size_t n;
	const char *const *named = args_all(&cli->args, cli->arena, "domain",
					    &n);

	if (!n)
		return machine_domains(m, out);
	n = n < MACHINE_DOMAINS_MAX ? n : MACHINE_DOMAINS_MAX;
	for (size_t i = 0; i < n; i++)
		if (!dns_name_to_ascii(cli->arena, str_of(named[i]), &out[i]))
			out[i] = str_of(named[i]);
	return n;
}

/* Every --only begins a code that there is. */
static bool only_is_known(struct cli *cli)
{
	size_t n;
	const char *const *only = args_all(&cli->args, cli->arena, "only", &n);

	for (size_t i = 0; i < n; i++) {
		str best = { NULL, 0 };
		unsigned distance = 0;
		bool known = false;

		for (size_t code = 0; code < FIND_CODES; code++) {
			str name = str_of(finding_kinds[code].code);

			known |= str_starts(name, str_of(only[i]));
			nearest_try(str_of(only[i]), name, &best, &distance);
		}
		if (!known && best.p)
			return err_set(&cli->err, ERR_USAGE,
				       _("no code begins with \"%.100s\": did "
					 "you mean %.*s?"),
				       only[i], STR_ARG(best));
		if (!known)
			return err_set(&cli->err, ERR_USAGE,
				       _("no code begins with \"%.100s\": "
					 "inkan check --json has them all"),
				       only[i]);
	}
	return true;
}

static bool wanted(void *arg, const struct finding *f)
{
	struct cli *cli = arg;
	size_t n;
	const char *const *only = args_all(&cli->args, cli->arena, "only", &n);

	for (size_t i = 0; i < n; i++)
		if (str_starts(str_of(finding_kinds[f->code].code),
			       str_of(only[i])))
			return true;
	return n == 0;
}

static void filter(struct cli *cli, struct findings *f)
{
	struct finding **at = &f->first;

	while (*at)
		if (wanted(cli, *at)) {
			at = &(*at)->next;
		} else {
			f->count[(*at)->status]--;
			*at = (*at)->next;
		}
	f->end = at;
}

static json_t *summary_json(const struct findings *f)
{
	json_t *j = json_object();

	for (unsigned s = 0; s < FINDING_STATUSES; s++)
		json_object_set_new(j, finding_status_word(s),
				    json_integer((json_int_t)f->count[s]));
	return j;
}

static void print_json(struct cli *cli, const struct machine *m,
		       const struct findings *f)
{
	json_t *names = json_array(), *all = json_array();
	str list[MACHINE_DOMAINS_MAX];
	size_t n = domains(cli, m, list);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(names, json_of(list[i]));
	for (const struct finding *x = f->first; x; x = x->next)
		json_array_append_new(all, finding_json(cli->arena, x));
	out_json(json_pack("{s:o, s:o, s:o}", "domains", names, "summary",
			   summary_json(f), "findings", all));
}

static bool asks_dns(struct cli *cli, const struct machine *m)
{
	return args_has(&cli->args, "zone") ||
	       (!args_has(&cli->args, "offline") &&
		(m->tree.live || args_has(&cli->args, "nameserver")));
}

static str host_name(struct cli *cli, const struct machine *m)
{
	const char *named = args_get(&cli->args, "host");

	return named              ? str_of(named)
	       : m->postfix.there ? postfix_value(m, NULL, STR("myhostname"))
				  : STR("");
}

static void everywhere(struct cli *cli, const struct machine *m,
		       struct findings *f, struct dns_client *dns,
		       const struct records_check *r)
{
	struct propagation p = {
		.f = f,
		.m = m,
		.dns = dns,
		.domains = r->domains,
		.n_domains = r->n_domains,
		.timeout_ms = 5000,
	};
	int64_t seconds;

	if (args_number(&cli->args, "dns-timeout", 1, 3600, 5, &seconds,
			&cli->err))
		p.timeout_ms = (unsigned)seconds * 1000;
	(void)check_propagation(&p);
}

static void speak_to(struct cli *cli, const struct machine *m,
		     struct findings *f, struct records_check *r,
		     struct map *policies)
{
	struct ports_check p = {
		.remembered = policies,
		.f = f,
		.m = m,
		.records = r,
		.ca_file = args_get(&cli->args, "ca-file"),
	};
	struct dns_client *validating = cli_has_anchor()
						? cli_dns_validating(cli)
						: NULL;

	check_ports(&p);
	check_mta_sts(&p);
	check_dane(&p, validating);
	dns_client_free(validating);
}

static void probe(struct cli *cli, const struct machine *m, struct findings *f,
		  struct dns_client *dns)
{
	struct probe p = {
		.f = f,
		.m = m,
		.dns = dns,
		.zones_only = args_has(&cli->args, "zone"),
		.whom = args_get(&cli->args, "probe"),
		.helo = host_name(cli, m),
	};

	check_probe(&p);
}

/* Runs again while answers come; the findings of the last run count. */
static bool look_up(struct cli *cli, const struct machine *m,
		    struct findings *f, struct map *policies)
{
	str list[MACHINE_DOMAINS_MAX];
	struct dns_client *dns = cli_dns(cli);
	const struct findings before = *f;
	struct finding **end = f->end;
	struct records_check r = {
		.f = f,
		.m = m,
		.domains = list,
		.n_domains = domains(cli, m, list),
		.host = host_name(cli, m),
		.zones_only = args_has(&cli->args, "zone"),
		.now = cli->now,
	};

	if (!dns)
		return false;
	r.asks = asks_new(cli->arena, dns_client_resolver(dns),
			  LIMIT_DOCTOR_QUESTIONS);
	do {
		*f = before;
		f->end = end;
		*end = NULL;
		check_records(&r);
	} while (r.pending && dns_client_wait_all(dns, r.asks));
	check_live(f, m, dns);
	speak_to(cli, m, f, &r, policies);
	asks_cancel(r.asks);
	probe(cli, m, f, dns);
	if (!r.zones_only)
		everywhere(cli, m, f, dns, &r);
	dns_client_free(dns);
	return true;
}

static void skip_dns(struct cli *cli, struct findings *f)
{
	if (args_has(&cli->args, "offline"))
		finding_skip(f, FIND_DNS, STR("--offline"),
			     N_("--offline asks nobody; add --zone FILE"));
	else
		finding_skip(f, FIND_DNS, STR("--root"),
			     N_("a tree of files has no name servers; add "
				"--zone FILE or --nameserver ADDR"));
}

static bool find_all(struct cli *cli, const struct machine *m,
		     struct findings *f, struct map *policies)
{
	str list[MACHINE_DOMAINS_MAX];

	findings_init(f, cli->arena);
	check_machine(f, m);
	if (!asks_dns(cli, m)) {
		skip_dns(cli, f);
		check_live(f, m, NULL);
		probe(cli, m, f, NULL);
	} else if (!look_up(cli, m, f, policies)) {
		return false;
	}
	check_providers(f, m, list, domains(cli, m, list));
	findings_sort(f);
	return true;
}

/* A record that is missing or wrong, or not everywhere yet. */
static bool is_waited_for(const struct finding *x)
{
	const char *code = finding_kinds[x->code].code;
	bool record = x->code == FIND_PROPAGATION ||
		      str_starts(str_of(code), STR("dkim.record.")) ||
		      str_starts(str_of(code), STR("spf.record")) ||
		      str_starts(str_of(code), STR("dmarc.record"));

	return record && x->status != FINDING_OK && x->status != FINDING_NOTE;
}

static bool settled(const struct findings *f)
{
	for (const struct finding *x = f->first; x; x = x->next)
		if (is_waited_for(x))
			return false;
	return true;
}

static int64_t seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Looks again until the records are right everywhere, or the time is over. */
static bool find_until(struct cli *cli, const struct machine *m,
		       struct findings *f, struct map *policies, int64_t wait)
{
	int64_t end = seconds_now() + wait, now;
	unsigned pause = 1;

	for (;;) {
		if (!find_all(cli, m, f, policies))
			return false;
		now = seconds_now();
		if (settled(f) || now >= end)
			return true;
		if (now + pause > end)
			pause = (unsigned)(end - now);
		(void)sleep(pause);
		pause = pause < PAUSE_MAX ? pause * 2 : PAUSE_MAX;
	}
}

static const char *state_file(const struct cli *cli)
{
	const char *path = args_get(&cli->args, "state");

	return path ? path : "/var/lib/inkan/check.state";
}

/* The policies of the last --changes; of another check's only to compare. */
static bool remember(struct cli *cli, const struct machine *m,
		     struct map *policies, struct map **known)
{
	struct err e;

	*policies = map_of(cli->arena, m->seed, false);
	*known = policies;
	if (args_has(&cli->args, "changes"))
		return policies_read(cli->arena, state_file(cli), policies,
				     &cli->err);
	if (access(state_file(cli), R_OK) < 0 ||
	    !policies_read(cli->arena, state_file(cli), policies, &e))
		*known = NULL;
	return true;
}

static int run(struct cli *cli)
{
	const char *root = args_get(&cli->args, "root");
	struct machine *m = arena_new_of(cli->arena, struct machine);
	struct map policies, *known;
	struct findings f;
	int64_t wait;

	if (cli->args.n_rest)
		return cli_usage(cli,
				 _("check takes no file or name: did you mean "
				   "--domain %.100s?"),
				 cli->args.rest[0]);
	/* of servers that end a conversation */
	(void)signal(SIGPIPE, SIG_IGN);
	m->tree.dir = -1;
	arena_defer(cli->arena, close_machine, m);
	if (!only_is_known(cli))
		return cli_fail(cli);
	if (!machine_read(m, cli->arena, root ? root : "/",
			  args_get(&cli->args, "config"), cli->now,
			  &cli->err) ||
	    !args_number(&cli->args, "wait", 0, 604800,
			 args_has(&cli->args, "wait") ? TWO_DAYS : 0, &wait,
			 &cli->err) ||
	    !remember(cli, m, &policies, &known))
		return cli_fail(cli);
	if (!find_until(cli, m, &f, known, wait))
		return cli_fail(cli);
	if (args_has(&cli->args, "changes")) {
		const struct changes changes = { state_file(cli), &policies,
						 wanted, cli };

		if (!changes_only(cli->arena, &changes, &f, &cli->err))
			return cli_fail(cli);
	}
	filter(cli, &f);
	if (cli->json)
		print_json(cli, m, &f);
	else if (f.first || !args_has(&cli->args, "changes"))
		findings_print(cli->arena, &f,
			       args_has(&cli->args, "all") ||
				       args_has(&cli->args, "changes"));
	return args_has(&cli->args, "fail") && f.count[FINDING_FAIL] ? 1 : 0;
}

const struct command cmd_check = {
	"check",
	N_("[--domain DOMAIN] [--root DIR] [OPTIONS]"),
	N_("the doctor: what is wrong with this mail host, and the cure"),
	N_("Findings come causes first. Each has a code that stays the same, "
	   "and a command that\ncures it."),
	options,
	run,
};
