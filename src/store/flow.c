#include "store/flow.h"

#include "base/map.h"
#include "store/flow_memory.h"
#include "store/question.h"

#include <stdio.h>
#include <stdlib.h>

struct making {
	struct store *s;
	const struct store_view *v;
	struct arena *arena;
	struct flow *out;
	struct err *e;
	size_t cap; /* of days */
	struct map chosen; /* sources that the view has: struct flow_sum */
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void add_sum(struct flow_sum *to, const struct flow_sum *s)
{
	to->messages = add(to->messages, s->messages);
	to->pass = add(to->pass, s->pass);
	to->dkim = add(to->dkim, s->dkim);
	to->spf = add(to->spf, s->spf);
	to->quarantine = add(to->quarantine, s->quarantine);
	to->reject = add(to->reject, s->reject);
}

static struct flow_sum sum_of(const str *c)
{
	return (struct flow_sum){
		.messages = store_number(c[0]),
		.pass = store_number(c[1]),
		.dkim = store_number(c[2]),
		.spf = store_number(c[3]),
		.quarantine = store_number(c[4]),
		.reject = store_number(c[5]),
	};
}

#define SUMS(messages)                                                 \
	"sum(" messages "),"                                           \
	" sum(CASE WHEN dkim + spf > 0 THEN " messages " ELSE 0 END)," \
	" sum(CASE WHEN dkim > 0 THEN " messages " ELSE 0 END),"       \
	" sum(CASE WHEN spf > 0 THEN " messages " ELSE 0 END),"        \
	" sum(CASE WHEN disposition = 'quarantine' THEN " messages     \
	" ELSE 0 END),"                                                \
	" sum(CASE WHEN disposition = 'reject' THEN " messages " ELSE 0 END)"

static bool is_one(const struct store_view *v)
{
	return v->net.ip.family != IP_NONE &&
	       v->net.bits == (v->net.ip.family == IP_V4 ? 32 : 128);
}

static void where_domain(struct question *q, const struct store_view *v,
			 const char *column)
{
	question_put(q, " WHERE ");
	if (v->of.domain.n) {
		question_put(q, column);
		question_put(q, " = ");
		question_text(q, v->of.domain);
	} else {
		question_put(q, "1 = 1");
	}
}

static void and_days(struct question *q, const struct store_view *v)
{
	question_put(q, " AND day >= ");
	question_number(q, v->of.since);
	question_put(q, " AND day <= ");
	question_number(q, v->of.until);
}

static void and_row(struct question *q, const struct store_view *v)
{
	char text[IP_TEXT_MAX];

	if (v->disposition.n) {
		question_put(q, " AND disposition = ");
		question_text(q, v->disposition);
	}
	if (v->of.failing)
		question_put(q, " AND dkim + spf = 0");
	if (is_one(v)) {
		question_put(q, " AND source_ip = ");
		question_text(q, arena_str(q->arena, ip_text(v->net.ip, text)));
	}
}

static void and_selector(struct question *q, const struct store_view *v)
{
	if (!v->selector.n)
		return;
	question_put(q, " AND selector = ");
	question_text(q, v->selector);
}

/* The octets or groups that all addresses of a network begin with in text, so
 * that the database leaves most of the others out. */
static str text_prefix(const struct store_view *v, char text[IP_TEXT_MAX])
{
	const uint8_t *b = v->net.ip.b;
	size_t n = 0;

	if (v->net.ip.family == IP_V4)
		for (unsigned i = 0; i < v->net.bits / 8U; i++)
			n += (size_t)snprintf(text + n, IP_TEXT_MAX - n, "%u.",
					      b[i]);
	/* a group of zeros may be written as "::" */
	if (v->net.ip.family == IP_V6)
		for (unsigned i = 0; i < v->net.bits / 16U; i++) {
			unsigned group = b[2 * i] * 256U + b[2 * i + 1];

			if (!group)
				break;
			n += (size_t)snprintf(text + n, IP_TEXT_MAX - n,
					      "%x:", group);
		}
	return (str){ text, n };
}

static void and_text_prefix(struct question *q, const struct store_view *v)
{
	char text[IP_TEXT_MAX];
	str prefix;

	if (v->net.ip.family == IP_NONE || is_one(v))
		return;
	prefix = text_prefix(v, text);
	if (!prefix.n)
		return;
	question_put(q, " AND substr(source_ip, 1, CAST(");
	question_number(q, (int64_t)prefix.n);
	question_put(q, " AS INTEGER)) = ");
	question_text(q, arena_str(q->arena, prefix));
}

/* Reports of the view: its domain, days, reporter. */
static void where_reports(struct question *q, const struct store_view *v)
{
	where_domain(q, v, "r.domain");
	question_put(q, " AND r.begin_time >= ");
	question_number(q, v->of.since * 86400);
	question_put(q, " AND r.begin_time < ");
	question_number(q, (v->of.until + 1) * 86400);
	if (v->reporter.n) {
		question_put(q, " AND r.org = ");
		question_text(q, v->reporter);
	}
}

/* ---- which reports are read ---- */

struct cut {
	uint64_t rows, reports, counted;
	bool full;
};

static bool take_cut(void *arg, const str *c)
{
	struct cut *cut = arg;
	uint64_t rows = store_number(c[0]);

	cut->reports++;
	if (cut->full || (cut->counted && cut->rows + rows > FLOW_ROWS)) {
		cut->full = true;
		return true;
	}
	cut->rows += rows;
	cut->counted++;
	return true;
}

static bool find_cut(struct store *s, const struct store_view *v,
		     struct arena *arena, struct cut *cut, struct err *e)
{
	struct question q = question_new(arena);

