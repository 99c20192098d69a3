#include "setup/queue.h"

#include "base/buf.h"
#include "setup/run.h"

#include <jansson.h>

enum { IDS_MAX = 65536 };

static const char *member(const json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? text : "";
}

/* One line of JSON for each mail (postqueue(1)).  False: it does not say, or not
 * all: then *lines is what it said. */
static bool list(const struct setup_run *r, str *lines)
{
	const char *const argv[] = { "postqueue", "-c", r->postfix_dir, "-j",
				     NULL };
	struct run_result out;
	struct err ignored;

	*lines = STR("");
	if (!run_program(r->arena, argv, STR(""), RUN_SECONDS, &out, &ignored))
		return false;
	*lines = out.out;
	return out.status == 0 && !out.cut;
}

/* The recipient whose address ends in these octets, or NULL. */
static const json_t *recipient(const json_t *mail, const char *end)
{
	const json_t *all = json_object_get(mail, "recipients");

	for (size_t i = 0; i < json_array_size(all); i++)
		if (str_iends(str_of(member(json_array_get(all, i), "address")),
			      str_of(end)))
			return json_array_get(all, i);
	return NULL;
}

static enum queue_place place_of(const char *name)
{
	if (strcmp(name, "deferred") == 0)
		return QUEUE_DEFERRED;
	return strcmp(name, "hold") == 0 ? QUEUE_HOLD : QUEUE_MOVING;
}

struct queue_mail queue_find(const struct setup_run *r, const char *to)
{
	struct queue_mail m = { QUEUE_UNKNOWN, "", "" };
	str lines, line;

	if (!list(r, &lines))
		return m;
	m.place = QUEUE_NONE;
	while (m.place == QUEUE_NONE && lines.n &&
	       str_split(&lines, '\n', &line)) {
		json_t *j = json_loadb(line.p, line.n, 0, NULL);
		const json_t *row = recipient(j, to);

		if (row) {
			m.place = place_of(member(j, "queue_name"));
			m.id = arena_cstr(r->arena,
					  str_of(member(j, "queue_id")));
			m.reason = arena_cstr(
				r->arena, str_of(member(row, "delay_reason")));
		}
		json_decref(j);
	}
	return m;
}

void queue_hurry(const struct setup_run *r, const struct queue_mail *m)
{
	const char *const requeue[] = { "postqueue", "-c",  r->postfix_dir,
					"-i",        m->id, NULL };
	const char *const qmgr[] = { "postkick", "-c",   r->postfix_dir,
				     "public",   "qmgr", "I",
				     NULL };
	const char *const pickup[] = { "postkick", "-c",     r->postfix_dir,
				       "public",   "pickup", "W",
				       NULL };
	struct run_result out;
	struct err ignored;

	if (m->place == QUEUE_DEFERRED) {
		(void)run_program(r->arena, requeue, STR(""), RUN_SECONDS, &out,
				  &ignored);
		return;
	}
	(void)run_program(r->arena, pickup, STR(""), RUN_SECONDS, &out,
			  &ignored);
	(void)run_program(r->arena, qmgr, STR(""), RUN_SECONDS, &out, &ignored);
}

void queue_clean(const struct setup_run *r, const char *at_domain)
{
	const char *const del[] = { "postsuper", "-c", r->postfix_dir,
				    "-d",        "-",  NULL };
	struct buf ids = buf_of(r->arena, IDS_MAX);
	struct run_result out;
	struct err ignored;
	str lines, line;

	(void)list(r, &lines);
	while (lines.n && str_split(&lines, '\n', &line)) {
		json_t *j = json_loadb(line.p, line.n, 0, NULL);

		if (recipient(j, at_domain))
			buf_printf(&ids, "%s\n", member(j, "queue_id"));
		json_decref(j);
	}
	if (ids.n)
		(void)run_program(r->arena, del, buf_str(&ids), RUN_SECONDS,
				  &out, &ignored);
}
