/* inkan reports digest: what changed from one week to the next, as text, as JSON,
 * or as a mail in the reader's language; nothing when nothing changed. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "cli/reports_send.h"
#include "report/changes.h"
#include "report/letter.h"
#include "report/values.h"
#include "store/digests.h"

enum {
	DAY = 86400,
	LATE = 2, /* days until most reports about a day are there */
	TEXT_MAX = 16 << 20
};

struct digest {
	struct cli *cli;
	struct store *store;
	int64_t until; /* the last day of the week */
	bool always; /* also without changes, also told before */
	struct changes **list;
	size_t n, cap;
	bool any;
};

struct names {
	struct digest *d;
	str *list;
	size_t n, cap;
};

static bool add_domain(void *arg, const struct store_summary *s)
{
	struct names *names = arg;
	struct arena *a = names->d->cli->arena;

	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 16;

		names->list = arena_grow(a, names->list,
					 names->cap * sizeof(str),
					 cap * sizeof(str));
		names->cap = cap;
	}
	names->list[names->n++] = arena_str(a, s->domain);
	return true;
}

static bool is_due(struct digest *d, str domain, bool *due)
{
	int64_t told;

	if (!store_digest(d->store, domain, &told, &d->cli->err))
		return false;
	*due = d->always || told < 0 || told <= d->until - CHANGES_DAYS;
	return true;
}

static bool find(struct digest *d)
{
	struct cli *cli = d->cli;
	struct names names = { .d = d };
	struct store_filter f;
	bool due;

	if (!reports_filter(cli, &f))
		return false;
	f.since = d->until - CHANGES_DAYS - CHANGES_DAYS + 1;
	f.until = d->until;
	if (!store_summaries(d->store, &f, add_domain, &names, &cli->err))
		return false;
	d->list = arena_array_of(cli->arena, struct changes *, names.n + 1);
	for (size_t i = 0; i < names.n; i++) {
		struct changes *c = arena_new_of(cli->arena, struct changes);

		if (!is_due(d, names.list[i], &due))
			return false;
		if (!due)
			continue;
		if (!changes_find(d->store, names.list[i], d->until, cli->arena,
				  c, &cli->err))
			return false;
		d->list[d->n++] = c;
		d->any |= changes_any(c);
	}
	return true;
}

/* ---- as text ---- */

static void put_more(struct buf *b, const struct change_list *list)
{
	if (list->n > CHANGES_LISTED)
		buf_printf(b, _("    and %llu more\n"),
			   (unsigned long long)list->n - CHANGES_LISTED);
}

static size_t listed(const struct change_list *list)
{
	return list->n < CHANGES_LISTED ? (size_t)list->n : CHANGES_LISTED;
}

static void put_list(struct digest *d, struct buf *b,
		     const struct change_list *list, const char *title,
		     bool numbers)
{
	char n[32], fail[32];

	if (!list->n)
		return;
	buf_printf(b, "  %s\n", title);
	for (size_t i = 0; i < listed(list); i++) {
		const struct change *c = &list->item[i];

		buf_printf(b, "    %.*s",
			   STR_ARG(out_text(d->cli->arena, c->name)));
		if (numbers)
			buf_printf(b, _("  %s messages, %s failing"),
				   show_number(c->messages, n),
				   show_number(c->fail, fail));
		buf_putc(b, '\n');
	}
	put_more(b, list);
}

static void put_domain(struct digest *d, struct buf *b, const struct changes *c)
{
	char n[32];

	buf_printf(b, "%.*s\n", STR_ARG(out_text(d->cli->arena, c->domain)));
	buf_printf(b, _("  %s messages, %.1f %% pass"),
		   show_number(c->now.messages, n), changes_share(&c->now));
	if (c->before.messages)
		buf_printf(b, _(" (the week before: %s, %.1f %%)"),
			   show_number(c->before.messages, n),
			   changes_share(&c->before));
	buf_putc(b, '\n');
	if (c->moved)
		buf_printf(b, "  %s\n",
			   changes_share(&c->now) < changes_share(&c->before)
				   ? _("Less passes than before.")
				   : _("More passes than before."));
	put_list(d, b, &c->sources, _("New sources:"), true);
	put_list(d, b, &c->selectors,
		 _("Signatures that fail, by selectors that did not before:"),
		 true);
	put_list(d, b, &c->reporters, _("Do not report any more:"), false);
	if (!changes_any(c))
		buf_printf(b, "  %s\n", _("Nothing changed."));
	buf_putc(b, '\n');
}

static void put_text(struct digest *d, struct buf *b)
{
	char first[32], last[32];

	buf_printf(b, _("What DMARC reports say, %s to %s (UTC)\n\n"),
		   show_day(d->until - CHANGES_DAYS + 1, first),
		   show_day(d->until, last));
	for (size_t i = 0; i < d->n; i++)
		if (d->always || changes_any(d->list[i]))
			put_domain(d, b, d->list[i]);
	buf_printf(b, "%s\n",
		   _("inkan reports sources and inkan reports advise tell "
		     "more."));
}

/* ---- as JSON ---- */

