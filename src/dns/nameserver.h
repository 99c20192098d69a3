/* nameserver: addresses of name servers as people write them, and those of the
 * system's resolv.conf(5), in libunbound's form "ADDRESS@PORT". */
#ifndef DNS_NAMESERVER_H
#define DNS_NAMESERVER_H

#include "base/err.h"

/* Called for each; false ends the reading. */
typedef bool dns_nameserver_fn(void *arg, const char *address, struct err *e);

/* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", and with
 * "@5353" in place of ":5353". */
bool dns_nameserver(const char *text, dns_nameserver_fn *fn, void *arg,
		    struct err *e);

/* path: NULL for /etc/resolv.conf.  A file without any is an error, as is a
 * missing one. */
bool dns_nameservers_of_system(const char *path, dns_nameserver_fn *fn,
			       void *arg, struct err *e);

#endif
