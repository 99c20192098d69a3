/* dataset: a data set as a setting names it ("file:PATH", "refile:PATH", a
 * leading "/", "dsn:" for an SQL table, or a list), opened as a table. */
#ifndef CONF_DATASET_H
#define CONF_DATASET_H

#include "conf/conf.h"
#include "sign/table.h"

/* What the text names; of rows path is the whole text.  False: *e says which kind is meant and what to do. */
bool dataset_parse(str text, enum table_kind *kind, str *path, struct err *e);

struct dataset_options {
	bool fold; /* keys without case */
	bool required; /* an empty table is an error, else a note */
	struct map_seed seed;
};

/* Opens the value of setting `name`, or `text` in its place when the setting
 * was not found (a default).  NULL when not set or wrong; what is wrong goes to
 * the problems of c. */
const struct table *dataset_open(struct conf *c, str name, str text,
				 const struct dataset_options *options);

/* Whether the rows of an opened data set are other ones now.  Blocking.  False
 * with *e (code not ERR_NONE): the database does not say. */
bool dataset_rows_differ(const struct conf_rows *rows, struct err *e);

#endif
