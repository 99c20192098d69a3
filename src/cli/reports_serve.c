/* inkan reports serve: the pages, until a signal; and export --html, as files. */
#include "cli/reports.h"
#include "cli/webopt.h"
#include "web/site.h"

int reports_serve(struct cli *cli)
{
	struct web_options o = { .handler = site_answer };
	struct web_server *server = NULL;
	struct site *site = NULL;
	bool ok = webopt_fill(cli, "inet:8940@localhost", &o) &&
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
	struct site *site = site_new(reports_store_url(cli), webopt_language(),
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
