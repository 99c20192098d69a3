/* tr: sentences for people, in their language (gettext).  For the programs'
 * side only: the core's reasons are static sentences, translated where they are
 * printed. */
#ifndef BASE_TR_H
#define BASE_TR_H

#include <libintl.h>

/* gettext's own names */
/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming) */
#define _(text) gettext(text)
#define N_(text) text /* in tables; translated where it is printed */
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

#endif
