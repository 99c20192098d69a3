/* records_plan: what would change at a name server so that it has the records:
 * nothing that serves another purpose is touched, and of the same purpose only
 * what cannot be right beside ours. */
#ifndef CLI_RECORDS_PLAN_H
#define CLI_RECORDS_PLAN_H

#include "cli/records.h"
#include "publish/server.h"

enum change_action {
	CHANGE_NONE, /* it is there */
	CHANGE_ADD,
	CHANGE_REPLACE, /* what is there of the same purpose goes */
	CHANGE_KEEP, /* what is there stays; note says why */
	CHANGE_ELSEWHERE, /* not a name of this server */
	CHANGE_LATER
};

struct change {
	const struct record *record;
	enum change_action action;
	str value; /* that will be there: record->value, or SPF joined */
	str zone;
	const char *note; /* untranslated, or NULL */
	struct server_answer seen;
};

struct plan {
	const struct records *records;
	struct change *change;
	size_t n;
	/* what the user wants changed although it is there */
	bool replace, dmarc;
};

/* Asks the server for every record.  False: it has no such zone, or does not
 * answer. */
bool plan_make(struct arena *arena, const struct server *s, struct plan *p,
	       struct err *e);

/* Does this record of the answer have to go, for the change to hold? */
bool plan_removes(struct arena *arena, const struct plan *p,
		  const struct change *c, size_t i);

enum dns_type plan_type(const struct record *x);

#endif
