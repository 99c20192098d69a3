#include "cli/webopt.h"

#include "base/buf.h"

bool webopt_address(const char *text, struct net_address *out, struct err *e)
{
	str all = str_of(text);
	size_t colon = str_rfind(all, ':');
	str port = colon < all.n ? str_skip(all, colon + 1) : all;
	str host = str_head(all, colon < all.n ? colon : 0);
	char turned[512];
	struct buf b = { .p = turned,
			 .cap = sizeof turned,
			 .max = sizeof turned };
	struct ip ip = { .family = IP_V4 };

	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (str){ host.p + 1, host.n - 2 };
	if (!port.n || port.p[0] < '0' || port.p[0] > '9' ||
	    (host.n && !str_ieq(host, STR("localhost")) &&
	     !ip_parse(host, &ip)))
		return net_address_parse(all, out, e);
	buf_printf(&b, "%s:%.*s@%.*s", ip.family == IP_V6 ? "inet6" : "inet",
		   STR_ARG(port), STR_ARG(host.n ? host : STR("127.0.0.1")));
	return net_address_parse(buf_str(&b), out, e);
}

const char *webopt_language(void)
{
	/* what "en" is in the language of this process */
	return strcmp(_("en"), "ja") == 0 ? "ja" : "en";
}

bool webopt_fill(struct cli *cli, const char *usual, struct web_options *o)
{
	const char *text = args_get(&cli->args, "listen");
	const char *token = args_get(&cli->args, "token-file");
	size_t n;
	const char *const *names = args_all(&cli->args, cli->arena, "host", &n);
	const char **hosts = arena_array_of(cli->arena, const char *, n + 1);

	for (size_t i = 0; i < n; i++)
		hosts[i] = names[i];
	o->names = hosts;
	o->usual_language = webopt_language();
	return webopt_address(text ? text : usual, &o->address, &cli->err) &&
	       (!token ||
		web_token_read(cli->arena, token, &o->token, &cli->err));
}
