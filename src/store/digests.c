#include "store/digests.h"

#include "store/query.h"

#include <stdio.h>

static bool take(void *arg, const str *c)
{
	*(int64_t *)arg = (int64_t)store_number(c[0]);
	return true;
}

bool store_digest(struct store *s, str domain, int64_t *until, struct err *e)
{
	*until = -1;
	return store_query(s, "SELECT until FROM digest WHERE domain = $1",
			   &domain, 1, take, until, e);
}

static bool nothing(void *arg, const str *c)
{
	(void)arg;
	(void)c;
	return true;
}

bool store_put_digest(struct store *s, str domain, int64_t until, struct err *e)
{
	char text[24];
	str values[] = { domain,
			 { text, (size_t)snprintf(text, sizeof text, "%lld",
						  (long long)until) } };

	return store_query(s,
			   "INSERT INTO digest (domain, until)"
			   " VALUES ($1, CAST($2 AS BIGINT))"
			   " ON CONFLICT (domain) DO UPDATE SET"
			   " until = excluded.until",
			   values, 2, nothing, NULL, e);
}
