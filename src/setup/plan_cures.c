/* plan_cures: faults of Postfix and Dovecot that make mail fail or leave
 * unsigned, as inkan check names them, each with what puts it right. */
#include "base/buf.h"
#include "base/tr.h"
#include "setup/plan_edit.h"

#define MAILNAME "/etc/mailname"

static bool signs_for(const struct plan *p, str domain)
{
	return str_ieq(domain, p->wanted.domain);
}

/* postfix.myorigin.file, opendkim.signing_table.myorigin */
static bool mend_origin(struct edit *m, struct err *e)
{
	struct plan *p = m->p;
	struct arena *arena = p->m->arena;
	str origin = edit_get(m, "myorigin");
	struct buf b = buf_of(arena, 512);
	struct file_state f = { .exists = false };
	const char *why = _("mail of root and cron leaves as root@ your "
			    "domain and is signed");
	bool is_file = origin.n && origin.p[0] == '/';

	/* root@DOMAIN must have somebody here who reads it */
	if (!p->wanted.server &&
	    !edit_has(str_of(site_postfix(p->m, "mydestination")),
		      p->wanted.domain))
		return true;
	if (is_file) {
		const char *path = arena_cstr(arena, origin);

		if (!file_look(arena, site_path(p->m, path), &f, e))
			return false;
		origin = str_trim(str_head(f.bytes, str_find(f.bytes, '\n')));
		if (signs_for(p, origin) && f.exists)
			return true;
		buf_printf(&b, "%.*s\n", STR_ARG(p->wanted.domain));
		plan_reason(p, "mailname", why);
		return plan_file(p, path, buf_str(&b), e);
	}
	if (signs_for(p, origin))
		return true;
	plan_reason(p, "mailname", why);
	edit_set(m, "myorigin", p->wanted.domain);
	return true;
}

/* "hash:/etc/aliases" to its parts. */
static bool is_hash(str element, str *type, str *path)
{
	size_t colon = str_find(element, ':');

	*type = str_head(element, colon);
	*path = str_skip(element, colon + 1);
	return (str_eq(*type, STR("hash")) || str_eq(*type, STR("btree"))) &&
	       path->n && path->p[0] == '/';
}

static bool has_alias(str text, const char *name)
{
	str line;

	while (str_split(&text, '\n', &line))
		if (str_ieq(str_trim(str_head(line, str_find(line, ':'))),
			    str_of(name)) &&
		    str_find(line, ':') < line.n)
			return true;
	return false;
}

/* Who reads what is written to a domain by custom (RFC 2142), and reports. */
static str with_aliases(const struct plan *p, str text)
{
	static const char *const names[] = { "postmaster", "abuse", "dmarc" };
	struct buf b = buf_of(p->m->arena, EDIT_TEXT_MAX);

	buf_put(&b, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_putc(&b, '\n');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!has_alias(text, names[i]))
			buf_printf(&b, "%s: root\n", names[i]);
	if (p->wanted.admin && !has_alias(text, "root"))
		buf_printf(&b, "root: %s\n", p->wanted.admin);
	return buf_str(&b);
}

/* postfix.map.database: the file and what Postfix reads in its place. */
static bool mend_aliases(struct plan *p, str element, struct err *e)
{
	struct arena *arena = p->m->arena;
	struct file_state text, database;
	struct buf from = buf_of(arena, 4096), to = buf_of(arena, 4096);
	str type, path;
	bool changed;

	if (!is_hash(element, &type, &path))
		return true;
	buf_printf(&to, "%.*s.db", STR_ARG(path));

	const char *there = site_path(p->m, arena_cstr(arena, path));
	const char *db = site_path(p->m, arena_cstr(arena, buf_str(&to)));

	if (!file_look(arena, there, &text, e) ||
	    !file_look(arena, db, &database, e))
		return false;

	str wanted = p->wanted.server || !text.exists
			     ? with_aliases(p, text.bytes)
			     : text.bytes;

	changed = !str_eq(wanted, text.bytes);
	if (database.exists && !changed)
		return true;
	plan_reason(p, "aliases",
		    changed ? _("mail to postmaster, abuse and dmarc reaches "
				"somebody (/etc/aliases)")
			    : _("Postfix looks up aliases in a database that "
				"was not there: mail to local users was "
				"answered with 451"));
	if (!plan_file(p, arena_cstr(arena, path), wanted, e))
		return false;
	buf_printf(&from, "%.*s:%s", STR_ARG(type), there);
	*plan_add(p) = (struct change){
		.kind = CHANGE_DATABASE,
		.path = db,
		.from = arena_cstr(arena, buf_str(&from)),
		.before = database,
		.after = { .exists = true, .mode = 0644, .uid = 0, .gid = 0 },
	};
	return true;
}

static bool mend_databases(struct plan *p, struct err *e)
{
	str rest = str_of(site_postfix(p->m, "alias_database")), element;

	while (postfix_list_next(&rest, &element))
		if (!mend_aliases(p, element, e))
			return false;
	return true;
}

/* "@SECLEVEL=2", "!RC4": words that name no cipher. */
static bool names_a_cipher(str list)
{
	str word, rest = list;

	while (str_split(&rest, ':', &word)) {
		word = str_trim(word);
		if (word.n && !strchr("@!-+", word.p[0]))
			return true;
	}
	return false;
}

/* postfix.tls.cipherlist */
static void mend_ciphers(struct edit *m)
{
	static const char *const lists[] = { "tls_high_cipherlist",
					     "tls_medium_cipherlist",
					     "tls_low_cipherlist" };
	struct plan *p = m->p;
	bool any = false;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		str value = mainfile_get(p->m->arena, p->m->main_cf.bytes,
					 str_of(lists[i]));

		if (!value.p || value.n == 0 || names_a_cipher(value))
			continue;
		m->off[m->n_off++] = str_of(lists[i]);
		any = true;
	}
	if (any)
		plan_reason(p, "ciphers",
			    _("a cipher list without a cipher is taken out: "
			      "with its grade every STARTTLS would fail"));
}

/* dovecot.mail_location: Dovecot reads where Postfix delivers. */
static void mend_maildir(struct edit *m)
{
	struct plan *p = m->p;
	str box = edit_get(m, "home_mailbox");
	const char *location = p->m->mail_location;

	if (p->wanted.server || !p->m->dovecot_includes || !location ||
	    !*location || !box.n || box.p[box.n - 1] != '/' ||
	    *site_postfix(p->m, "mailbox_command") ||
	    *site_postfix(p->m, "mailbox_transport"))
		return;
	box.n--;
	if (strncmp(location, "maildir:", 8) == 0 &&
	    strstr(location, arena_cstr(p->m->arena, box)))
		return;
	buf_printf(&m->dovecot, "# Postfix delivers there (home_mailbox).\n");
	if (p->m->dovecot_24)
		buf_printf(&m->dovecot,
			   "mail_driver = maildir\nmail_path = ~/%.*s\n"
			   "mail_inbox_path = ~/%.*s\n",
			   STR_ARG(box), STR_ARG(box));
	else
		buf_printf(&m->dovecot, "mail_location = maildir:~/%.*s\n",
			   STR_ARG(box));
	plan_reason(p, "maildir",
		    _("Dovecot reads the Maildir that Postfix delivers to: it "
		      "looked elsewhere, and nobody saw what arrived"));
}

bool plan_cures(struct edit *m, struct err *e)
{
	if (!m->p->wanted.mend && !m->p->wanted.server)
		return true;
	mend_ciphers(m);
	mend_maildir(m);
	return mend_origin(m, e) && mend_databases(m->p, e);
}
