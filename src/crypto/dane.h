/* dane: does a TLSA record (RFC 6698, 7671) name the certificates that a mail
 * server shows, as DANE for SMTP asks (RFC 7672)? */
#ifndef CRYPTO_DANE_H
#define CRYPTO_DANE_H

#include "base/str.h"

#include <stdint.h>

/* NULL: the rdata is one that SMTP uses; else what is wrong with it. */
const char *dane_problem(str rdata);

/* chain: PEM, the server's own certificate first.  Usage 3 asks for nothing but
 * the match; usage 2 for a chain that holds, for that host, at that time. */
bool dane_matches(str rdata, str chain, str host, int64_t now);

#endif