	*cut = (struct cut){ .rows = 0 };
	question_put(&q, "SELECT r.records FROM report r");
	where_reports(&q, v);
	question_put(&q, " AND r.kind = 0"
			 " ORDER BY r.begin_time DESC, r.report DESC");
	return question_ask(&q, s, take_cut, cut, e);
}

/* The limit tells the database how few reports these are. */
static void from_cut(struct question *q, const struct store_view *v,
		     const struct cut *cut)
{
	question_put(q, " FROM (SELECT r.domain, r.report, r.org, r.begin_time,"
			" r.end_time FROM report r");
	where_reports(q, v);
	question_put(q, " AND r.kind = 0 ORDER BY r.begin_time DESC,"
			" r.report DESC LIMIT ");
	question_number(q, (int64_t)cut->counted);
	question_put(q, ") r JOIN record x ON x.domain = r.domain AND x.report"
			" = r.report WHERE 1 = 1");
	and_row(q, v);
}

/* ---- days ---- */

static void add_day(struct making *m, int64_t day, const struct flow_sum *sum)
{
	struct flow *o = m->out;

	add_sum(&o->sum, sum);
	if (o->n_days && o->day[o->n_days - 1].day == day) {
		add_sum(&o->day[o->n_days - 1].sum, sum);
		return;
	}
	if (o->n_days == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 64;

		o->day = arena_grow(m->arena, o->day, m->cap * sizeof *o->day,
				    cap * sizeof *o->day);
		m->cap = cap;
	}
	o->day[o->n_days++] = (struct flow_day){ day, *sum };
}

static bool take_day(void *arg, const str *c)
{
	struct flow_sum sum = sum_of(c + 1);

	add_day(arg, (int64_t)store_number(c[0]), &sum);
	return true;
}

static bool in_net(const struct store_view *v, str source_ip)
{
	struct ip ip;

	return v->net.ip.family == IP_NONE ||
	       (ip_parse(source_ip, &ip) && ip_in_prefix(ip, v->net));
}

static bool take_source_day(void *arg, const str *c)
{
	struct making *m = arg;
	struct flow_sum sum = sum_of(c + 2);

	if (in_net(m->v, c[1]))
		add_day(m, (int64_t)store_number(c[0]), &sum);
	return true;
}

/* The days of one reporter, by the sums of its reports. */
static bool days_of_reporter(struct making *m)
{
	struct question q = question_new(m->arena);

	question_put(&q,
		     "SELECT r.begin_time / 86400, sum(r.messages),"
		     " sum(r.pass), sum(r.dkim_aligned), sum(r.spf_aligned),"
		     " sum(r.quarantine), sum(r.reject) FROM report r");
	where_reports(&q, m->v);
	question_put(&q, " AND r.kind = 0 GROUP BY r.begin_time / 86400"
			 " ORDER BY 1");
	return question_ask(&q, m->s, take_day, m, m->e);
}

static bool days_by_sums(struct making *m)
{
	struct question q = question_new(m->arena);

	question_put(&q, "SELECT day, " SUMS("messages") " FROM traffic_day");
	where_domain(&q, m->v, "domain");
	and_days(&q, m->v);
	and_row(&q, m->v);
	question_put(&q, " GROUP BY day ORDER BY day");
	return question_ask(&q, m->s, take_day, m, m->e);
}

/* One address is looked up day by day, not searched for. */
static void from_traffic(struct question *q, const struct store_view *v)
{
	if (!is_one(v)) {
		question_put(q, " FROM traffic");
		where_domain(q, v, "domain");
		and_days(q, v);
	} else {
		question_put(q, " FROM (SELECT DISTINCT domain AS d, day AS dd"
				" FROM traffic_day");
		where_domain(q, v, "domain");
		and_days(q, v);
		question_put(q, ") days JOIN traffic ON domain = d AND day = "
				"dd WHERE 1 = 1");
	}
	and_row(q, v);
	and_text_prefix(q, v);
	and_selector(q, v);
}

static bool days_of_selector(struct making *m)
{
	struct question q = question_new(m->arena);

	question_put(&q, "SELECT day, " SUMS("messages"));
	from_traffic(&q, m->v);
	question_put(&q, " GROUP BY day ORDER BY day");
	return question_ask(&q, m->s, take_day, m, m->e);
}

static bool days_by_source(struct making *m)
{
	struct question q = question_new(m->arena);

	question_put(&q, "SELECT day, source_ip, " SUMS("messages"));
	from_traffic(&q, m->v);
	question_put(&q, " GROUP BY day, source_ip ORDER BY day, source_ip");
	return question_ask(&q, m->s, take_source_day, m, m->e);
}

/* ---- sources ---- */

static bool take_chosen(void *arg, const str *c)
{
	struct making *m = arg;
	struct flow_sum *sum = arena_new_of(m->arena, struct flow_sum);

	*sum = sum_of(c + 1);
	*map_put(&m->chosen, arena_str(m->arena, c[0])) = sum;
	return true;
}

static bool find_chosen(struct making *m)
{
	struct question q = question_new(m->arena);
	struct cut cut;

	if (m->v->reporter.n) {
		if (!find_cut(m->s, m->v, m->arena, &cut, m->e))
			return false;
		m->out->reports = cut.reports;
		m->out->counted = cut.counted;
		question_put(&q, "SELECT source_ip, " SUMS("x.messages"));
		from_cut(&q, m->v, &cut);
	} else {
		question_put(&q, "SELECT source_ip, " SUMS("messages"));
		from_traffic(&q, m->v);
	}
	question_put(&q, " GROUP BY source_ip");
	return question_ask(&q, m->s, take_chosen, m, m->e);
}

/* Of all sources those that were chosen, with the sums of what was. */
static void keep_chosen(struct making *m, bool with_sums)
{
	struct store_sources *all = &m->out->sources;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct store_source x = all->source[i];
		const struct flow_sum *sum;

		if (!in_net(m->v, x.source_ip) ||
		    (!with_sums && m->v->of.failing && x.messages == x.pass))
			continue;
		if (with_sums) {
			sum = map_find(&m->chosen, x.source_ip);
			if (!sum)
				continue;
			x.messages = sum->messages;
			x.pass = sum->pass;
			x.dkim = sum->dkim;
			x.spf = sum->spf;
		}
		all->source[n++] = x;
	}
	all->n = n;
}

