/* inkan reports export: everything as CSV (RFC 4180) and as JSON, a file for
 * each kind of row.  Values are strangers': no cell begins as a formula. */
#include "base/jsontext.h"
#include "cli/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 24, ROW_MAX = 8 << 20 };

enum cell { TEXT, NUMBER, JSON, TIME, DAY, FLAG };

struct column {
	const char *name;
	enum cell cell;
};

struct table {
	const char *name;
	const char *sql; /* with $1 domain, $2 and $3 days */
	struct column column[COLUMNS]; /* ends with a NULL name */
};

/* An empty $1 is all domains. */
#define JOINED                                                          \
	" JOIN report r ON r.domain = x.domain AND r.report = x.report" \
	" WHERE ($1 = '' OR x.domain = $1)"                             \
	" AND r.end_time >= CAST($2 AS BIGINT) * 86400"                 \
	" AND r.begin_time < (CAST($3 AS BIGINT) + 1) * 86400"          \
	" ORDER BY x.domain, x.report, x.n"

static const struct table tables[] = {
	{ "reports",
	  "SELECT domain, report, kind, org, email, report_id, begin_time,"
	  " end_time, p, policy, records, messages, pass, dkim_aligned,"
	  " spf_aligned, quarantine, reject, skipped, warnings, file, imported"
	  " FROM report WHERE ($1 = '' OR domain = $1)"
	  " AND end_time >= CAST($2 AS BIGINT) * 86400"
	  " AND begin_time < (CAST($3 AS BIGINT) + 1) * 86400"
	  " ORDER BY domain, report",
	  { { "domain", TEXT },
	    { "report", NUMBER },
	    { "kind", NUMBER },
	    { "org", TEXT },
	    { "email", TEXT },
	    { "report_id", TEXT },
	    { "begin", TIME },
	    { "end", TIME },
	    { "p", TEXT },
	    { "policy", JSON },
	    { "records", NUMBER },
	    { "messages", NUMBER },
	    { "pass", NUMBER },
	    { "dkim_aligned", NUMBER },
	    { "spf_aligned", NUMBER },
	    { "quarantine", NUMBER },
	    { "reject", NUMBER },
	    { "rows_skipped", NUMBER },
	    { "warnings", TEXT },
	    { "file", TEXT },
	    { "imported", TIME },
	    { NULL, TEXT } } },
	{ "records",
	  "SELECT x.domain, x.report, x.n, r.org, r.report_id, r.begin_time,"
	  " r.end_time, x.source_ip, x.messages, x.disposition, x.dkim, x.spf,"
	  " x.header_from, x.envelope_from, x.envelope_to, x.reasons, x.auth,"
	  " x.raw FROM record x" JOINED,
	  { { "domain", TEXT },
	    { "report", NUMBER },
	    { "row", NUMBER },
	    { "org", TEXT },
	    { "report_id", TEXT },
	    { "begin", TIME },
	    { "end", TIME },
	    { "source_ip", TEXT },
	    { "count", NUMBER },
	    { "disposition", TEXT },
	    { "dkim_aligned", FLAG },
	    { "spf_aligned", FLAG },
	    { "header_from", TEXT },
	    { "envelope_from", TEXT },
	    { "envelope_to", TEXT },
	    { "reasons", JSON },
	    { "auth_results", JSON },
	    { "as_written", JSON },
	    { NULL, TEXT } } },
	{ "traffic",
	  "SELECT domain, day, source_ip, dkim, spf, disposition, selector,"
	  " via, messages FROM traffic WHERE ($1 = '' OR domain = $1)"
	  " AND day >= CAST($2 AS BIGINT) AND day <= CAST($3 AS BIGINT)"
	  " ORDER BY domain, day, source_ip",
	  { { "domain", TEXT },
	    { "day", DAY },
	    { "source_ip", TEXT },
	    { "dkim_aligned", FLAG },
	    { "spf_aligned", FLAG },
	    { "disposition", TEXT },
	    { "selector", TEXT },
	    { "passed_as", TEXT },
	    { "messages", NUMBER },
	    { NULL, TEXT } } },
	{ "tls",
	  "SELECT x.domain, x.report, r.org, r.report_id, r.begin_time,"
	  " r.end_time, x.policy_type, x.mx, x.result, x.sending_ip,"
	  " x.receiving_host, x.receiving_ip, x.reason, x.sessions"
	  " FROM tls x" JOINED,
	  { { "domain", TEXT },
	    { "report", NUMBER },
	    { "org", TEXT },
	    { "report_id", TEXT },
	    { "begin", TIME },
	    { "end", TIME },
	    { "policy_type", TEXT },
	    { "mx", TEXT },
	    { "result", TEXT },
	    { "sending_ip", TEXT },
	    { "receiving_host", TEXT },
	    { "receiving_ip", TEXT },
	    { "reason", TEXT },
	    { "sessions", NUMBER },
	    { NULL, TEXT } } },
	{ "failures",
	  "SELECT x.domain, x.report, r.org, r.begin_time, x.source_ip,"
	  " x.auth_failure, x.identity_alignment, x.delivery_result,"
	  " x.mail_from, x.rcpt_to, x.header_from, x.subject, x.message_id,"
	  " x.authres, x.incidents FROM failure x" JOINED,
	  { { "domain", TEXT },
	    { "report", NUMBER },
	    { "org", TEXT },
	    { "arrived", TIME },
	    { "source_ip", TEXT },
	    { "auth_failure", TEXT },
	    { "identity_alignment", TEXT },
	    { "delivery_result", TEXT },
	    { "mail_from", TEXT },
	    { "rcpt_to", TEXT },
	    { "header_from", TEXT },
	    { "subject", TEXT },
	    { "message_id", TEXT },
	    { "authentication_results", TEXT },
	    { "incidents", NUMBER },
	    { NULL, TEXT } } },
};

