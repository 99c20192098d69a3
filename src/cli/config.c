#include "cli/config.h"

#include "base/buf.h"

static void print_problems(struct cli *cli, const struct problems *problems)
{
	for (const struct problem *p = problems->first; p; p = p->next) {
		struct buf b = buf_of(cli->arena, 4096);

		if (p->level == PROBLEM_NOTE)
			continue;
		problem_write(&b, p);
		fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&b)));
	}
}

static struct snapshot *load(struct cli *cli, bool any)
{
	const char *path = args_get(&cli->args, "config");
	struct snapshot_request rq = { .purpose = SNAPSHOT_START,
				       .paths = &path,
				       .n_paths = 1 };
	struct snapshot *s;

	if (!path)
		path = conf_default_path();
	if (!path) {
		(void)err_set(&cli->err, ERR_CONFIG,
			      _("there is no configuration: name one with "
				"--config FILE"));
		return NULL;
	}
	s = snapshot_load(&rq);
	if (!s) {
		(void)err_set(&cli->err, ERR_INTERNAL, _("out of memory"));
		return NULL;
	}
	print_problems(cli, &s->problems);
	if (s->ok || (any && s->rules.keys && s->keys))
		return s;
	snapshot_release(s);
	(void)err_set(&cli->err, ERR_CONFIG, _("%s cannot be used"), path);
	return NULL;
}

struct snapshot *cli_config(struct cli *cli)
{
	return load(cli, false);
}

struct snapshot *cli_key_tables(struct cli *cli)
{
	return load(cli, true);
}

const char *cli_place(struct cli *cli, const struct table *t, uint32_t at)
{
	struct buf b = buf_of(cli->arena, 4096);
	unsigned line = table_line(t, at);

	buf_put(&b, table_name(t));
	if (line)
		buf_printf(&b, ":%u", line);
	return arena_cstr(cli->arena, buf_str(&b));
}

struct sign_request cli_own_request(struct cli *cli, str user, str domain)
{
	struct sign_macro *m = arena_new_of(cli->arena, struct sign_macro);

	*m = (struct sign_macro){ STR("auth_type"), STR("PLAIN") };
	return (struct sign_request){ .user = user,
				      .domain = domain,
				      .client_name = STR("localhost"),
				      .macros = m,
				      .n_macros = 1 };
}
