/* inkan check: the doctor.  What is looked at is in src/doctor. */
#include "base/limits.h"
#include "cli/check_print.h"
#include "dns/idn.h"
#include "doctor/records.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN",
	  N_("a domain that sends mail (repeatable), default those that "
	     "KeyTable signs for") },
	{ "host", 0, "NAME",
	  N_("the mail host's name, default Postfix's myhostname") },
	{ "root", 0, "DIR",
	  N_("look at the files below DIR; what needs the running machine is "
	     "skipped") },
	{ "only", 0, "CODE",
	  N_("only findings whose code begins so (repeatable)") },
	{ "all", 0, NULL, N_("show what is well too") },
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

static bool wanted(struct cli *cli, const struct finding *f)
{
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
	return m->tree.live || args_has(&cli->args, "zone") ||
	       args_has(&cli->args, "nameserver");
}

static str host_name(struct cli *cli, const struct machine *m)
{
	const char *named = args_get(&cli->args, "host");

	return named              ? str_of(named)
	       : m->postfix.there ? postfix_value(m, NULL, STR("myhostname"))
				  : STR("");
}

/* Runs again while answers come; the findings of the last run count. */
static bool look_up(struct cli *cli, const struct machine *m,
		    struct findings *f)
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
	asks_cancel(r.asks);
	dns_client_free(dns);
	return true;
}

static bool find_all(struct cli *cli, const struct machine *m,
		     struct findings *f)
{
	check_machine(f, m);
	if (asks_dns(cli, m))
		return look_up(cli, m, f);
	finding_skip(f, FIND_DNS, STR("--root"),
		     N_("a tree of files has no name servers; add --zone FILE "
			"or --nameserver ADDR"));
	return true;
}

static int run(struct cli *cli)
{
	const char *root = args_get(&cli->args, "root");
	struct machine *m = arena_new_of(cli->arena, struct machine);
	struct findings f;

	findings_init(&f, cli->arena);
	m->tree.dir = -1;
	arena_defer(cli->arena, close_machine, m);
	if (!machine_read(m, cli->arena, root ? root : "/",
			  args_get(&cli->args, "config"), &cli->err))
		return cli_fail(cli);
	if (!find_all(cli, m, &f))
		return cli_fail(cli);
	findings_sort(&f);
	filter(cli, &f);
	if (cli->json)
		print_json(cli, m, &f);
	else
		findings_print(cli->arena, &f, args_has(&cli->args, "all"));
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
