#include "doctor/machine.h"

#include "base/cur.h"
#include "base/limits.h"

#include <sys/random.h>

const char *machine_cstr(const struct machine *m, str s)
{
	return arena_cstr(m->arena, s);
}

str machine_number(const struct machine *m, unsigned n)
{
	struct buf b = buf_of(m->arena, 16);

	buf_printf(&b, "%u", n);
	return buf_str(&b);
}

static bool read_file(struct machine *m, const char *path, str *out)
{
	struct err e;

	*out = (str){ NULL, 0 };
	return tree_read(&m->tree, m->arena, path, LIMIT_MACHINE_FILE, out, &e);
}

/* A tree may hold only what was added to master.cf: the rest is then as Debian
 * ships it. */
static void add_port_25(struct machine *m)
{
	struct mastercf_service *s;

	for (s = m->postfix.master.first; s; s = s->next)
		if (postfix_port(s) == 25 || m->tree.live)
			return;
	s = arena_new_of(m->arena, struct mastercf_service);
	*s = (struct mastercf_service){ .next = m->postfix.master.first,
					.name = STR("smtp"),
					.type = STR("inet"),
					.chroot = 'y',
					.command = STR("smtpd") };
	m->postfix.master.first = s;
}

static void read_postfix(struct machine *m)
{
	str main, master, hostname;

	m->postfix.there = read_file(m, "/etc/postfix/main.cf", &main);
	m->postfix.whole = read_file(m, "/etc/postfix/master.cf", &master) &&
			   m->postfix.there;
	if (!m->postfix.there)
		return;
	maincf_parse(m->arena, main, m->seed, &m->postfix.main);
	mastercf_parse(m->arena, master, &m->postfix.master);
	add_port_25(m);
	(void)read_file(m, "/etc/hostname", &hostname);
	m->postfix.hostname = str_trim(hostname);
}

struct reading {
	struct machine *m;
	str dir; /* of the file that is read */
	unsigned files;
};

static void read_dovecot_file(struct reading *r, const char *path);

/* Recursion: at most LIMIT_DOVECOT_FILES files in all. */
/* NOLINTBEGIN(misc-no-recursion) */

/* Dovecot takes a name without "/" at its front from the file's folder. */
static void include(void *arg, str pattern)
{
	struct reading *r = arg;
	const char *paths[LIMIT_DOVECOT_FILES];
	struct buf b = buf_of(r->m->arena, 4096);
	size_t n;

	if (!str_starts(pattern, STR("/")))
		buf_put(&b, r->dir);
	buf_put(&b, pattern);
	n = tree_glob(&r->m->tree, r->m->arena, machine_cstr(r->m, buf_str(&b)),
		      paths, LIMIT_DOVECOT_FILES);
	for (size_t i = 0; i < n; i++)
		read_dovecot_file(r, paths[i]);
}

static void read_dovecot_file(struct reading *r, const char *path)
{
	str text, file = str_of(path), outer = r->dir;

	if (r->files >= LIMIT_DOVECOT_FILES || !read_file(r->m, path, &text))
		return;
	r->files++;
	r->m->has_dovecot = true;
	r->dir = str_head(file, str_rfind(file, '/') + 1);
	dovecot_parse(&r->m->dovecot, text, file, include, r);
	r->dir = outer;
}

/* NOLINTEND(misc-no-recursion) */

static void read_dovecot(struct machine *m)
{
	struct reading r = { .m = m };

	dovecot_init(&m->dovecot, m->arena);
	read_dovecot_file(&r, "/etc/dovecot/dovecot.conf");
	/* a tree may hold conf.d alone */
	if (!m->has_dovecot) {
		r.dir = STR("/etc/dovecot/");
		include(&r, STR("conf.d/*.conf"));
	}
}

bool machine_read(struct machine *m, struct arena *arena, const char *root,
		  const char *config, int64_t now, struct err *e)
{
	*m = (struct machine){ .arena = arena, .now = now };
	if (!tree_open(&m->tree, root, e))
		return false;
	if (getrandom(&m->seed, sizeof m->seed, 0) != sizeof m->seed)
		return err_set(e, ERR_SYSTEM,
			       "the system gives no random numbers");
	read_postfix(m);
	read_dovecot(m);
	(void)read_file(m, "/etc/passwd", &m->passwd);
	(void)read_file(m, "/etc/group", &m->group);
	signer_read(m, config);
	return true;
}

/* The line of NAME:... in /etc/passwd or /etc/group, behind the name. */
static bool account(str text, str name, str *rest)
{
	str line;

	while (text.p && str_split(&text, '\n', &line))
		if (str_starts(line, name) && line.n > name.n &&
		    line.p[name.n] == ':') {
			*rest = str_skip(line, name.n + 1);
			return true;
		}
	return false;
}

static bool number(str *rest, unsigned *out)
{
	str field;
	struct cur c;
	uint32_t n;

	if (!str_split(rest, ':', &field))
		return false;
	c = cur_of(field);
	if (!cur_uint(&c, UINT32_MAX, &n) || !cur_done(&c))
		return false;
	*out = n;
	return true;
}

bool machine_user(const struct machine *m, str name, struct machine_user *out)
{
	str rest, password;

	return account(m->passwd, name, &rest) &&
	       str_split(&rest, ':', &password) && number(&rest, &out->uid) &&
	       number(&rest, &out->gid);
}

bool machine_group(const struct machine *m, str name, unsigned *gid)
{
	str rest, password;

	return account(m->group, name, &rest) &&
	       str_split(&rest, ':', &password) && number(&rest, gid);
}

bool machine_in_group(const struct machine *m, str user, unsigned gid)
{
	struct machine_user u;
	str text = m->group, line;

	if (machine_user(m, user, &u) && u.gid == gid)
		return true;
	while (text.p && str_split(&text, '\n', &line)) {
		str name, password, member;
		unsigned id;

		if (!str_split(&line, ':', &name) ||
		    !str_split(&line, ':', &password) || !number(&line, &id) ||
		    id != gid)
			continue;
		while (line.p && str_split(&line, ',', &member))
			if (str_eq(str_trim(member), user))
				return true;
	}
	return false;
}
