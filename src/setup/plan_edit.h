/* plan_edit: what the parts of a plan want of main.cf, master.cf and Dovecot:
 * collected first, written once. */
#ifndef SETUP_PLAN_EDIT_H
#define SETUP_PLAN_EDIT_H

#include "setup/plan.h"
#include "setup/postfix_file.h"

enum { EDIT_MAX = 64, EDIT_TEXT_MAX = 1 << 20 };

struct edit {
	struct plan *p;
	struct mainfile_setting set[EDIT_MAX];
	size_t n;
	str off[EDIT_MAX]; /* settings that become comments */
	size_t n_off;
	str master; /* master.cf, as it will be */
	struct buf
		dovecot; /* what a file of ours in conf.d says; empty: none */
};

void edit_set(struct edit *m, const char *name, str value);
/* A setting as it will be, expanded unless it is one of ours. */
str edit_get(const struct edit *m, const char *name);

/* 587, 465 and whatever else users hand their mail to. */
bool edit_is_submission(const struct masterfile_service *s);
/* Does a list of words, with commas or blanks, have this one? */
bool edit_has(str list, str word);

/* A mail server for users: submission, TLS, mailboxes. */
bool plan_server(struct edit *m, struct err *e);
/* What is broken, or silently wrong, beside the milters. */
bool plan_cures(struct edit *m, struct err *e);
/* Users send as themselves only. */
bool plan_senders(struct edit *m, struct err *e);

#endif