struct writing {
	const struct table *t;
	FILE *csv, *json;
	struct buf text;
	uint64_t rows;
};

/* As a person reads it, or a program without types. */
static str plain(const struct column *c, str value, char text[32])
{
	if (c->cell == TIME)
		return str_of(reports_time((int64_t)store_number(value), text));
	if (c->cell == DAY)
		return str_of(reports_day((int64_t)store_number(value), text));
	if (c->cell == FLAG)
		return store_number(value) ? STR("yes") : STR("no");
	return value;
}

/* A spreadsheet takes "=...", "+...", "-...", "@..." for a formula. */
static bool is_formula(str s)
{
	return s.n && (memchr("=+-@\t\r", s.p[0], 6) != NULL);
}

static void put_csv(struct writing *w, const struct column *c, str value)
{
	char text[32];
	str s = plain(c, value, text);

	buf_putc(&w->text, '"');
	if (c->cell == TEXT && is_formula(s))
		buf_putc(&w->text, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_putc(&w->text, '"');
		buf_putc(&w->text, s.p[i]);
	}
	buf_putc(&w->text, '"');
}

static void put_json(struct writing *w, const struct column *c, str value,
		     bool first)
{
	char text[32];

	if (!first)
		buf_putc(&w->text, ',');
	buf_putc(&w->text, '"');
	buf_put(&w->text, str_of(c->name));
	buf_put(&w->text, STR("\":"));
	if (!value.p)
		buf_put(&w->text, STR("null"));
	else if (c->cell == NUMBER || c->cell == JSON)
		buf_put(&w->text, value.n ? value : STR("null"));
	else if (c->cell == FLAG)
		buf_put(&w->text,
			store_number(value) ? STR("true") : STR("false"));
	else
		jsontext_put(&w->text, plain(c, value, text));
}

static void flush(struct writing *w, FILE *to)
{
	(void)fwrite(buf_str(&w->text).p, 1, w->text.n, to);
	w->text.n = 0;
	w->text.overflow = false;
}

