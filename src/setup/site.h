/* site: what setup finds: Postfix as postconf(1) sees it and as its files
 * are, an OpenDKIM or inkan configuration with keys, users, services.  Nothing
 * is changed here. */
#ifndef SETUP_SITE_H
#define SETUP_SITE_H

#include "base/map.h"
#include "setup/files.h"

struct signing_key { /* a line of a KeyTable, or KeyFile and Selector */
	str domain, selector;
	str path; /* a piece of the KeyTable's text; absent: the key itself */
};

/* A configuration that signs already. */
struct signing_source {
	const char *path; /* of the configuration, without root; NULL: none */
	str conf;
	str key_table, signing_table; /* their texts; empty: none */
	bool patterns; /* refile: */
	str hosts; /* lines of InternalHosts */
	const struct signing_key *keys;
	size_t n_keys;
	str socket; /* as the configuration has it */
	const char *pid_file; /* or NULL */
};

struct account {
	bool exists;
	uid_t uid;
	gid_t gid;
};

struct site {
	struct arena *arena;
	const char *root; /* "" or the directory that stands for "/" */

	const char *postfix_dir; /* "/etc/postfix" */
	const char *main_path, *master_path; /* links resolved */
	struct file_state main_cf, master_cf;
	struct map settings; /* every parameter, expanded: const char * */
	const char *queue_dir;
	struct account mail_owner;
	const char *mail_group;
	bool submission; /* a service on 587 or 465 */
	const char *dovecot; /* its version, or NULL */
	bool dovecot_files, dovecot_includes; /* "conf.d" files */
	bool dovecot_24; /* files in the language of Dovecot 2.4 */
	/* Dovecot's as 2.3 writes it, "maildir:~/Maildir", or NULL */
	const char *mail_location;

	struct file_state inkan_conf;
	struct signing_source inkan, opendkim;
	struct account inkan_user;
	struct file_state passwd, group;

	/* the running system; all false below another root */
	bool systemd, packaged_unit, postfix_runs, dovecot_runs;
	const char *inkand; /* the program, or NULL */
	bool opendkim_runs;
};

/* Appended to main.cf while the test mail is under way. */
#define SETUP_TEST_MARK "\n# inkan setup: for the test mail, a moment only\n"

#define SETUP_INKAN_DIR "/etc/inkan"
#define SETUP_INKAN_CONF SETUP_INKAN_DIR "/inkan.conf"
#define SETUP_OPENDKIM_CONF "/etc/opendkim.conf"

/* postfix_dir NULL: where Postfix says, or /etc/postfix.  False: there is no
 * Postfix, or it cannot be understood. */
bool site_look(struct arena *arena, const char *root, const char *postfix_dir,
	       struct site *out, struct err *e);

/* A parameter of main.cf, expanded; "" when Postfix has no such. */
const char *site_postfix(const struct site *m, const char *name);

/* Path of the machine as this process opens it. */
const char *site_path(const struct site *m, const char *path);

/* The process of a pid file, when it is that program; else 0. */
long site_pid(struct arena *arena, const char *pid_file, const char *program);

/* The entry of a passwd(5) text. */
bool account_find(str passwd, str name, struct account *out);

#endif
