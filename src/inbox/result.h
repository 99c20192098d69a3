/* result: a score with what it was made of, as it is shown and kept: as JSON on
 * disk (sentences untranslated) and for scripts (translated). */
#ifndef INBOX_RESULT_H
#define INBOX_RESULT_H

#include "base/buf.h"
#include "inbox/judge.h"

struct result {
	struct score score;
	int64_t now; /* when it was judged */
	struct ip ip; /* of the client, or what others would see; IP_NONE */
	str helo, mail_from; /* as they came; may be empty */
	str from, subject; /* encoded words are decoded; may be empty */
	bool own; /* it was handed in at this machine */
	str header; /* raw lines, LF; cut at LIMIT_SCORE_HEADER */
};

/* Of a judge that has ended; slices live as long as it does. */
void result_of(struct arena *arena, const struct judge *j, struct result *out);

/* tr: each sentence becomes this; whole: with the evidence and the header. */
void result_json(struct buf *out, const struct result *r,
		 const char *(*tr)(const char *sentence), bool whole);
/* For tr: what is kept; what is shown (gettext). */
const char *result_as_is(const char *sentence);
const char *result_translated(const char *sentence);

/* What result_json wrote with result_as_is, in the arena.  False: it is not. */
bool result_parse(struct arena *arena, str json, struct result *out);

#endif
