/* decode: the octets of an XML file made UTF-8, whatever they say they are.
 * Reports come as UTF-8 with octets of Latin-1 in it, as UTF-16, with a BOM, with
 * two declarations or blank lines before the first.  What leaves here is
 * well-formed UTF-8 without controls and without XML declarations. */
#ifndef REPORT_DECODE_H
#define REPORT_DECODE_H

#include "base/str.h"

/* Takes the text on; false ends the reading. */
typedef bool decode_fn(void *arg, str text);

struct decode;

struct decode *decode_new(decode_fn *fn, void *arg); /* NULL: no memory */
void decode_free(struct decode *d);
bool decode_put(struct decode *d, str octets); /* false: fn ended it */
bool decode_end(struct decode *d);
/* Octets were replaced or left out. */
bool decode_repaired(const struct decode *d);

#endif
