/* Built without libpq: PostgreSQL is named, not known. */
#include "store/backend.h"

struct store *pgsql_open(const char *url, enum store_use use, struct err *e)
{
	(void)url;
	(void)use;
	(void)err_set(e, ERR_UNAVAILABLE,
		      "this inkan was built without PostgreSQL: use "
		      "sqlite:PATH, or build it with libpq");
	return NULL;
}
