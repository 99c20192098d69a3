/* names: lists of header fields from a data set (SignHeaders, OmitHeaders,
 * OversignHeaders, SenderHeaders). */
#ifndef CONF_NAMES_H
#define CONF_NAMES_H

#include "dkim/sign.h"
#include "sign/table.h"

/* The entries of t in order; with "*" as an entry the standard list, changed by
 * "+name" and "-name".  t NULL: the standard list.  A bad name goes to *wrong
 * (absent when all are good). */
struct dkim_names names_edit(struct arena *arena, const struct table *t,
			     struct dkim_names standard, str *wrong);

#endif
