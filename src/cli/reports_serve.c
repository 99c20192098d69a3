/* inkan reports serve: the pages, until a signal; and export --html, as files. */
#include "cli/reports.h"
#include "web/server.h"
#include "web/site.h"

#include <stdlib.h>

static bool listen_at(struct cli *cli, struct net_address *a)
{
	const char *text = args_get(&cli->args, "listen");

	return net_address_parse(str_of(text ? text : "inet:8940@localhost"), a,
				 &cli->err);
}

/* what "en" is in the language of this process */
static const char *usual_language(void)
{
	return strcmp(_("en"), "ja") == 0 ? "ja" : "en";
}

static bool fill(struct cli *cli, struct web_options *o)
{
	const char *token = args_get(&cli->args, "token-file");
	size_t n;
	const char *const *names = args_all(&cli->args, cli->arena, "host", &n);
	const char **hosts = arena_array_of(cli->arena, const char *, n + 1);

	for (size_t i = 0; i < n; i++)
		hosts[i] = names[i];
	o->names = hosts;
	o->usual_language = usual_language();
	return listen_at(cli, &o->address) &&
	       (!token ||
		web_token_read(cli->arena, token, &o->token, &cli->err));
}

int reports_serve(struct cli *cli)
{
	struct web_options o = { .handler = site_answer };
	struct web_server *server = NULL;
	struct site *site = NULL;
	bool ok = fill(cli, &o) &&
		  (site = site_new(reports_store_url(cli), o.usual_language,
				   &cli->err)) != NULL;

	o.arg = site;
	if (ok)
		server = web_server_new(&o, &cli->err);
	if (server)
		site_warm(site);
	if (server) {
		printf(_("the pages are at %s\n"), web_server_where(server));
		(void)fflush(stdout);
		ok = web_server_run(server, &cli->err);
	}
	ok = ok && server;
	web_server_free(server);
	site_free(site);
	return ok ? 0 : cli_fail(cli);
}

int reports_pages(struct cli *cli, const char *dir)
{
	struct site *site = site_new(reports_store_url(cli), usual_language(),
				     &cli->err);
	bool ok = site != NULL;
	size_t n = 0;

	ok = ok && site_export(site, dir, &n, &cli->err);
	site_free(site);
	if (!ok)
		return cli_fail(cli);
	if (cli->json)
		out_json(json_pack("{s:s, s:I}", "directory", dir, "pages",
				   (json_int_t)n));
	else
		printf(_("written: %zu pages, the first is %s/index.html\n"), n,
		       dir);
	return 0;
}