static int by_failing(const void *a, const void *b)
{
	const struct store_source *x = a, *y = b;
	uint64_t fx = x->messages - x->pass, fy = y->messages - y->pass;

	if (fx != fy)
		return fx < fy ? 1 : -1;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return str_cmp(x->source_ip, y->source_ip);
}

bool flow_make(struct store *s, const struct store_view *v, struct arena *arena,
	       struct flow *out, struct err *e)
{
	struct making m = {
		.s = s,
		.v = v,
		.arena = arena,
		.out = out,
		.e = e,
		.chosen = map_of(
			arena, (struct map_seed){ (uintptr_t)arena, 2 }, false),
	};
	bool choice = v->reporter.n || v->disposition.n || v->selector.n;
	bool ok;

	*out = (struct flow){ .n_days = 0 };
	if (v->reporter.n)
		ok = days_of_reporter(&m);
	else if (v->net.ip.family != IP_NONE)
		ok = days_by_source(&m);
	else if (v->selector.n)
		ok = days_of_selector(&m);
	else
		ok = days_by_sums(&m);
	if (!ok ||
	    !flow_remember(v->memory, s, &v->of, arena, &out->sources, e) ||
	    (choice && !find_chosen(&m)))
		return false;
	keep_chosen(&m, choice);
	if (choice && out->sources.n)
		qsort(out->sources.source, out->sources.n,
		      sizeof *out->sources.source, by_failing);
	return true;
}

