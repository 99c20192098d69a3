/* change: one change of a run, done or undone.  Either may be repeated: what is
 * done is left alone. */
#ifndef SETUP_CHANGE_H
#define SETUP_CHANGE_H

#include "setup/journal.h"

enum change_place {
	PLACE_BEFORE, /* as it was */
	PLACE_AFTER, /* done; for main.cf also with the test's line */
	PLACE_OTHER /* somebody else has changed it */
};
bool change_place(struct arena *arena, const struct change *c,
		  enum change_place *out, struct err *e);

/* Writes what needs room beside its place. */
bool change_prepare(struct arena *arena, const struct change *c, struct err *e);
bool change_prepare_undo(struct arena *arena, const struct change *c,
			 struct err *e);
void change_forget(struct arena *arena, const struct change *c);

bool change_do(struct arena *arena, const struct change *c, struct err *e);
/* kept: the directory for new keys, which are put aside and not destroyed.
 * Somebody else's change of a file is lost, but for one of lines. */
bool change_undo(struct arena *arena, const struct change *c, const char *kept,
		 struct err *e);

#endif
