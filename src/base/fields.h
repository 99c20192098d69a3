/* fields: the slices of a struct, known by their offsets, copied together: what
 * is handed from one thread to another in one block. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/str.h"

/* Octets of all of them. */
size_t fields_size(const void *of, const size_t *offsets, size_t n);

/* Copies the octets to `to` and lets the slices point there; an absent one
 * stays absent.  The end of what was copied. */
char *fields_move(void *of, const size_t *offsets, size_t n, char *to);

#endif
