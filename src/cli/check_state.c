#include "cli/check_state.h"

#include "base/limits.h"
#include "base/tr.h"
#include "cli/out.h"
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STATE_MAX = 4 << 20 };

/* In front of "DOMAIN ID DIGEST". */
#define POLICY "policy "

/* "CODE SUBJECT", printable and in one line. */
static str name_of(struct arena *arena, const struct finding *x)
{
	struct buf b = buf_of(arena, 65536);

	buf_printf(&b, "%s ", finding_kinds[x->code].code);
	buf_put(&b, out_text(arena, x->subject));
	return buf_str(&b);
}

static bool is_bad(enum finding_status s)
{
	return s != FINDING_OK && s != FINDING_SKIP;
}

static enum finding_status status_of(str word)
{
	for (unsigned s = 0; s < FINDING_STATUSES; s++)
		if (str_eq(word, str_of(finding_status_word(s))))
			return s;
	return FINDING_OK;
}

/* "" when there is no such file. */
static bool read_text(struct arena *arena, const char *path, str *text,
		      struct err *e)
{
	*text = STR("");
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return true;
	return file_read(arena, path, STATE_MAX, text, e);
}

/* The worst status of each name in a file. */
static bool read_state(struct arena *arena, const char *path, struct map *old,
		       struct err *e)
{
	str text, line;

	if (!read_text(arena, path, &text, e))
		return false;
	while (str_split(&text, '\n', &line)) {
		size_t blank = str_find(line, ' ');
		enum finding_status *s;

		if (blank == line.n || str_starts(line, STR(POLICY)))
			continue;
		s = arena_new_of(arena, enum finding_status);
		*s = status_of(str_head(line, blank));
		*map_put(old, str_skip(line, blank + 1)) = s;
	}
	return true;
}

/* Of several findings of one name the worst counts (a warning is worse than a
 * note, a failure worse than that). */
static void collect(struct arena *arena, const struct changes *c,
		    const struct findings *f, const struct map *old,
		    struct map *now)
{
	for (const struct finding *x = f->first; x; x = x->next) {
		str name = name_of(arena, x);
		enum finding_status *was = map_find(old, name);
		enum finding_status status = x->status;
		void **slot = map_put(now, name);
		enum finding_status *s = *slot;

		if (status == FINDING_SKIP || !c->wanted(c->arg, x))
			status = was ? *was : FINDING_OK;
		if (!s) {
			*slot = s = arena_new_of(arena, enum finding_status);
			*s = status;
		} else if (status > *s) {
			*s = status;
		}
	}
}

static void keep_news(struct arena *arena, const struct changes *c,
		      struct findings *f, const struct map *old,
		      const struct map *now)
{
	struct finding **at = &f->first;

	while (*at) {
		struct finding *x = *at;
		str name = name_of(arena, x);
		const enum finding_status *was = map_find(old, name),
					  *is = map_find(now, name);
		bool news = c->wanted(c->arg, x) && x->status == *is &&
			    x->status != (was ? *was : FINDING_OK);

		if (news && x->status != FINDING_SKIP) {
			at = &x->next;
			continue;
		}
		f->count[x->status]--;
		*at = x->next;
	}
	f->end = at;
}

static void put_lines(struct buf *text, const struct map *now,
		      const struct map *policies)
{
	const enum finding_status *s;
	size_t i = 0;
	void *value;
	str name;

	while (map_next(now, &i, &name, &value)) {
		s = value;
		if (is_bad(*s))
			buf_printf(text, "%s %.*s\n", finding_status_word(*s),
				   STR_ARG(name));
	}
	i = 0;
	while (map_next(policies, &i, &name, &value))
		buf_printf(text, POLICY "%.*s %.*s\n", STR_ARG(name),
			   STR_ARG(*(const str *)value));
}

static bool write_state(struct arena *arena, const char *path,
			const struct map *now, const struct map *policies,
			struct err *e)
{
	struct buf tmp = buf_of(arena, 4200), text = buf_of(arena, STATE_MAX);

	put_lines(&text, now, policies);
	buf_printf(&tmp, "%s.new", path);

	const char *tmp_path = arena_cstr(arena, buf_str(&tmp));
	int fd = open(tmp_path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0600);
	bool ok = fd >= 0 &&
		  write(fd, buf_str(&text).p, text.n) == (ssize_t)text.n;

	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (ok && rename(tmp_path, path) == 0)
		return true;
	return err_sys(e, _("cannot keep what was seen in %s"), path);
}

bool policies_read(struct arena *arena, const char *path, struct map *policies,
		   struct err *e)
{
	str text, line;

	if (!read_text(arena, path, &text, e))
		return false;
	while (str_split(&text, '\n', &line))
		if (str_starts(line, STR(POLICY))) {
			str rest = str_skip(line, STR(POLICY).n);
			str domain = str_head(rest, str_find(rest, ' '));
			str *value = arena_new_of(arena, str);

			*value = str_skip(rest, domain.n + 1);
			*map_put(policies, domain) = value;
		}
	return true;
}

bool changes_only(struct arena *arena, const struct changes *c,
		  struct findings *f, struct err *e)
{
	struct map_seed seed = c->policies->seed;
	struct map old = map_of(arena, seed, false),
		   now = map_of(arena, seed, false);

	if (!read_state(arena, c->path, &old, e))
		return false;
	collect(arena, c, f, &old, &now);
	keep_news(arena, c, f, &old, &now);
	return write_state(arena, c->path, &now, c->policies, e);
}
