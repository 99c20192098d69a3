/* failure_text: failure reports that are nothing but text for people, without
 * the part for programs (RFC 5965), as some mail servers write them. */
#ifndef REPORT_FAILURE_TEXT_H
#define REPORT_FAILURE_TEXT_H

#include "base/arena.h"

/* Does the text say that a message failed DMARC? */
bool failure_text_is(str text);

/* What it says, in the words of a message/feedback-report.  *sample: the header
 * of the message that failed, below the line that announces it; empty: it is
 * not in the text.  Linear; both lie in the arena or in the text. */
str failure_text_read(struct arena *arena, str text, str *sample);

#endif
