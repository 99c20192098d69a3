/* inkan check: the doctor.  What is looked at is in src/doctor. */
#include "cli/check_print.h"
#include "doctor/areas.h"

static const struct opt options[] = {
	{ "domain", 'd', "DOMAIN",
	  N_("a domain that sends mail (repeatable), default those that "
	     "KeyTable signs for") },
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
	check_machine(&f, m);
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
