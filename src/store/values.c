#include "store/values.h"

#include <stdio.h>

void values_text(struct values *v, str s)
{
	v->at[v->n++] = s.p ? s : STR("");
}

void values_number(struct values *v, int64_t number)
{
	char *text = v->text[v->n];

	v->at[v->n++] = (str){ text, (size_t)snprintf(text, 24, "%lld",
						      (long long)number) };
}

void values_unit(struct values *v, str domain, int64_t day)
{
	v->n = 0;
	values_text(v, domain);
	values_number(v, day);
}