static json_t *list_json(const struct change_list *list)
{
	json_t *out = json_array();

	for (size_t i = 0; i < listed(list); i++)
		json_array_append_new(
			out,
			json_pack("{s:o, s:o, s:o}", "name",
				  json_of(list->item[i].name), "messages",
				  reports_count(list->item[i].messages), "fail",
				  reports_count(list->item[i].fail)));
	return out;
}

static json_t *week_json(const struct store_summary *s)
{
	return json_pack("{s:o, s:o}", "messages", reports_count(s->messages),
			 "pass", reports_count(s->pass));
}

static void print_json(struct digest *d, bool mailed)
{
	json_t *all = json_array();
	char first[32], last[32];

	for (size_t i = 0; i < d->n; i++) {
		const struct changes *c = d->list[i];

		json_array_append_new(
			all,
			json_pack("{s:o, s:b, s:o, s:o, s:b, s:o, s:o, s:o}",
				  "domain", json_of(c->domain), "changed",
				  changes_any(c), "week", week_json(&c->now),
				  "week_before", week_json(&c->before),
				  "pass_rate_moved", c->moved, "new_sources",
				  list_json(&c->sources),
				  "new_failing_selectors",
				  list_json(&c->selectors), "reporters_gone",
				  list_json(&c->reporters)));
	}
	out_json(json_pack("{s:s, s:s, s:b, s:o}", "first",
			   show_day(d->until - CHANGES_DAYS + 1, first), "last",
			   show_day(d->until, last), "mailed", mailed,
			   "domains", all));
}

/* ---- as a mail ---- */

/* RFC 2047 2: an encoded word has at most 75 octets; characters stay whole. */
static void put_subject(struct digest *d, struct buf *b)
{
	struct arena *a = d->cli->arena;
	struct buf text = buf_of(a, 1024);
	char last[32];
	str rest;

	buf_printf(&text, _("DMARC: what changed in the week up to %s"),
		   show_day(d->until, last));
	rest = buf_str(&text);
	buf_put(b, STR("Subject:"));
	while (rest.n) {
		str part = utf8_head(rest, 42);

		buf_printf(b, " =?UTF-8?B?%.*s?=",
			   STR_ARG(base64_encode(a, part)));
		rest = str_skip(rest, part.n);
		buf_put(b, rest.n ? STR("\n") : STR(""));
	}
	buf_putc(b, '\n');
}

static str mail_for(struct digest *d, const char *from, const char *to,
		    str text)
{
	struct buf b = buf_of(d->cli->arena, (size_t)TEXT_MAX * 2);
	char token[OUTBOX_TOKEN + 1];
	str domain = value_domain(d->cli->arena, str_of(from));

	sending_random(token);
	buf_printf(&b, "From: %s\nTo: %s\n", from, to);
	put_subject(d, &b);
	buf_put(&b, STR("Date: "));
	letter_date(&b, d->cli->now);
	buf_printf(&b, "\nMessage-ID: <%s@%.*s>\n", token, STR_ARG(domain));
	buf_put(&b, STR("Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
			"Content-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: base64\n\n"));
	letter_base64(&b, text);
	return buf_str(&b);
}

static bool note(struct digest *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!store_put_digest(d->store, d->list[i]->domain, d->until,
				      &d->cli->err))
			return false;
	return true;
}

/* Noted once it is sent: a mail that comes twice is better than none. */
static bool send_mails(struct digest *d, const char *const *to, size_t n,
		       str text)
{
	struct cli *cli = d->cli;
	const char *sendmail = args_get(&cli->args, "sendmail");
	const char *from;

	if (!reports_sender(cli, "from", &from))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!letter_address_ok(str_of(to[i])))
			return err_set(&cli->err, ERR_USAGE,
				       _("--%s \"%.100s\" is no plain address "
					 "(user@domain)"),
				       "to", to[i]);
		if (!sendmail_run(cli->arena,
				  sendmail ? sendmail : SENDMAIL_DEFAULT, from,
				  to[i], mail_for(d, from, to[i], text),
				  &cli->err))
			return false;
	}
	return true;
}

static int tell(struct digest *d)
{
	struct cli *cli = d->cli;
	struct buf text = buf_of(cli->arena, TEXT_MAX);
	bool wanted = d->any || args_has(&cli->args, "always");
	size_t n;
	const char *const *to = args_all(&cli->args, cli->arena, "to", &n);

	put_text(d, &text);
	if (n && wanted && !send_mails(d, to, n, buf_str(&text)))
		return cli_fail(cli);
	if (n && !note(d))
		return cli_fail(cli);
	if (cli->json)
		print_json(d, n && wanted);
	else if (!n && wanted)
		printf("%.*s", STR_ARG(buf_str(&text)));
	else if (!n)
		printf("%s\n", _("Nothing changed."));
	return 0;
}

int reports_digest(struct cli *cli)
{
	struct digest d = {
		.cli = cli,
		.until = cli->now / DAY - LATE,
		.always = args_has(&cli->args, "always") ||
			  !args_has(&cli->args, "to"),
	};
	int status;

	if (!reports_day_option(cli, "date", &d.until))
		return cli_fail(cli);
	d.store = reports_store(cli, args_has(&cli->args, "to"));
	if (!d.store)
		return cli_fail(cli);
	status = find(&d) ? tell(&d) : cli_fail(cli);
	store_close(d.store);
	return status;
}
