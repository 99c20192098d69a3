/* values: the parameters of a question, text and numbers as text; the database
 * casts them.  `at` points into the struct: it is not copied. */
#ifndef STORE_VALUES_H
#define STORE_VALUES_H

#include "base/str.h"

#include <stdint.h>

enum { VALUES_MAX = 10 };

struct values {
	str at[VALUES_MAX];
	char text[VALUES_MAX][24];
	size_t n;
};

void values_text(struct values *v, str s); /* absent: empty */
void values_number(struct values *v, int64_t number);
/* $1 and $2, of a policy domain and a day; what was there is gone. */
void values_unit(struct values *v, str domain, int64_t day);

#endif
