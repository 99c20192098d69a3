/* nearest: "did you mean ...?" for a mistyped name. */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include "base/str.h"

/* Insertions, deletions, replacements and swaps of neighbours between a and b,
 * without case; anything over 64 bytes is far away. */
unsigned nearest_distance(str a, str b);

/* Keeps in *best the candidate closest to name, if it is close enough to be
 * what was meant.  Start with *best absent and *distance 0. */
void nearest_try(str name, str candidate, str *best, unsigned *distance);

#endif
