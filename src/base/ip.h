/* ip: IPv4 and IPv6 addresses and prefixes.  IPv4-mapped IPv6 addresses
 * (::ffff:a.b.c.d) are IPv4 addresses everywhere (RFC 7208 5). */
#ifndef BASE_IP_H
#define BASE_IP_H

#include "base/str.h"

#include <stdint.h>

enum ip_family { IP_NONE, IP_V4 = 4, IP_V6 = 6 };

struct ip {
	enum ip_family family;
	uint8_t b[16]; /* network order; the first 4 for IPv4 */
};

struct ip_prefix {
	struct ip ip; /* host bits as written */
	uint8_t bits; /* 0..32 or 0..128 */
};

enum { IP_TEXT_MAX = 46, IP_REVERSE_MAX = 74 };

/* Strict dotted quad or RFC 4291 2.2 text, without brackets or zone. */
bool ip_parse(str text, struct ip *out);
/* The same with an optional "/bits"; the whole length without it. */
bool ip_prefix_parse(str text, struct ip_prefix *out);
struct ip ip_of_bytes(const void *bytes, size_t n); /* 4 or 16 */

bool ip_equal(struct ip a, struct ip b);
bool ip_in_prefix(struct ip ip, struct ip_prefix prefix);
bool ip_prefix_has_host_bits(struct ip_prefix prefix);
/* Can others see it?  Not those of networks within (RFC 1918, 6598, 4193), of a
 * link, of this machine, of groups; examples (RFC 5737, 3849) can. */
bool ip_is_global(struct ip ip);

/* Canonical text (RFC 5952) with a NUL; returns it as a str. */
str ip_text(struct ip ip, char out[IP_TEXT_MAX]);
/* "1.2.0.192.in-addr.arpa", "...ip6.arpa", without a final dot. */
str ip_reverse_name(struct ip ip, char out[IP_REVERSE_MAX]);

#endif
