/* inkan reports send: aggregate reports about others, made of our own verdicts.
 * Which days and domains are owed one; reports_unit.c sees to each. */
#include "cli/reports_send.h"

#include "base/buf.h"
#include "cli/config.h"
#include "dns/name.h"
#include "report/letter.h"
#include "report/values.h"
#include "store/verdicts.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	DAY = 86400,
	DAYS_BACK = 3, /* what was not sent before is tried so long */
	GRACE = 300, /* for the last rows of a day */
	KEPT = 60, /* days that is remembered what was sent */
	RATE_DEFAULT = 20, /* who needs more than these to see an attack? */
	MAX_DEFAULT = 6 << 20 /* in base64 below Postfix's 10240000 */
};

static int64_t monotonic(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

int64_t sending_now(const struct sending *s)
{
	return s->cli->now + (monotonic() - s->clock);
}

void sending_random(char out[OUTBOX_TOKEN + 1])
{
	uint64_t r;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		abort();
	(void)snprintf(out, OUTBOX_TOKEN + 1, "%016llx", (unsigned long long)r);
}

static bool address_option(struct cli *cli, const char *name,
			   const char *otherwise, const char **out)
{
	const char *given = args_get(&cli->args, name);

	*out = given ? given : otherwise;
	return letter_address_ok(str_of(*out)) ||
	       err_set(&cli->err, ERR_USAGE,
		       given ? _("--%s \"%.100s\" is no plain address "
				 "(user@domain)")
			     : _("say who reports: --%s ADDRESS, as "
				 "dmarc-reports@example.org (\"%.100s\" is "
				 "none)"),
		       name, *out);
}

/* dmarc-reports@ the machine's own name. */
static const char *usual_sender(struct cli *cli)
{
	char host[256] = "";
	struct buf b = buf_of(cli->arena, 512);

	(void)gethostname(host, sizeof host - 1);
	buf_printf(&b, "dmarc-reports@%s%c",
		   dns_name_labels(str_of(host)) > 1 ? host : "", '\0');
	return buf_str(&b).p;
}

bool reports_sender(struct cli *cli, const char *name, const char **out)
{
	return address_option(cli, name, usual_sender(cli), out);
}

static bool read_options(struct sending *s)
{
	struct cli *cli = s->cli;
	const struct args *a = &cli->args;
	const char *org = args_get(a, "org");
	int64_t max, rate;

	if (!reports_sender(cli, "from", &s->from) ||
	    !address_option(cli, "envelope-from", s->from, &s->envelope) ||
	    !args_number(a, "max-size", 65536, INT64_C(1) << 30, MAX_DEFAULT,
			 &max, &cli->err) ||
	    !args_number(a, "rate", 1, INT32_MAX, RATE_DEFAULT, &rate,
			 &cli->err))
		return false;
	s->submitter = value_domain(cli->arena, str_of(s->from));
	s->org = org ? str_of(org) : s->submitter;
	s->contact = str_of(args_get(a, "contact"));
	s->sendmail = args_get(a, "sendmail");
	if (!s->sendmail)
		s->sendmail = SENDMAIL_DEFAULT;
	s->output = args_get(a, "output");
	s->dry = s->output || args_has(a, "dry-run");
	s->max = (uint64_t)max;
	s->failures = args_has(a, "failures");
	s->rate = (uint64_t)rate;
	return true;
}

/* A report has to pass DMARC itself (RFC 9990 3.5).  Where the filter's
 * configuration lies, it tells. */
static void look_at_signing(struct sending *s)
{
	struct cli *cli = s->cli;
	str from = str_of(s->from);
	size_t at = str_rfind(from, '@');
	struct sign_request rq = cli_own_request(cli, str_head(from, at),
						 str_skip(from, at + 1));
	struct snapshot *config;
	struct buf b = buf_of(cli->arena, 1024);

	if (!args_get(&cli->args, "config") && !conf_default_path())
		return;
	config = cli_config(cli);
	if (!config) {
		out_warning(cli->err.text);
		return;
	}
	if (sign_choose(&config->rules, &rq, cli->arena)->action != SIGN_SIGN) {
		buf_printf(&b,
			   _("inkand would not sign mail from %s: without a "
			     "signature receivers may throw the reports away "
			     "(inkan why --from %s tells more)"),
			   s->from, s->from);
		buf_putc(&b, '\0');
		out_warning(buf_str(&b).p);
	}
	snapshot_release(config);
}

struct names {
	struct arena *arena;
	str *list;
	size_t n, cap;
};

static bool add_name(void *arg, str domain)
{
	struct names *names = arg;

	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 64;

		names->list = arena_grow(names->arena, names->list,
					 names->cap * sizeof(str),
					 cap * sizeof(str));
		names->cap = cap;
	}
	names->list[names->n++] = arena_str(names->arena, domain);
	return true;
}

