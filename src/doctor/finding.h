/* finding: what the doctor found: a stable code, what was seen, what was wanted,
 * why it matters and the command that cures it.
 *
 * A new finding is one entry in codes.def and one call of judge().  The order of
 * codes.def is that of the report: causes before their effects. */
#ifndef DOCTOR_FINDING_H
#define DOCTOR_FINDING_H

#include "base/buf.h"

enum finding_status {
	FINDING_OK,
	FINDING_NOTE, /* good to know */
	FINDING_WARN, /* works, and will go wrong one day or for some mail */
	FINDING_FAIL, /* mail is lost, refused or unsigned */
	FINDING_SKIP, /* not looked at: never shown as ok */
	FINDING_STATUSES
};

const char *finding_status_word(enum finding_status s);

enum finding_code {
#define CODE(id, code, status, seen, fine, wanted, why, fix) FIND_##id,
#include "doctor/codes.def"
#undef CODE
	FIND_CODES
};

/* Sentences are not translated; "{0}" is the subject, "{1}" to "{5}" are the
 * arguments.  fix is a command for a shell: arguments are quoted there; one that
 * begins with "#" is for a person and translated. */
struct finding_kind {
	const char *code;
	enum finding_status status; /* when it is not ok */
	const char *seen, *fine; /* fine: seen when it is ok */
	const char *wanted, *why, *fix;
};

extern const struct finding_kind finding_kinds[FIND_CODES];

enum { FINDING_ARGS = 5 };

struct finding {
	struct finding *next;
	enum finding_code code;
	enum finding_status status;
	str subject;
	str args[FINDING_ARGS];
	const char *reason; /* of FINDING_SKIP, untranslated */
};

struct findings {
	struct arena *arena;
	struct finding *first, **end;
	size_t count[FINDING_STATUSES];
};

void findings_init(struct findings *f, struct arena *arena);

#define ARGS(...) ((const str[FINDING_ARGS]){ __VA_ARGS__ })

/* good: FINDING_OK, else the status of codes.def.  args may be NULL. */
void judge(struct findings *f, enum finding_code code, bool good, str subject,
	   const str *args);
void finding_put(struct findings *f, enum finding_code code,
		 enum finding_status status, str subject, const str *args);
/* reason: N_("..."), the end of "not looked at: ". */
void finding_skip(struct findings *f, enum finding_code code, str subject,
		  const char *reason);

/* In the order of codes.def; the same code in the order found. */
void findings_sort(struct findings *f);

/* A sentence (already translated) with its arguments. */
str finding_text(struct arena *arena, const struct finding *f,
		 const char *sentence);
/* The same for fix: arguments are quoted for a shell. */
str finding_command(struct arena *arena, const struct finding *f,
		    const char *sentence);

#endif
