#include "net/sockaddr.h"

#include "base/cur.h"

#include <stdint.h>

/* A NUL in the middle would cut the copy short unseen. */
static bool copy(char *to, size_t max, str from)
{
	if (from.n > max || str_find(from, '\0') != from.n)
		return false;
	memcpy(to, from.p, from.n);
	to[from.n] = '\0';
	return true;
}

static bool path_parse(str text, str path, struct net_address *out,
		       struct err *e)
{
	out->kind = NET_UNIX;
	if (!path.n)
		return err_set(e, ERR_CONFIG,
			       "socket \"%.*s\" has no path: write local:/PATH",
			       STR_ARG(text));
	if (!copy(out->path, NET_PATH_MAX, path))
		return err_set(e, ERR_CONFIG,
			       "socket path \"%.*s\" is longer than the %d "
			       "bytes that a socket address holds",
			       STR_ARG(path), NET_PATH_MAX);
	return true;
}

static bool port_valid(str port)
{
	struct cur c = cur_of(port);
	uint32_t number;

	if (!port.n)
		return false;
	if (port.p[0] < '0' || port.p[0] > '9')
		return true; /* a service name */
	return cur_uint(&c, 65535, &number) && cur_done(&c) && number > 0;
}

static str without_brackets(str host)
{
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return (str){ host.p + 1, host.n - 2 };
	return host;
}

static bool host_parse(str text, str rest, struct net_address *out,
		       struct err *e)
{
	size_t at = str_find(rest, '@');
	str port = str_head(rest, at);
	str host = without_brackets(str_skip(rest, at + 1));

	if (!port_valid(port) || !copy(out->port, NET_PORT_MAX, port))
		return err_set(e, ERR_CONFIG,
			       "socket \"%.*s\" has no port from 1 to 65535: "
			       "write inet:PORT@HOST",
			       STR_ARG(text));
	if ((at < rest.n && !host.n) || !copy(out->host, NET_HOST_MAX, host))
		return err_set(e, ERR_CONFIG,
			       "socket \"%.*s\" has no usable host: write "
			       "inet:PORT@HOST, or inet:PORT for all addresses",
			       STR_ARG(text));
	return true;
}

bool net_address_parse(str text, struct net_address *out, struct err *e)
{
	size_t colon = str_find(text, ':');
	str kind = str_head(text, colon);
	str rest = str_skip(text, colon + 1);

	*out = (struct net_address){ .kind = NET_UNIX };
	if (!text.n)
		return err_set(
			e, ERR_CONFIG,
			"no socket is given: write Socket inet:PORT@HOST "
			"or Socket local:/PATH");
	if (text.p[0] == '/' || colon == text.n)
		return path_parse(text, text, out, e);
	if (str_ieq(kind, STR("local")) || str_ieq(kind, STR("unix")))
		return path_parse(text, rest, out, e);
	if (str_ieq(kind, STR("inet")))
		out->kind = NET_INET;
	else if (str_ieq(kind, STR("inet6")))
		out->kind = NET_INET6;
	else
		return err_set(e, ERR_CONFIG,
			       "socket \"%.*s\" is of no known kind: write "
			       "inet:PORT@HOST, inet6:PORT@HOST or local:/PATH",
			       STR_ARG(text));
	return host_parse(text, rest, out, e);
}
