/* hosts: a set of clients: InternalHosts, PeerList, ExternalIgnoreList.
 *
 * Entries are host names, .domains (every name below), addresses with or
 * without [ ], networks with /bits; "!" in front takes out.  Names are asked
 * before addresses, the full name before its domains, longer prefixes before
 * shorter ones, "!" before the same entry without; the first answer counts.
 *
 * Networks are compared by value, where opendkim compares text: 192.0.2.1/24
 * is 192.0.2.0/24.  Patterns (refile:) are asked last, and only those that begin
 * with "!" take out, so a lone "*" means everybody else. */
#ifndef SIGN_HOSTS_H
#define SIGN_HOSTS_H

#include "base/ip.h"
#include "sign/table.h"

struct hosts {
	const struct table *table;
	struct map
		networks; /* family, bits and masked address: an entry's at */
	bool bits4[33], bits6[129]; /* prefix lengths that occur */
};

enum hosts_answer { HOSTS_UNKNOWN, HOSTS_IN, HOSTS_OUT };

/* table: not case-sensitive.  The addresses in it are read here, once. */
struct hosts *hosts_new(struct arena *arena, const struct table *table,
			struct map_seed seed);

/* What an entry is, for checking it: an address or network, else a name.  The
 * leading "!" and the brackets are skipped. */
bool hosts_entry_network(str key, struct ip_prefix *out);

/* name may be empty; ip.family IP_NONE: no address (a local socket).  *by is
 * the entry that answered. */
enum hosts_answer hosts_find(const struct hosts *h, str name, struct ip ip,
			     struct table_entry *by);

#endif
