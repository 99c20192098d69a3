#include "cli/setup_print.h"

#include "base/buf.h"
#include "base/limits.h"
#include "setup/diff.h"

enum { CONTEXT = 3, DIFF_MAX = 2 * LIMIT_CONFIG_BYTES };

static str diff_of(struct cli *cli, const struct change *c)
{
	struct buf b = buf_of(cli->arena, DIFF_MAX);

	diff_write(cli->arena, &b, c->path, c->before.bytes, c->after.bytes,
		   c->lines ? 0 : CONTEXT);
	return buf_str(&b);
}

static void heading(const char *text)
{
	printf("\n%s%s%s\n", out_begin(OUT_STRONG), text, out_end());
}

/* Lines of a diff, each made safe for a terminal. */
static void print_diff(struct cli *cli, str text)
{
	str line;

	while (text.n && str_split(&text, '\n', &line)) {
		enum out_style style = line.n && line.p[0] == '+'   ? OUT_GOOD
				       : line.n && line.p[0] == '-' ? OUT_BAD
								    : OUT_PLAIN;

		printf("%s%.*s%s\n", out_begin(style),
		       STR_ARG(out_text(cli->arena, line)), out_end());
	}
}

static void print_here(const struct setup_shown *s)
{
	const struct site *m = s->plan->m;

	heading(_("What is here"));
	printf(_("  Postfix %s in %s%s\n"), site_postfix(m, "mail_version"),
	       site_path(m, m->postfix_dir),
	       m->submission ? ""
			     : _(", without a submission service (587, 465)"));
	if (m->dovecot)
		printf("  Dovecot %s\n", m->dovecot);
	if (m->inkan.path)
		printf(_("  inkan, signing by %s with %zu keys\n"),
		       m->inkan.path, m->inkan.n_keys);
	if (m->opendkim.path)
		printf(_("  OpenDKIM, signing by %s with %zu keys\n"),
		       m->opendkim.path, m->opendkim.n_keys);
}

static void print_change(const struct change *c)
{
	switch (c->kind) {
	case CHANGE_DIR:
		printf(_("  make the directory %s\n"), c->path);
		break;
	case CHANGE_FILE:
		printf(c->before.exists ? _("  change %s\n") : _("  make %s\n"),
		       c->path);
		break;
	case CHANGE_KEY:
		if (c->from)
			printf(_("  take over the key %s as %s\n"), c->from,
			       c->path);
		else
			printf(_("  make the key %s (%s)\n"), c->path,
			       c->type == KEY_RSA ? "RSA-2048" : "Ed25519");
		break;
	case CHANGE_CERT:
		printf(_("  make a key and a self-signed certificate %s\n"),
		       c->path);
		break;
	case CHANGE_DATABASE:
		printf(_("  make the database %s (postalias)\n"), c->path);
		break;
	}
}

static void print_services(const struct plan *p)
{
	if (*p->m->root) {
		printf(_("  start and stop nothing: %s is not the running "
			 "system\n"),
		       p->m->root);
		return;
	}
	printf(_("  start inkand, wait until it answers, reload Postfix\n"
		 "  send a test mail through Postfix to this program and judge "
		 "it\n"));
	if (p->take_over)
		printf(_("  stop OpenDKIM, when all of this has worked\n"));
}

static void print_changes(const struct plan *p)
{
	for (int postfix = 0; postfix < 2; postfix++)
		for (size_t i = 0; i < p->n_changes; i++)
			if (p->change[i].postfix == (bool)postfix)
				print_change(&p->change[i]);
}

static void print_reasons(const char *title, const struct reason *reason,
			  size_t n)
{
	if (!n)
		return;
	heading(title);
	for (size_t i = 0; i < n; i++)
		printf("  - %s\n", reason[i].what);
}

static bool waits_for_keys(const struct plan *p)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if (p->key[i].is_new)
			return true;
	return false;
}

static void print_records(struct cli *cli, const struct setup_shown *s)
{
	heading(_("DNS records"));
	if (!s->records)
		printf(_("  This machine has no public address of its own: "
			 "say which address your mail leaves from (--ip ADDR) "
			 "to see them.\n"));
	else
		records_print(cli->arena, s->records, RECORDS_TABLE);
	if (!s->applied && waits_for_keys(s->plan))
		printf(_("The DKIM records are missing here: their keys are "
			 "made by --apply, which prints them.\n"));
}

static void print_files(struct cli *cli, const struct plan *p)
{
	heading(_("Files"));
	for (size_t i = 0; i < p->n_changes; i++)
		if (p->change[i].kind == CHANGE_FILE)
			print_diff(cli, diff_of(cli, &p->change[i]));
}

