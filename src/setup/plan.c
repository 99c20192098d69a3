#include "setup/plan.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"

#include <limits.h>
#include <stdio.h>

enum { CHANGES_MAX = 1000, REASONS_MAX = 100, ID_MAX = 999, ID_MIN = 100 };

struct change *plan_add(struct plan *p)
{
	if (p->n_changes == CHANGES_MAX)
		arena_out_of_memory(p->m->arena);
	return &p->change[p->n_changes++];
}

void plan_dir(struct plan *p, const char *path, mode_t mode,
	      struct account owner)
{
	const char *there = site_path(p->m, path);
	struct stat st;

	if (stat(there, &st) == 0)
		return;
	for (size_t i = 0; i < p->n_changes; i++)
		if (strcmp(p->change[i].path, there) == 0)
			return;
	*plan_add(p) = (struct change){ .kind = CHANGE_DIR,
					.path = there,
					.after = { .exists = true,
						   .mode = mode,
						   .uid = owner.uid,
						   .gid = owner.gid } };
}

bool plan_file(struct plan *p, const char *path, str text, struct err *e)
{
	const char *there = site_path(p->m, path);
	struct file_state before;

	if (!file_look(p->m->arena, there, &before, e))
		return false;
	if (before.exists && str_eq(before.bytes, text))
		return true;

	struct change c = { .kind = CHANGE_FILE,
			    .path = there,
			    .before = before,
			    .after = before };

	c.after.exists = true;
	c.after.bytes = text;
	c.after.mtime = (struct timespec){ 0 };
	if (!before.exists)
		c.after.mode = 0644;
	*plan_add(p) = c;
	return true;
}

void plan_reason(struct plan *p, const char *code, const char *what)
{
	if (p->n_reasons < REASONS_MAX)
		p->reason[p->n_reasons++] = (struct reason){ code, what };
}

void plan_offer(struct plan *p, const char *code, const char *what)
{
	if (p->n_offers < REASONS_MAX)
		p->offer[p->n_offers++] = (struct reason){ code, what };
}

/* Another use of the number as a user's or a group's. */
static bool id_is_used(const struct site *m, uint32_t id)
{
	str texts[] = { m->passwd.bytes, m->group.bytes };

	for (size_t i = 0; i < 2; i++) {
		str line, field[3];

		while (str_split(&texts[i], '\n', &line)) {
			char text[16];
			size_t n = 0;
			int len = snprintf(text, sizeof text, "%u", id);

			while (n < 3 && str_split(&line, ':', &field[n]))
				n++;
			if (n == 3 &&
			    str_eq(field[2], (str){ text, (size_t)len }))
				return true;
		}
	}
	return false;
}

static str with_line(struct arena *arena, str text, str line)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES + line.n + 2);

	buf_put(&b, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_putc(&b, '\n');
	buf_put(&b, line);
	return buf_str(&b);
}

/* The user of its own, without password and shell. */
static bool plan_account(struct plan *p, struct err *e)
{
	const struct site *m = p->m;
	struct account group;
	uint32_t id = ID_MAX;
	char line[256];

	p->inkan = m->inkan_user;
	if (p->inkan.exists)
		return true;
	while (id >= ID_MIN && id_is_used(m, id))
		id--;
	if (id < ID_MIN)
		return err_set(e, ERR_CONFIG,
			       _("no system user id is free for user inkan: "
				 "make it (adduser --system --group inkan) "
				 "and try again"));
	p->inkan = (struct account){ true, id, id };
	/* a line of group(5) has its number where passwd(5) has the user's */
	if (account_find(m->group.bytes, STR("inkan"), &group))
		return err_set(e, ERR_CONFIG,
			       _("there is a group inkan but no user inkan: "
				 "make the user (adduser --system --ingroup "
				 "inkan inkan) and try again"));

	size_t first = p->n_changes;
	int n = snprintf(line, sizeof line, "inkan:*:%u:\n", id);

	if (!plan_file(p, "/etc/group",
		       with_line(m->arena, m->group.bytes,
				 (str){ line, (size_t)n }),
		       e))
		return false;
	n = snprintf(line, sizeof line,
		     "inkan:*:%u:%u:inkand, mail authentication:"
		     "/var/lib/inkan:/usr/sbin/nologin\n",
		     id, id);
	if (!plan_file(p, "/etc/passwd",
		       with_line(m->arena, m->passwd.bytes,
				 (str){ line, (size_t)n }),
		       e))
		return false;
	while (first < p->n_changes)
		p->change[first++].lines = true;
	return true;
}

static void plan_dirs(struct plan *p)
{
	const struct site *m = p->m;
	const struct account root = { true, 0, 0 };
	struct account queue = p->inkan;

	queue.gid = m->mail_owner.gid;
	plan_dir(p, SETUP_INKAN_DIR, 0755, root);
	/* the keys in them are 0600 and inkan's; nobody needs a list of them */
	plan_dir(p, SETUP_KEYS_DIR, 0711, root);
	plan_dir(p, path_join(m->arena, m->queue_dir, "inkan"), 0750, queue);
}

bool setup_plan(const struct site *m, const struct plan_wanted *wanted,
		const char *kept, struct plan *out, struct err *e)
{
	struct arena *arena = m->arena;

	*out = (struct plan){
		.m = m,
		.wanted = *wanted,
		.change = arena_array_of(arena, struct change, CHANGES_MAX),
		.reason = arena_array_of(arena, struct reason, REASONS_MAX),
		.offer = arena_array_of(arena, struct reason, REASONS_MAX),
		.pid_file = "/run/inkan/inkand.pid",
	};
	out->take_over = m->opendkim.path && !m->inkan.path;
	out->socket = path_join(arena, m->queue_dir, "inkan/inkan.sock");
	if (!plan_account(out, e))
		return false;
	plan_dirs(out);
	return plan_tables(out, kept, e) && plan_unit(out, e) &&
	       plan_postfix(out, e);
}