static bool send_day(struct sending *s, int64_t day)
{
	struct cli *cli = s->cli;
	struct names names = { .arena = cli->arena };
	bool ok = s->dry ? store_verdict_domains(s->store, day, add_name,
						 &names, &cli->err)
			 : store_owed(s->store, day, sending_now(s), add_name,
				      &names, &cli->err);

	for (size_t i = 0; ok && i < names.n; i++)
		ok = sending_unit(s, names.list[i], day);
	return ok;
}

/* The newest day that is over. */
static int64_t last_day(const struct cli *cli)
{
	return (cli->now - GRACE) / DAY - 1;
}

static bool send_days(struct sending *s)
{
	struct cli *cli = s->cli;
	const char *date = args_get(&cli->args, "date");
	int64_t last = last_day(cli), first = last - DAYS_BACK + 1;

	if (date) {
		if (!reports_day_option(cli, "date", &first))
			return false;
		if (first > last)
			return err_set(&cli->err, ERR_USAGE,
				       _("--date %.40s: that day is not over "
					 "(days are those of UTC)"),
				       date);
		last = first;
	}
	for (int64_t day = first < 0 ? 0 : first; day <= last; day++)
		if (!send_day(s, day))
			return false;
	return s->dry || store_prune_outbox(s->store, last - KEPT, &cli->err);
}

static void print_sums(struct sending *s)
{
	char a[32], b[32];

	if (s->cli->json) {
		out_json(json_pack("{s:o, s:o, s:o, s:o, s:O}", "domains",
				   reports_count(s->units), "mails",
				   reports_count(s->mails), "later",
				   reports_count(s->later), "given_up",
				   reports_count(s->given_up), "mail",
				   s->told));
		return;
	}
	if (!s->units) {
		printf("%s\n", _("No reports are owed."));
		return;
	}
	printf(s->dry ? _("would be sent: %s mails about %s domains and days\n")
		      : _("sent: %s mails about %s domains and days\n"),
	       show_number(s->mails, a), show_number(s->units, b));
	if (s->later)
		printf(_("to be tried again: %s\n"), show_number(s->later, a));
	if (s->given_up)
		printf(_("given up: %s\n"), show_number(s->given_up, a));
}

static int run(struct sending *s)
{
	bool ok;

	s->work = arena_new(1 << 20);
	if (!s->work)
		return cli_fail(s->cli);
	s->told = json_array();
	if (!s->dry)
		look_at_signing(s);
	ok = s->failures ? sending_failures(s) : send_days(s);
	arena_free(s->work);
	if (ok)
		print_sums(s);
	json_decref(s->told);
	if (!ok)
		return cli_fail(s->cli);
	return s->refused_by_sendmail ? 69 : 0;
}

int reports_send(struct cli *cli)
{
	struct sending s = { .cli = cli, .clock = monotonic() };
	int status;

	sending_random(s.holder);
	if (!read_options(&s))
		return cli_fail(cli);
	/* a dry run is for who may only read it, too */
	s.store = reports_store(cli, !s.dry);
	if (!s.store)
		return cli_fail(cli);
	s.dns = cli_dns(cli);
	status = s.dns ? run(&s) : cli_fail(cli);
	dns_client_free(s.dns);
	store_close(s.store);
	return status;
}
