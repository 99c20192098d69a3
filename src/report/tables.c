#include "report/tables.h"

#include "base/jsontext.h"
#include "report/show.h"
#include "store/question.h"

#include <stdio.h>

const struct table tables[] = {
	{ "reports",
	  NULL,
	  "SELECT domain, report, kind, org, email, report_id, "
	  "begin_time, end_time, p, policy, records, messages, pass, "
	  "dkim_aligned, spf_aligned, quarantine, reject, skipped, "
	  "warnings, file, imported FROM report r",
	  "domain",
	  { "domain", "report" },
	  2,
	  { 0, 1 },
	  { { "domain", CELL_TEXT },
	    { "report", CELL_NUMBER },
	    { "kind", CELL_NUMBER },
	    { "org", CELL_TEXT },
	    { "email", CELL_TEXT },
	    { "report_id", CELL_TEXT },
	    { "begin", CELL_TIME },
	    { "end", CELL_TIME },
	    { "p", CELL_TEXT },
	    { "policy", CELL_JSON },
	    { "records", CELL_NUMBER },
	    { "messages", CELL_NUMBER },
	    { "pass", CELL_NUMBER },
	    { "dkim_aligned", CELL_NUMBER },
	    { "spf_aligned", CELL_NUMBER },
	    { "quarantine", CELL_NUMBER },
	    { "reject", CELL_NUMBER },
	    { "rows_skipped", CELL_NUMBER },
	    { "warnings", CELL_TEXT },
	    { "file", CELL_TEXT },
	    { "imported", CELL_TIME },
	    { NULL, CELL_TEXT } } },
	{ "records",
	  table_records,
	  NULL,
	  NULL,
	  { NULL },
	  3,
	  { 0, 1, 2 },
	  { { "domain", CELL_TEXT },
	    { "report", CELL_NUMBER },
	    { "row", CELL_NUMBER },
	    { "org", CELL_TEXT },
	    { "report_id", CELL_TEXT },
	    { "begin", CELL_TIME },
	    { "end", CELL_TIME },
	    { "source_ip", CELL_TEXT },
	    { "count", CELL_NUMBER },
	    { "disposition", CELL_TEXT },
	    { "dkim_aligned", CELL_FLAG },
	    { "spf_aligned", CELL_FLAG },
	    { "header_from", CELL_TEXT },
	    { "envelope_from", CELL_TEXT },
	    { "envelope_to", CELL_TEXT },
	    { "reasons", CELL_JSON },
	    { "auth_results", CELL_JSON },
	    { "as_written", CELL_JSON },
	    { NULL, CELL_TEXT } } },
	{ "traffic",
	  table_traffic,
	  NULL,
	  NULL,
	  { NULL },
	  9,
	  { 0, 1, 2, 3, 4, 5, 9, 6, 7 },
	  { { "domain", CELL_TEXT },
	    { "day", CELL_DAY },
	    { "source_ip", CELL_TEXT },
	    { "dkim_aligned", CELL_FLAG },
	    { "spf_aligned", CELL_FLAG },
	    { "disposition", CELL_TEXT },
	    { "selector", CELL_TEXT },
	    { "passed_as", CELL_TEXT },
	    { "messages", CELL_NUMBER },
	    { "hints", CELL_NUMBER },
	    { NULL, CELL_TEXT } } },
	{ "tls",
	  NULL,
	  "SELECT x.domain, x.report, x.n, r.org, r.report_id, "
	  "r.begin_time, r.end_time, x.policy_type, x.mx, x.result, "
	  "x.sending_ip, x.receiving_host, x.receiving_ip, x.reason, "
	  "x.sessions FROM tls x JOIN report r ON r.domain = x.domain"
	  " AND r.report = x.report",
	  "x.domain",
	  { "x.domain", "x.report", "x.n" },
	  3,
	  { 0, 1, 2 },
	  { { "domain", CELL_TEXT },
	    { "report", CELL_NUMBER },
	    { "row", CELL_NUMBER },
	    { "org", CELL_TEXT },
	    { "report_id", CELL_TEXT },
	    { "begin", CELL_TIME },
	    { "end", CELL_TIME },
	    { "policy_type", CELL_TEXT },
	    { "mx", CELL_TEXT },
	    { "result", CELL_TEXT },
	    { "sending_ip", CELL_TEXT },
	    { "receiving_host", CELL_TEXT },
	    { "receiving_ip", CELL_TEXT },
	    { "reason", CELL_TEXT },
	    { "sessions", CELL_NUMBER },
	    { NULL, CELL_TEXT } } },
	{ "failures",
	  NULL,
	  "SELECT x.domain, x.report, x.n, r.org, r.begin_time, "
	  "x.source_ip, x.auth_failure, x.identity_alignment, "
	  "x.delivery_result, x.mail_from, x.rcpt_to, x.header_from, "
	  "x.subject, x.message_id, x.authres, x.incidents FROM "
	  "failure x JOIN report r ON r.domain = x.domain AND "
	  "r.report = x.report",
	  "x.domain",
	  { "x.domain", "x.report", "x.n" },
	  3,
	  { 0, 1, 2 },
	  { { "domain", CELL_TEXT },
	    { "report", CELL_NUMBER },
	    { "row", CELL_NUMBER },
	    { "org", CELL_TEXT },
	    { "arrived", CELL_TIME },
	    { "source_ip", CELL_TEXT },
	    { "auth_failure", CELL_TEXT },
	    { "identity_alignment", CELL_TEXT },
	    { "delivery_result", CELL_TEXT },
	    { "mail_from", CELL_TEXT },
	    { "rcpt_to", CELL_TEXT },
	    { "header_from", CELL_TEXT },
	    { "subject", CELL_TEXT },
	    { "message_id", CELL_TEXT },
	    { "authentication_results", CELL_TEXT },
	    { "incidents", CELL_NUMBER },
	    { NULL, CELL_TEXT } } },
	{ .name = NULL },
};

