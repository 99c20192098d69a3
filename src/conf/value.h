/* value: the text of one setting into its type.  Internal to conf. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/conf.h"

/* Sets the field of key in c.  False: *want says what would be right. */
bool value_put(struct conf *c, const struct conf_key *key, str text,
	       const char **want);

#endif
