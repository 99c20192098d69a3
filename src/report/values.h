/* values: numbers, times, names and words as reports have them, which is not
 * always as the standards say. */
#ifndef REPORT_VALUES_H
#define REPORT_VALUES_H

#include "base/arena.h"

#include <stdint.h>

/* A number of messages: digits, perhaps with ".0" behind them.  False: none. */
bool value_count(str s, uint64_t *out);

/* Seconds since 1970, perhaps with a fraction, or milliseconds (from 10^11 on),
 * or RFC 3339 / ISO 8601 with or without a zone.  Before 1970 is 0. */
bool value_time(str s, int64_t *out);

/* A domain as a key: the part behind the last "@", without quotes, brackets
 * and final dots, in lower case and A-labels.  Empty when it is none.  In the
 * arena or in s. */
str value_domain(struct arena *arena, str s);

/* d is of, or below, or above the domain. */
bool value_same_owner(str d, str domain);

enum value_method { VALUE_DKIM, VALUE_SPF };

/* A result's word as RFC 8601 has it; *odd when s is another. */
str value_result(enum value_method m, str s, bool *odd);
/* none, pass, quarantine or reject. */
str value_disposition(str s, bool *odd);

#endif
