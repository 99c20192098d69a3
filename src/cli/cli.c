#include "cli/cli.h"

#include <stdarg.h>
#include <unistd.h>

/* As Debian's dns-root-data has it. */
static const char root_anchor[] = "/usr/share/dns/root.key";

static struct dns_client *open_dns(struct cli *cli, const char *trust_anchor)
{
	struct dns_client_options o = { .trust_anchor = trust_anchor };
	int64_t seconds;

	if (!args_number(&cli->args, "dns-timeout", 1, 3600, 5, &seconds,
			 &cli->err))
		return NULL;
	o.timeout_ms = (unsigned)seconds * 1000;
	o.nameservers = args_all(&cli->args, cli->arena, "nameserver",
				 &o.n_nameservers);
	o.zones = args_all(&cli->args, cli->arena, "zone", &o.n_zones);

	struct dns_client *dns = dns_client_new(&o, &cli->err);

	/* what would be a mistake in a configuration is one of usage here */
	if (!dns && cli->err.code == ERR_CONFIG)
		cli->err.code = ERR_USAGE;
	return dns;
}

struct dns_client *cli_dns(struct cli *cli)
{
	return open_dns(cli, NULL);
}

bool cli_has_anchor(void)
{
	return access(root_anchor, R_OK) == 0;
}

struct dns_client *cli_dns_validating(struct cli *cli)
{
	return open_dns(cli, cli_has_anchor() ? root_anchor : NULL);
}

static void free_key(void *key)
{
	privkey_free(key);
}

struct privkey *cli_key(struct cli *cli, const char *path)
{
	struct arena_slot *slot = arena_defer_slot(cli->arena, free_key);
	struct privkey *key = privkey_read(path, PRIVKEY_SAFE, &cli->err);
	struct err unsafe = cli->err;

	if (!key) {
		key = privkey_read(path, PRIVKEY_ANY, &cli->err);
		if (!key)
			return NULL;
		out_warning(unsafe.text);
	}
	arena_defer_set(slot, key);
	return key;
}

int cli_fail(struct cli *cli)
{
	return out_error(&cli->err);
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cli->err.text, sizeof cli->err.text, fmt, ap);
	va_end(ap);
	cli->err.code = ERR_USAGE;
	return out_error(&cli->err);
}

bool cli_ip(struct cli *cli, struct ip *out)
{
	const char *text = args_get(&cli->args, "ip");

	out->family = IP_NONE;
	return !text || ip_parse(str_of(text), out) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("--ip \"%.60s\" is not an address"), text);
}

str cli_authserv_id(struct cli *cli)
{
	const char *id = args_get(&cli->args, "authserv-id");
	char host[256] = "localhost";

	if (id)
		return str_of(id);
	(void)gethostname(host, sizeof host - 1);
	return arena_str(cli->arena, str_of(host));
}

bool cli_file(struct cli *cli, const char **path)
{
	*path = cli->args.n_rest ? cli->args.rest[0] : NULL;
	if (cli->args.n_rest <= 1)
		return true;
	return err_set(&cli->err, ERR_USAGE,
		       _("one file at a time: \"%.100s\" is too much"),
		       cli->args.rest[1]);
}