static bool take_row(void *arg, const str *values)
{
	struct writing *w = arg;
	const struct column *c = w->t->column;

	for (size_t i = 0; c[i].name; i++) {
		if (i)
			buf_putc(&w->text, ',');
		put_csv(w, &c[i], values[i]);
	}
	buf_put(&w->text, STR("\r\n"));
	flush(w, w->csv);
	buf_put(&w->text, w->rows++ ? STR(",\n{") : STR("[\n{"));
	for (size_t i = 0; c[i].name; i++)
		put_json(w, &c[i], values[i], !i);
	buf_putc(&w->text, '}');
	flush(w, w->json);
	return true;
}

/* DIR/NAME.SUFFIX, or with ".new" behind it until it is whole. */
static const char *path_of(struct cli *cli, const char *dir, const char *name,
			   const char *suffix)
{
	size_t n = strlen(dir) + strlen(name) + strlen(suffix) + 2;
	char *path = arena_alloc(cli->arena, n);

	(void)snprintf(path, n, "%s/%s%s", dir, name, suffix);
	return path;
}

static bool finish(FILE *f, const char *from, const char *to, struct err *e)
{
	bool ok = !ferror(f) && fflush(f) == 0 && fsync(fileno(f)) == 0;

	if (fclose(f) == 0 && ok && rename(from, to) == 0)
		return true;
	(void)err_sys(e, _("cannot write %s"), to);
	e->code = ERR_CREATE;
	return false;
}

static void begin(struct writing *w)
{
	for (size_t i = 0; w->t->column[i].name; i++)
		fprintf(w->csv, "%s%s", i ? "," : "", w->t->column[i].name);
	fputs("\r\n", w->csv);
}

static bool export_table(struct cli *cli, struct store *s, const char *dir,
			 const struct table *t, const str *params)
{
	const char *csv = path_of(cli, dir, t->name, ".csv");
	const char *json = path_of(cli, dir, t->name, ".json");
	const char *new_csv = path_of(cli, dir, t->name, ".csv.new");
	const char *new_json = path_of(cli, dir, t->name, ".json.new");
	struct writing w = { .t = t, .text = buf_of(NULL, ROW_MAX) };
	bool ok;

	w.csv = fopen(new_csv, "we");
	w.json = w.csv ? fopen(new_json, "we") : NULL;
	if (!w.json) {
		(void)err_sys(&cli->err, _("cannot write to %s"), dir);
		cli->err.code = ERR_CREATE;
		if (w.csv)
			fclose(w.csv);
		return false;
	}
	begin(&w);
	ok = store_query(s, t->sql, params, 3, take_row, &w, &cli->err);
	fputs(w.rows ? "\n]\n" : "[]\n", w.json);
	buf_free(&w.text);
	if (!ok) {
		fclose(w.csv);
		fclose(w.json);
		return false;
	}
	ok = finish(w.csv, new_csv, csv, &cli->err);
	return finish(w.json, new_json, json, &cli->err) && ok;
}

int reports_export(struct cli *cli, const char *dir)
{
	char since[24], until[24];
	struct store_filter f;
	struct store *s;
	bool ok = true;

	if (!reports_filter(cli, &f) || !(s = reports_store(cli, false)))
		return cli_fail(cli);
	(void)snprintf(since, sizeof since, "%lld", (long long)f.since);
	(void)snprintf(until, sizeof until, "%lld", (long long)f.until);

	const str params[] = { f.domain, str_of(since), str_of(until) };

	if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
		(void)err_sys(&cli->err, _("cannot create %s"), dir);
		cli->err.code = ERR_CREATE;
		ok = false;
	}
	for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++)
		ok = export_table(cli, s, dir, &tables[i], params);
	store_close(s);
	if (!ok)
		return cli_fail(cli);
	if (cli->json)
		out_json(json_pack("{s:s}", "directory", dir));
	else
		printf(_("written: reports, records, traffic, tls and failures "
			 "as .csv and .json in %s\n"),
		       dir);
	return 0;
}
