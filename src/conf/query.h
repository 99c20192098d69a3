/* query: look something up in a data set from a terminal (opendkim -Q): the
 * first line names the data set, each further one is KEY/N, N the number of
 * values wanted; they are printed in quotes, one a line. */
#ifndef CONF_QUERY_H
#define CONF_QUERY_H

#include <stdio.h>

/* Until the end of in.  What is wrong goes to err, after program's name.
 * Returns an exit status. */
int query_run(FILE *in, FILE *out, FILE *err, const char *program);

#endif