void setup_print(struct cli *cli, const struct setup_shown *s)
{
	const struct plan *p = s->plan;

	if (s->applied) {
		if (*p->m->root)
			printf(_("The files below %s are set up for %.*s.\n"),
			       p->m->root, STR_ARG(p->wanted.domain));
		else
			printf(_("Mail of %.*s is signed now.\n"),
			       STR_ARG(p->wanted.domain));
		if (s->test)
			printf("%s\n", s->test);
		print_reasons(_("Left to you"), p->offer, p->n_offers);
		print_records(cli, s);
		return;
	}
	printf(_("Setup of %.*s on %s: the plan. Nothing has been changed.\n"),
	       STR_ARG(p->wanted.domain), s->host);
	print_here(s);
	heading(_("What will be done"));
	if (!p->n_changes) {
		printf(_("  nothing: everything is as it should be\n"));
	} else {
		print_changes(p);
		print_services(p);
		print_reasons(_("Why"), p->reason, p->n_reasons);
		print_files(cli, p);
	}
	print_reasons(_("Left to you"), p->offer, p->n_offers);
	print_records(cli, s);
	if (p->n_changes)
		printf(_("\nTo do this: the same command with --apply. "
			 "\"inkan setup --undo\" takes it back.\n"));
}

void setup_print_install(struct cli *cli, str domain, const char *host,
			 const char *packages)
{
	if (cli->json) {
		out_json(json_pack("{s:o, s:s, s:b, s:s}", "domain",
				   json_of(domain), "host", host, "applied", 0,
				   "packages", packages));
		return;
	}
	printf(_("Setup of %.*s on %s: the plan. Nothing has been changed.\n"),
	       STR_ARG(domain), host);
	heading(_("What is here"));
	printf(_("  no mail server: these packages are missing: %s\n"),
	       packages);
	heading(_("What will be done"));
	printf(_("  apt-get install %s\n"), packages);
	printf(_("  configure them: submission on 587 and 465 with passwords "
		 "over TLS, IMAP,\n  Maildir for every user, aliases for "
		 "postmaster, abuse and dmarc, no open relay,\n  users send "
		 "as themselves only\n"));
	printf(_("  make keys, start inkand, sign what leaves and judge what "
		 "arrives\n  send a test mail through Postfix to this program "
		 "and judge it\n"));
	printf(_("\nTo do this: the same command with --apply. On a terminal "
		 "it shows the diff of every file\nonce the packages are "
		 "there, and asks. \"inkan setup --undo\" takes it back; the "
		 "packages stay.\n"));
}

static const char *const kind_words[] = { [CHANGE_DIR] = "directory",
					  [CHANGE_FILE] = "file",
					  [CHANGE_KEY] = "key",
					  [CHANGE_CERT] = "certificate",
					  [CHANGE_DATABASE] = "database" };

static json_t *changes_json(struct cli *cli, const struct plan *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->change[i];

		json_array_append_new(
			all, json_pack("{s:s, s:o, s:b, s:o, s:o}", "kind",
				       kind_words[c->kind], "path",
				       json_words(c->path), "new",
				       (int)!c->before.exists, "from",
				       json_words(c->from), "diff",
				       c->kind == CHANGE_FILE
					       ? json_lines(diff_of(cli, c))
					       : json_null()));
	}
	return all;
}

static json_t *reasons_json(const struct reason *reason, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s, s:s}", "code",
						     reason[i].code, "what",
						     reason[i].what));
	return all;
}

static json_t *keys_json(const struct plan *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_keys; i++)
		json_array_append_new(
			all, json_pack("{s:o, s:o, s:b}", "selector",
				       json_of(p->key[i].selector), "path",
				       json_words(p->key[i].path), "new",
				       (int)p->key[i].is_new));
	return all;
}

static json_t *records_json(const struct records *r)
{
	json_t *all = json_array();

	for (size_t i = 0; r && i < r->n; i++)
		json_array_append_new(
			all, json_pack("{s:o, s:s, s:o}", "name",
				       json_of(r->record[i].name), "type",
				       r->record[i].type, "value",
				       json_of(r->record[i].value)));
	return all;
}

void setup_print_json(struct cli *cli, const struct setup_shown *s)
{
	const struct plan *p = s->plan;

	out_json(json_pack(
		"{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "domain",
		json_of(p->wanted.domain), "host", s->host, "applied",
		(int)s->applied, "changes", changes_json(cli, p), "reasons",
		reasons_json(p->reason, p->n_reasons), "offers",
		reasons_json(p->offer, p->n_offers), "keys", keys_json(p),
		"records", records_json(s->records), "test",
		s->test ? json_lines(str_of(s->test)) : json_null()));
}