str table_number(char text[24], uint64_t n)
{
	return (str){ text, (size_t)snprintf(text, 24, "%llu",
					     (unsigned long long)n) };
}

/* As a person reads it, or a program without types. */
static str plain(const struct table_column *c, str value, char text[32])
{
	if (c->cell == CELL_TIME)
		return str_of(show_time((int64_t)store_number(value), text));
	if (c->cell == CELL_DAY)
		return str_of(show_day((int64_t)store_number(value), text));
	if (c->cell == CELL_FLAG)
		return store_number(value) ? STR("yes") : STR("no");
	return value;
}

/* A spreadsheet takes "=...", "+...", "-...", "@..." for a formula. */
static bool is_formula(str s)
{
	return s.n && str_find(STR("=+-@\t\r"), s.p[0]) < 6;
}

void cell_csv(struct buf *b, str value, bool text)
{
	buf_putc(b, '"');
	if (text && is_formula(value))
		buf_putc(b, '\'');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			buf_putc(b, '"');
		buf_putc(b, value.p[i]);
	}
	buf_putc(b, '"');
}

static void put_json(struct buf *b, const struct table_column *c, str value,
		     bool first)
{
	char text[32];

	if (!first)
		buf_putc(b, ',');
	buf_putc(b, '"');
	buf_put(b, str_of(c->name));
	buf_put(b, STR("\":"));
	if (!value.p)
		buf_put(b, STR("null"));
	else if (c->cell == CELL_NUMBER || c->cell == CELL_JSON)
		buf_put(b, value.n ? value : STR("null"));
	else if (c->cell == CELL_FLAG)
		buf_put(b, store_number(value) ? STR("true") : STR("false"));
	else
		jsontext_put(b, plain(c, value, text));
}

