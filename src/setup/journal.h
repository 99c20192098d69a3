/* journal: what setup is about to change, on disk before the first change: the
 * old bytes and the new ones of every file, mode and owner, and which services
 * there were.  After an interruption at any place the same run goes on from it,
 * or is taken back.
 *
 * It lies in a directory that only root can write to: what is restored from it
 * must not be what the filter's user has put there. */
#ifndef SETUP_JOURNAL_H
#define SETUP_JOURNAL_H

#include "setup/plan.h"

#define SETUP_STATE_DIR "/var/lib/inkan-setup"
#define SETUP_KEPT_KEYS SETUP_STATE_DIR "/keys"

struct journal {
	struct arena *arena;
	const char *dir; /* as this process opens it */
	int lock; /* -1: none */
};

/* One --apply: what it changes, and what it needs to know to do or undo it. */
struct setup_run {
	struct arena *arena;
	const char *dir;
	unsigned number;
	struct change *change;
	size_t n_changes;
	bool applied, undoing;

	const char *root, *domain, *postfix_dir, *socket, *pid_file, *inkand;
	bool systemd, take_over, stop_opendkim;
	bool server, dovecot; /* Postfix starts anew; Dovecot's files change */
	bool postfix_ran, dovecot_ran;
	const char *opendkim_socket, *opendkim_pid_file; /* "" when unknown */
};

/* Makes the directory when `make`, and keeps others out until it is closed.
 * Without `make` and without a directory: true, and dir is NULL. */
bool journal_open(struct arena *arena, const char *root, bool make,
		  struct journal *out, struct err *e);
void journal_close(struct journal *j);

/* Everything of the plan onto the disk, synced.  Nothing else was touched when
 * it fails. */
bool journal_stage(struct journal *j, const struct plan *p,
		   struct setup_run *out, struct err *e);

/* The newest run; out->dir is NULL when there is none. */
bool journal_last(struct journal *j, struct setup_run *out, struct err *e);

bool setup_run_mark(struct setup_run *r, const char *what, struct err *e);
/* The run is forgotten. */
bool setup_run_end(struct setup_run *r, struct err *e);

#endif
