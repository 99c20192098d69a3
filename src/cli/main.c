/* inkan: one tool, a command for every step.  The table below is the list of
 * commands; each has its file. */
#include "cli/cli.h"
#include "conf/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&cmd_setup,   &cmd_keygen,  &cmd_records, &cmd_rotate,
	&cmd_testkey, &cmd_sign,    &cmd_verify,  &cmd_seal,
	&cmd_why,     &cmd_authres, &cmd_milter,  &cmd_spf,
	&cmd_dmarc,   &cmd_check,   &cmd_reports, &cmd_score,
};

/* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers */
enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find(str name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (str_eq(str_of(commands[i]->name), name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	str best = { NULL, 0 };
	unsigned distance = 0;
	struct err e;

	for (size_t i = 0; i < COMMANDS; i++)
		nearest_try(str_of(name), str_of(commands[i]->name), &best,
			    &distance);
	if (best.p)
		(void)err_set(&e, ERR_USAGE,
			      _("unknown command \"%.60s\": did you mean "
				"\"%.*s\"?"),
			      name, STR_ARG(best));
	else
		(void)err_set(&e, ERR_USAGE,
			      _("unknown command \"%.60s\": inkan help lists "
				"them"),
			      name);
	return out_error(&e);
}

static int help(FILE *to)
{
	fprintf(to, "%s\n\n%s: inkan %s\n\n",
		_("inkan: the seal that makes your domain's mail yours "
		  "(SPF, DKIM, DMARC)"),
		_("Usage"), _("COMMAND [OPTIONS] [FILE]"));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name,
			_(commands[i]->summary));
	fprintf(to, "  %-10s %s\n\n%s\n", "help",
		_("this list, or the help of one command"),
		_("Options of every command:"));
	opt_help(to, opt_common);
	return 0;
}

static int help_of(const struct command *c)
{
	printf("%s: inkan %s %s\n\n%s\n", _("Usage"), c->name, _(c->usage),
	       _(c->summary));
	if (c->notes)
		printf("\n%s\n", _(c->notes));
	putchar('\n');
	opt_help(stdout, c->options);
	printf("\n%s\n", _("Options of every command:"));
	opt_help(stdout, opt_common);
	return 0;
}

static const struct opt no_options[] = { { NULL, 0, NULL, NULL } };

static bool set_language(const char *lang, struct err *e)
{
	static const char *const locales[] = { "ja_JP.UTF-8", "en_US.UTF-8",
					       "C.UTF-8" };

	if (!lang)
		return true;
	if (strcmp(lang, "en") != 0 && strcmp(lang, "ja") != 0)
		return err_set(e, ERR_USAGE, _("--lang is en or ja"));
	/* gettext looks at LANGUAGE only in a locale that is not "C" */
	for (size_t i = lang[0] == 'j' ? 0 : 1;
	     i < sizeof locales / sizeof *locales; i++)
		if (setlocale(LC_ALL, locales[i]))
			break;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	return setenv("LANGUAGE", lang, 1) == 0;
}

static bool prepare(struct cli *cli)
{
	if (!set_language(args_get(&cli->args, "lang"), &cli->err))
		return false;
	if (!out_color(args_get(&cli->args, "color")))
		return err_set(&cli->err, ERR_USAGE,
			       _("--color is auto, always or never"));
	cli->json = args_has(&cli->args, "json");
	return args_number(&cli->args, "time", 0, 1000000000000, time(NULL),
			   &cli->now, &cli->err);
}

/* The language of what is said about the options themselves. */
static void guess_language(int argc, char **argv)
{
	struct err e;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (str_starts(str_of(argv[i]), STR("--lang=")))
			(void)set_language(argv[i] + sizeof "--lang=" - 1, &e);
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			(void)set_language(argv[i + 1], &e);
}

/* A file that is opened must not become standard output because that was
 * closed: what is missing is opened so that its use fails. */
static void keep_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null",
				   fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
}

static int run(struct cli *cli, const struct command *c, int argc, char **argv)
{
	if (!opt_parse(cli->arena, c->options, argc, argv, &cli->args,
		       &cli->err) ||
	    !prepare(cli))
		return cli_fail(cli);
	if (args_has(&cli->args, "help"))
		return help_of(c);
	return c->run(cli);
}

static int run_help(struct cli *cli, int argc, char **argv)
{
	const struct command *c;

	if (!opt_parse(cli->arena, no_options, argc, argv, &cli->args,
		       &cli->err) ||
	    !prepare(cli))
		return cli_fail(cli);
	if (!cli->args.n_rest)
		return help(stdout);
	c = find(str_of(cli->args.rest[0]));
	return c ? help_of(c) : unknown_command(cli->args.rest[0]);
}

/* argv without the word at i, which becomes the first. */
static char **to_front(struct cli *cli, int argc, char **argv, int at)
{
	char **out = arena_array_of(cli->arena, char *, (size_t)argc);
	int n = 0;

	out[n++] = argv[at];
	for (int i = 1; i < argc; i++)
		if (i != at)
			out[n++] = argv[i];
	return out;
}

/* Options of every command may stand before its name. */
static int dispatch(struct cli *cli, int argc, char **argv)
{
	const struct command *c;
	int at = 1;

	if (argc < 2) {
		(void)help(stderr);
		return 64;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("inkan " INKAN_VERSION);
		return 0;
	}
	while (at < argc && argv[at][0] == '-')
		at += opt_takes_next(argv[at]) ? 2 : 1;
	if (at >= argc)
		return run_help(cli, argc, argv);
	argv = to_front(cli, argc, argv, at);
	c = find(str_of(argv[0]));
	if (c)
		return run(cli, c, argc - 1, argv);
	if (strcmp(argv[0], "help") == 0)
		return run_help(cli, argc - 1, argv);
	return unknown_command(argv[0]);
}

/* Translations stand beside the program in a build tree, else where they were
 * installed. */
static void find_translations(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
	const char *dir = INKAN_LOCALEDIR;

	if (n > 0) {
		str exe = { path, (size_t)n };
		size_t slash = str_rfind(exe, '/');

		memcpy(path + slash, "/po", sizeof "/po");
		if (access(path, R_OK) == 0)
			dir = path;
	}
	(void)setlocale(LC_ALL, "");
	(void)bindtextdomain("inkan", dir);
	(void)bind_textdomain_codeset("inkan", "UTF-8");
	(void)textdomain("inkan");
}

/* Some commands hold private keys, and mail is nobody else's business. */
static void leave_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
	struct cli cli = { .arena = arena_new(1 << 16) };
	str name = str_of(argc > 0 ? argv[0] : "inkan");
	int status;

	leave_no_core();
	keep_standard_files();
	name = str_skip(name, str_find(name, '/') < name.n
				      ? str_rfind(name, '/') + 1
				      : 0);
	if (!cli.arena || !arena_enter(cli.arena)) {
		fputs("inkan: out of memory\n", stderr);
		return 70;
	}
	find_translations();
	guess_language(argc, argv);
	if (str_eq(name, STR("opendkim-genkey")))
		status = genkey_main(cli.arena, argc, argv);
	else if (str_eq(name, STR("opendkim-testkey")))
		status = testkey_main(cli.arena, argc, argv);
	else
		status = dispatch(&cli, argc, argv);
	status = out_finish(status);
	arena_free(cli.arena);
	return status;
}
