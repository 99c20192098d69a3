/* inkan reports suppress: addresses that get no reports: by hand, or because a
 * mail of ours to them came back. */
#include "cli/reports.h"
#include "report/bounce.h"
#include "report/letter.h"
#include "report/values.h"
#include "store/outbox.h"

enum { DAYS_AFTER_BOUNCE = 30, DAY = 86400 };

/* The end of time as far as it can be written with four digits. */
#define FOREVER INT64_C(253402300799)

static bool domain_of(struct cli *cli, const char *address, str *domain)
{
	*domain = value_domain(cli->arena, str_of(address));
	return letter_address_ok(str_of(address)) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("\"%.100s\" is no plain address (user@domain)"),
		       address);
}

static bool suppress(struct cli *cli, struct store *s, const char *address)
{
	struct store_suppressed x = { .address = str_of(address),
				      .since = cli->now,
				      .until = FOREVER,
				      .why = STR("by hand") };
	str domain;

	return domain_of(cli, address, &domain) &&
	       store_suppress(s, domain, &x, &cli->err);
}

static bool allow(struct cli *cli, struct store *s, const char *address)
{
	bool was = false;
	str domain;

	if (!domain_of(cli, address, &domain) ||
	    !store_unsuppress(s, domain, str_of(address), &was, &cli->err))
		return false;
	return was ||
	       err_set(&cli->err, ERR_DATA, _("%s is not suppressed"), address);
}

struct listing {
	struct cli *cli;
	json_t *all;
};

static bool print_one(void *arg, const struct store_suppressed *x)
{
	struct listing *l = arg;
	struct arena *a = l->cli->arena;
	char since[32], until[32];

	(void)show_time(x->since, since);
	(void)show_time(x->until, until);
	if (l->cli->json) {
		json_array_append_new(
			l->all,
			json_pack("{s:o, s:s, s:o, s:o}", "address",
				  json_of(x->address), "since", since, "until",
				  x->until < FOREVER ? json_words(until)
						     : json_null(),
				  "reason", json_of(x->why)));
		return true;
	}
	printf("%.*s  ", STR_ARG(out_text(a, x->address)));
	if (x->until < FOREVER)
		printf(_("until %.10s  "), until);
	printf("%.*s\n", STR_ARG(out_text(a, x->why)));
	return true;
}

static int print_list(struct cli *cli, struct store *s)
{
	struct listing l = { cli, json_array() };
	bool ok = store_suppressions(s, cli->now, print_one, &l, &cli->err);

	if (ok && cli->json)
		out_json(l.all);
	else
		json_decref(l.all);
	return ok ? 0 : cli_fail(cli);
}

/* Only what names a mail of ours by its id, which nobody can guess: otherwise
 * whoever writes to this mailbox could end another's reports. */
static bool take_bounce(struct cli *cli, struct store *s, str mail,
			uint64_t *taken)
{
	struct arena *a = arena_new(65536);
	struct bounce b;
	str address = STR("");
	bool ok = a != NULL;

	if (ok && bounce_read(a, mail, &b) && b.failed)
		ok = store_sent_to(s, b.message_id, a, &address, &cli->err);
	if (ok && address.n) {
		struct store_suppressed x = {
			.address = address,
			.since = cli->now,
			.until = cli->now + (int64_t)DAYS_AFTER_BOUNCE * DAY,
			.why = b.why.n ? b.why : STR("mail came back"),
		};

		ok = store_suppress(s, value_domain(a, address), &x, &cli->err);
		*taken += ok;
	}
	arena_free(a);
	return ok;
}

static bool take_file(struct cli *cli, struct store *s,
		      const struct reports_file *f, uint64_t *taken)
{
	struct reports_loaded l;
	bool ok;

	if (!reports_load(f->path, &l, &cli->err))
		return false;
	ok = take_bounce(cli, s, l.octets, taken);
	reports_unload(&l);
	return ok;
}

static int bounces(struct cli *cli, struct store *s, const char *const *paths,
		   size_t n)
{
	struct reports_files files = { 0 };
	uint64_t taken = 0;
	char text[32];

	for (size_t i = 0; i < n; i++)
		if (!reports_find(cli, paths[i], &files))
			return cli_fail(cli);
	for (size_t i = 0; i < files.n; i++)
		if (!take_file(cli, s, &files.file[i], &taken))
			return cli_fail(cli);
	if (cli->json)
		out_json(json_pack("{s:o, s:o}", "mails",
				   reports_count(files.n), "suppressed",
				   reports_count(taken)));
	else
		printf(_("mails of ours that came back for good: %s\n"),
		       show_number(taken, text));
	return 0;
}

int reports_suppress(struct cli *cli, const char *const *rest, size_t n)
{
	bool remove = args_has(&cli->args, "remove");
	struct store *s = reports_store(cli, true);
	int status = s ? 0 : cli_fail(cli);

	if (s && args_has(&cli->args, "bounces"))
		status = bounces(cli, s, rest, n);
	else if (s && !n)
		status = print_list(cli, s);
	else
		for (size_t i = 0; s && !status && i < n; i++)
			if (!(remove ? allow(cli, s, rest[i])
				     : suppress(cli, s, rest[i])))
				status = cli_fail(cli);
	store_close(s);
	return status;
}
