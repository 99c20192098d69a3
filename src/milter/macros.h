/* macros: what the MTA told about the session: {j}, i, {auth_type} ...  Kept by
 * stage as they came; a new packet replaces what its stage had. */
#ifndef MILTER_MACROS_H
#define MILTER_MACROS_H

#include "base/str.h"
#include "milter/proto.h"

struct milter_macros {
	struct {
		char *p; /* NAME NUL VALUE NUL ... */
		size_t n, cap;
	} stage[MILTER_STAGES];
};

/* False: a stage's macros are over 64 KB, or out of memory. */
bool milter_macros_put(struct milter_macros *m, enum milter_stage stage,
		       str pairs);
void milter_macros_clear(struct milter_macros *m, enum milter_stage from);
void milter_macros_done(struct milter_macros *m);

/* The value from the latest stage that has it; absent when none has.  Name
 * without braces: "auth_type", "i". */
str milter_macro(const struct milter_macros *m, str name);

#endif
