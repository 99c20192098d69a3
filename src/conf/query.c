#include "conf/query.h"

#include "base/cur.h"
#include "conf/dataset.h"

#include <stdlib.h>
#include <unistd.h>

struct query {
	FILE *in, *out, *err;
	const char *program;
	bool prompts;
	char *line;
	size_t room;
};

static bool read_line(struct query *q, const char *prompt, str *out)
{
	ssize_t n;

	if (q->prompts) {
		fputs(prompt, q->out);
		(void)fflush(q->out);
	}
	n = getline(&q->line, &q->room, q->in);
	if (n < 0)
		return false;
	*out = str_trim((str){ q->line, (size_t)n });
	return true;
}

static int wrong(const struct query *q, int status, const char *what, str which)
{
	fprintf(q->err, "%s: %.*s%s%s\n", q->program, STR_ARG(which),
		which.n ? ": " : "", what);
	return status;
}

/* "KEY/N": the number stands behind the last slash. */
static bool split_query(str line, str *key, uint32_t *fields)
{
	size_t slash = str_rfind(line, '/');
	struct cur c = cur_of(str_skip(line, slash + 1));

	*key = str_head(line, slash);
	return slash < line.n && cur_uint(&c, 64, fields) && cur_done(&c);
}

static void answer(struct query *q, const struct table *t, str key,
		   uint32_t fields)
{
	struct table_entry e;
	str rest;

	if (!table_find(t, key, &e)) {
		(void)wrong(q, 0, "record not found", key);
		return;
	}
	rest = e.value;
	for (uint32_t left = fields; left > 0; left--) {
		if (!rest.p) {
			(void)wrong(q, 0, "has fewer values", key);
			return;
		}

		str value = left > 1 ? table_field(&rest, left) : rest;

		fprintf(q->out, "'%.*s'\n", STR_ARG(value));
	}
}

static int ask_all(struct query *q, const struct table *t)
{
	str line, key;
	uint32_t fields;

	while (read_line(q, "query/n> ", &line)) {
		if (!line.n)
			continue;
		if (!split_query(line, &key, &fields))
			return wrong(q, 64, "a query is KEY/NUMBER-OF-VALUES",
				     line);
		answer(q, t, key, fields);
		(void)fflush(q->out);
	}
	return 0;
}

static int open_and_ask(struct query *q, struct arena *arena)
{
	struct dataset_options options = { .fold = false };
	struct problems problems;
	const struct table *t;
	str line;

	problems_init(&problems, arena);

	struct conf *c = conf_new(arena, &problems);

	if (!read_line(q, "data set> ", &line))
		return wrong(q, 64, "no data set was named", STR(""));
	t = dataset_open(c, STR("data set"), arena_str(arena, line), &options);
	if (!t)
		return wrong(q, 70,
			     problems.first ? problems.first->text.p
					    : "no data set was named",
			     line);
	return ask_all(q, t);
}

int query_run(FILE *in, FILE *out, FILE *err, const char *program)
{
	struct query q = { .in = in,
			   .out = out,
			   .err = err,
			   .program = program };
	struct arena *arena = arena_new(4096);
	int status;

	if (!arena)
		return 71;
	q.prompts = isatty(fileno(in)) == 1;
	status = open_and_ask(&q, arena);
	free(q.line);
	arena_free(arena);
	return status;
}
