/* nameserver: resolv.conf(5) lines other than "nameserver" are not read:
 * libunbound has its own retries and its own idea of the best server. */
#include "dns/nameserver.h"

#include "base/cur.h"
#include "base/ip.h"

#include <stdio.h>

enum { PORT_MAX = 65535, ADDRESS_MAX = IP_TEXT_MAX + 32 };

static bool refuse(const char *text, struct err *e)
{
	return err_set(e, ERR_CONFIG,
		       "name server \"%s\" is not an address: write "
		       "192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53",
		       text);
}

/* Splits off ":port" or "@port"; a bare IPv6 address has neither. */
static bool split(str text, str *address, str *port)
{
	size_t at = str_find(text, '@');

	*address = text;
	*port = (str){ NULL, 0 };
	if (text.n && text.p[0] == '[') {
		size_t end = str_find(text, ']');

		if (end == text.n)
			return false;
		*address = str_skip(str_head(text, end), 1);
		text = str_skip(text, end + 1);
		if (text.n == 0)
			return true;
		*port = str_skip(text, 1);
		return text.p[0] == ':' || text.p[0] == '@';
	}
	if (at == text.n && str_find(text, ':') == str_rfind(text, ':'))
		at = str_find(text, ':');
	if (at < text.n) {
		*address = str_head(text, at);
		*port = str_skip(text, at + 1);
	}
	return true;
}

bool dns_nameserver(const char *text, dns_nameserver_fn *fn, void *arg,
		    struct err *e)
{
	char out[ADDRESS_MAX], ip_out[IP_TEXT_MAX];
	uint32_t number = 53;
	str address, port;
	struct ip ip;

	if (!split(str_of(text), &address, &port) || !ip_parse(address, &ip))
		return refuse(text, e);
	if (port.p) {
		struct cur c = cur_of(port);

		if (!cur_uint(&c, PORT_MAX, &number) || !cur_done(&c) ||
		    number == 0)
			return refuse(text, e);
	}
	ip_text(ip, ip_out);
	snprintf(out, sizeof out, "%s@%u", ip_out, number);
	return fn(arg, out, e);
}

/* One line of resolv.conf(5); others than "nameserver" are not ours.  A link
 * local address keeps its "%interface". */
static bool resolv_line(char *line, dns_nameserver_fn *fn, void *arg,
			unsigned *n, struct err *e)
{
	char out[ADDRESS_MAX];
	str rest = str_trim(str_of(line));
	size_t end = 0;

	if (!str_starts(rest, STR("nameserver")))
		return true;
	rest = str_skip(rest, sizeof "nameserver" - 1);
	if (!rest.n || (rest.p[0] != ' ' && rest.p[0] != '\t'))
		return true;
	rest = str_trim(rest);
	while (end < rest.n && rest.p[end] != ' ' && rest.p[end] != '\t')
		end++;
	rest = str_head(rest, end);

	struct ip ip;

	/* what the C library would skip is skipped */
	if (rest.n > IP_TEXT_MAX + 20 ||
	    !ip_parse(str_head(rest, str_find(rest, '%')), &ip))
		return true;
	snprintf(out, sizeof out, "%.*s", STR_ARG(rest));
	(*n)++;
	return fn(arg, out, e);
}

bool dns_nameservers_of_system(const char *path, dns_nameserver_fn *fn,
			       void *arg, struct err *e)
{
	char line[1024];
	unsigned n = 0;
	bool ok = true;
	FILE *f;

	if (!path)
		path = "/etc/resolv.conf";
	f = fopen(path, "re");
	if (!f)
		return err_sys(e, "cannot read the name servers of %s", path);
	while (ok && fgets(line, sizeof line, f))
		ok = resolv_line(line, fn, arg, &n, e);
	fclose(f);
	if (ok && !n)
		return err_set(e, ERR_CONFIG,
			       "%s names no name server: add a line "
			       "\"nameserver ADDRESS\", or give one to this "
			       "program",
			       path);
	return ok;
}
