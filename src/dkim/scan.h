/* scan: how far a body chunk is already canonical, 16 octets at a time where
 * the machine can.  canon_scan_plain is the reference for the others. */
#ifndef DKIM_SCAN_H
#define DKIM_SCAN_H

#include <stddef.h>

/* The number of octets from p that canonicalization copies as they are, given
 * that nothing is held back: up to the first place that needs a decision, at
 * most n - 1 (the last octet's successor is not known).  Such places are, in
 * relaxed mode, HTAB and an SP before SP, HTAB or CR, and an LF before one of
 * these; in simple mode an LF before CR.  A CR at the end of the run belongs to
 * the decision. */
size_t canon_scan_relaxed(const char *p, size_t n);
size_t canon_scan_simple(const char *p, size_t n);

size_t canon_scan_relaxed_plain(const char *p, size_t n, size_t from);
size_t canon_scan_simple_plain(const char *p, size_t n, size_t from);

#endif
