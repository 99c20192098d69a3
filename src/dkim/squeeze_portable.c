/* squeeze for machines without a vector version. */
#include "dkim/squeeze.h"

const struct squeeze *squeeze_nth(size_t i)
{
	return i == 0 ? &squeeze_plain : NULL;
}

const struct squeeze *squeeze_best(void)
{
	return &squeeze_plain;
}