/* ---- rows of reports ---- */

struct row_giving {
	flow_row_fn *fn;
	void *arg;
};

static bool give_row(void *arg, const str *c)
{
	const struct row_giving *g = arg;
	struct flow_row r = {
		.domain = c[0],
		.report = store_number(c[1]),
		.n = store_number(c[2]),
		.org = c[3],
		.begin = (int64_t)store_number(c[4]),
		.end = (int64_t)store_number(c[5]),
		.source_ip = c[6],
		.messages = store_number(c[7]),
		.disposition = c[8],
		.dkim = store_number(c[9]) > 0,
		.spf = store_number(c[10]) > 0,
		.header_from = c[11],
		.envelope_from = c[12],
		.envelope_to = c[13],
		.reasons = c[14],
		.auth = c[15],
		.raw = c[16],
	};

	return g->fn(g->arg, &r);
}

bool flow_rows(struct store *s, const struct store_view *v, uint64_t number,
	       uint64_t after, uint64_t most, struct arena *arena,
	       flow_row_fn *fn, void *arg, struct err *e)
{
	struct question q = question_new(arena);
	struct row_giving g = { fn, arg };
	struct cut cut;

	question_put(&q, "SELECT x.domain, x.report, x.n, r.org, r.begin_time,"
			 " r.end_time, x.source_ip, x.messages, x.disposition,"
			 " x.dkim, x.spf, x.header_from, x.envelope_from,"
			 " x.envelope_to, x.reasons, x.auth, x.raw");
	if (number) {
		question_put(&q, " FROM report r JOIN record x ON x.domain ="
				 " r.domain AND x.report = r.report");
		where_domain(&q, v, "r.domain");
		question_put(&q, " AND r.report = ");
		question_number(&q, (int64_t)number);
		question_put(&q, " AND x.n > ");
		question_number(&q, (int64_t)after);
		and_row(&q, v);
		question_put(&q, " ORDER BY x.n");
	} else {
		if (!find_cut(s, v, arena, &cut, e))
			return false;
		from_cut(&q, v, &cut);
		question_put(&q, " ORDER BY r.begin_time DESC, r.report DESC,"
				 " x.n");
	}
	question_put(&q, " LIMIT ");
	question_number(&q, (int64_t)most);
	return question_ask(&q, s, give_row, &g, e);
}
