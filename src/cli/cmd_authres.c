/* inkan authres: the Authentication-Results fields of a message, parsed. */
#include "cli/cli.h"
#include "cli/message.h"
#include "mail/authres.h"
#include "mail/message.h"

static const struct opt options[] = {
	{ "authserv-id", 0, "ID",
	  N_("fields of this host are trusted (repeatable)") },
	{ NULL, 0, NULL, NULL },
};

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(arg, raw);
}

static void on_body(void *arg, str chunk)
{
	(void)arg, (void)chunk;
}

static bool read_header(struct cli *cli, struct header *h)
{
	struct feed_sink sink = { .arg = h,
				  .field = on_field,
				  .body = on_body };

	return message_feed(cli, &sink);
}

static json_t *result_json(const struct authres_result *r)
{
	json_t *properties = json_array();

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(
			properties,
			json_pack("{s:o, s:o, s:o}", "ptype",
				  json_of(r->properties[i].ptype), "property",
				  json_of(r->properties[i].name), "value",
				  json_of(r->properties[i].value)));
	return json_pack("{s:o, s:i, s:o, s:o, s:o}", "method",
			 json_of(r->method), "version", (int)r->version,
			 "result", json_of(r->result), "reason",
			 json_of(r->reason), "properties", properties);
}

static bool is_trusted(const struct authres *a, const char *const *ids,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(a->id, str_of(ids[i])))
			return true;
	return false;
}

static json_t *field_json(const struct authres *a, bool trusted)
{
	json_t *results = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(results, result_json(&a->results[i]));
	return json_pack("{s:o, s:i, s:b, s:o}", "authserv_id", json_of(a->id),
			 "version", (int)a->version, "trusted", (int)trusted,
			 "results", results);
}

static json_t *unreadable_json(const struct authres *a, str raw)
{
	return json_pack("{s:o, s:o}", "error",
			 json_words(a->why ? a->why : "unreadable"), "raw",
			 json_of(str_trim(raw)));
}

static void print_field(struct cli *cli, const struct authres *a, bool ok,
			bool trusted)
{
	str id = out_text(cli->arena, a->id);

	if (!ok) {
		printf("%s: %s\n", _("unreadable"), a->why ? _(a->why) : "");
		return;
	}
	printf("%.*s%s\n", STR_ARG(id), trusted ? _(" (trusted)") : "");
	for (size_t i = 0; i < a->n; i++) {
		const struct authres_result *r = &a->results[i];
		str method = out_text(cli->arena, r->method);
		str result = out_text(cli->arena, r->result);

		printf("  %.*s=%.*s", STR_ARG(method), STR_ARG(result));
		for (size_t k = 0; k < r->n; k++) {
			const struct authres_property *p = &r->properties[k];
			str value = out_text(cli->arena, p->value);

			printf(" %.*s.%.*s=%.*s", STR_ARG(p->ptype),
			       STR_ARG(p->name), STR_ARG(value));
		}
		putchar('\n');
	}
}

static int run(struct cli *cli)
{
	struct header h = header_of(cli->arena, 0, 0);
	json_t *fields = json_array();
	size_t n_ids;
	const char *const *ids = args_all(&cli->args, cli->arena, "authserv-id",
					  &n_ids);

	if (!read_header(cli, &h)) {
		json_decref(fields);
		return cli_fail(cli);
	}
	for (size_t i = 0; i < h.n; i++) {
		const struct field *f = &h.fields[i];
		struct authres a = { 0 };

		if (!str_ieq(f->name, STR("Authentication-Results")))
			continue;

		bool ok = authres_parse(cli->arena, f->value, &a);
		bool trusted = ok && is_trusted(&a, ids, n_ids);

		if (cli->json)
			json_array_append_new(
				fields, ok ? field_json(&a, trusted)
					   : unreadable_json(&a, f->value));
		else
			print_field(cli, &a, ok, trusted);
	}
	if (cli->json)
		out_json(fields);
	else
		json_decref(fields);
	return 0;
}

const struct command cmd_authres = {
	"authres",
	N_("[--authserv-id ID] [FILE]"),
	N_("read the Authentication-Results fields of a message"),
	NULL,
	options,
	run,
};