/* values: NULL for the names of the columns. */
static void csv_row(struct buf *b, const struct table *t, const str *values)
{
	const struct table_column *c = t->column;
	char text[32];

	for (size_t i = 0; c[i].name; i++) {
		if (i)
			buf_putc(b, ',');
		if (values)
			cell_csv(b, plain(&c[i], values[i], text),
				 c[i].cell == CELL_TEXT);
		else
			buf_put(b, str_of(c[i].name));
	}
	buf_put(b, STR("\r\n"));
}

void table_csv_head(struct buf *b, const struct table *t)
{
	csv_row(b, t, NULL);
}

void table_csv(struct buf *b, const struct table *t, const str *values)
{
	csv_row(b, t, values);
}

void table_json(struct buf *b, const struct table *t, const str *values)
{
	buf_putc(b, '{');
	for (size_t i = 0; t->column[i].name; i++)
		put_json(b, &t->column[i], values[i], !i);
	buf_putc(b, '}');
}

/* The columns of the key from there on, or with values those: the first one is
 * text, the others are numbers. */
static void put_keys(struct question *q, const struct table *t, size_t from,
		     const str *values)
{
	for (size_t i = from; i < t->n_keys; i++) {
		question_put(q, i > from ? ", " : "");
		if (!values)
			question_put(q, t->key[i]);
		else if (!i)
			question_text(q, values[i]);
		else
			question_member(q, (int64_t)store_number(values[i]));
	}
}

/* Of one domain it is not asked for again: SQLite would look for it alone. */
static void put_after(struct question *q, const struct table *t, bool one,
		      const str *after)
{
	question_put(q, " AND (");
	put_keys(q, t, one, NULL);
	question_put(q, ") > (");
	put_keys(q, t, one, after);
	question_put(q, ")");
}

void table_place(const struct table *t, const str *values,
		 struct table_place *to)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		str v = str_head(values[t->key_at[i]], TABLE_KEY_MAX);

		if (v.n)
			memcpy(to->text[i], v.p, v.n);
		to->key[i] = (str){ to->text[i], v.n };
	}
}

/* Who takes the rows may write to it. */
static const str *copied(const struct table *t, const str *after,
			 struct arena *arena)
{
	str *to = arena_array_of(arena, str, t->n_keys);

	for (size_t i = 0; i < t->n_keys; i++)
		to[i] = arena_str(arena, after[i]);
	return to;
}

bool table_rows(struct store *s, const struct table *t,
		const struct store_filter *f, const str *after, uint64_t most,
		struct arena *arena, store_row_fn *fn, void *arg, struct err *e)
{
	struct question q;

	if (after)
		after = copied(t, after, arena);
	if (t->rows)
		return t->rows(s, f, after, most, arena, fn, arg, e);
	q = question_new(arena);
	question_put(&q, t->select);
	question_put(&q, " WHERE ");
	if (f->domain.n) {
		question_put(&q, t->domain);
		question_put(&q, " = ");
		question_text(&q, f->domain);
	} else {
		question_put(&q, "1 = 1");
	}
	question_days(&q, f);
	if (after)
		put_after(&q, t, f->domain.n > 0, after);
	question_put(&q, " ORDER BY ");
	put_keys(&q, t, 0, NULL);
	question_put(&q, " LIMIT ");
	question_number(&q, (int64_t)most);
	return question_ask(&q, s, fn, arg, e);
}

bool table_report(struct store *s, const struct table *t, str domain,
		  uint64_t number, struct arena *arena, store_row_fn *fn,
		  void *arg, struct err *e)
{
	struct question q = question_new(arena);

	question_put(&q, t->select);
	question_put(&q, " WHERE r.domain = ");
	question_text(&q, domain);
	question_put(&q, " AND r.report = ");
	question_number(&q, (int64_t)number);
	question_put(&q, " ORDER BY ");
	put_keys(&q, t, 0, NULL);
	return question_ask(&q, s, fn, arg, e);
}
