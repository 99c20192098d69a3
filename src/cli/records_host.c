/* records_host: what this machine says of itself: its addresses and its name. */
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "cli/records.h"
#include "conf/file.h"
#include "dns/name.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/utsname.h>

enum { ADDRESSES_MAX = 64 };

static bool address_of(const struct ifaddrs *i, struct ip *out)
{
	const void *sa = i->ifa_addr;

	if (!sa)
		return false;
	if (i->ifa_addr->sa_family == AF_INET)
		*out = ip_of_bytes(&((const struct sockaddr_in *)sa)->sin_addr,
				   4);
	else if (i->ifa_addr->sa_family == AF_INET6)
		*out = ip_of_bytes(
			&((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		return false;
	return ip_is_global(*out);
}

bool records_own_addresses(struct arena *arena, struct records_wanted *w,
			   struct err *e)
{
	struct ip *ips = arena_array_of(arena, struct ip, ADDRESSES_MAX);
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return err_sys(e, _("cannot list this machine's addresses"));
	w->n_ips = 0;
	for (const struct ifaddrs *i = all; i && w->n_ips < ADDRESSES_MAX;
	     i = i->ifa_next)
		if (address_of(i, &ips[w->n_ips]))
			w->n_ips++;
	freeifaddrs(all);
	w->ips = ips;
	if (w->n_ips)
		return true;
	return err_set(e, ERR_USAGE,
		       _("this machine has no public address of its own: say "
			 "which address your mail leaves from, --ip ADDR"));
}

static bool is_host(str name)
{
	return dns_name_is_domain(name, false) && dns_name_labels(name) > 1 &&
	       !str_iends(name, STR(".localdomain")) &&
	       !str_iends(name, STR(".local"));
}

/* The last "myhostname = NAME" of main.cf; without "$". */
static str of_postfix(struct arena *arena)
{
	str text, line, found = { "", 0 };
	struct err e;

	if (!file_read(arena, "/etc/postfix/main.cf", LIMIT_CONFIG_BYTES, &text,
		       &e))
		return found;
	while (str_split(&text, '\n', &line)) {
		struct cur c = cur_of(line);

		if (!cur_word(&c, "myhostname"))
			continue;
		cur_wsp(&c);
		if (cur_char(&c, '='))
			found = str_trim(cur_rest(&c));
	}
	return is_host(found) ? found : (str){ "", 0 };
}

static str of_kernel(struct arena *arena)
{
	struct utsname u;
	str name;

	if (uname(&u) < 0)
		return (str){ "", 0 };
	name = arena_str(arena, str_of(u.nodename));
	return is_host(name) ? name : (str){ "", 0 };
}

void records_guess_host(struct arena *arena, struct records_wanted *w)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX + 16);

	w->host = of_postfix(arena);
	if (!w->host.n)
		w->host = of_kernel(arena);
	if (w->host.n)
		return;
	buf_printf(&b, "mail.%.*s", STR_ARG(w->domain));
	w->host = buf_str(&b);
	w->host_is_guess = true;
}
