/* gzip: packing what is written, piece by piece; the same octets for the same
 * text. */
#ifndef REPORT_GZIP_H
#define REPORT_GZIP_H

#include "base/buf.h"

struct gzip;

/* Writes to out; fast: a third of the time, a quarter more octets.  NULL: no
 * memory. */
struct gzip *gzip_new(struct buf *out, bool fast);
bool gzip_put(struct gzip *g, str text); /* false: out is full */
bool gzip_end(struct gzip *g);
void gzip_free(struct gzip *g);

#endif
