/* Packs: what is written is read; the sums of a store are those of its rows, while
 * they wait, when they are merged, after reports that were given up or known,
 * and when a store of an older inkan gets them.  On SQLite, or in the store that
 * INKAN_TEST_STORE names. */
#include "store/flow.h"
#include "store/packs.h"
#include "store/sums.h"
#include "unroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400, MONDAY = 20700 };

static char dir[64], url[512];
static struct err e;
static uint64_t seed;

static int teardown(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char path[160];

	(void)state;
	if (!*dir)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/s.db%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* No test here is about a power cut: the disk need not be waited for. */
static struct store *opened(void)
{
	struct store *s = store_open(url, true, &e);

	assert_non_null(s);
	if (*dir)
		unroll_run(s, "PRAGMA synchronous = OFF");
	return s;
}

static void truth_begin(void);

static int setup(void **state)
{
	static const char *const tables[] = { "report", "record_block",
					      "traffic_day", "pack",
					      "pack_new" };
	const char *named = getenv(
		"INKAN_TEST_STORE"); /* NOLINT(concurrency-mt-unsafe) */
	char sql[64];
	struct store *s;

	(void)state;
	seed = 1;
	truth_begin();
	if (named) { /* all that it holds goes */
		(void)snprintf(url, sizeof url, "%s", named);
		s = store_open(url, true, &e);
		assert_non_null(s);
		for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
			(void)snprintf(sql, sizeof sql, "DELETE FROM %s",
				       tables[i]);
			unroll_run(s, sql);
		}
		store_close(s);
		return 0;
	}
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-packs.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(url, sizeof url, "sqlite:%s/s.db", dir);
	return 0;
}

/* The same numbers at each run. */
static unsigned any(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* One of n names. */
static str pick(struct arena *a, const char *before, unsigned n,
		const char *behind)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%s%u%s", before, any(n), behind);
	return arena_str(a, str_of(text));
}

/* ---- texts ---- */

static int by_row(const void *a, const void *b)
{
	return pack_cmp(a, b);
}

static struct traffic row(struct arena *a)
{
	static const char *const dispositions[] = { "none", "quarantine",
						    "reject" };

	return (struct traffic){
		.source_ip = pick(a, any(2) ? "192.0.2." : "2001:db8::", 200,
				  ""),
		.disposition = str_of(dispositions[any(3)]),
		.selector = any(2) ? pick(a, "s", 90, "") : STR(""),
		.via = any(3) ? STR("") : pick(a, "u", 300, ".example"),
		.dkim = any(2),
		.spf = any(2),
		.hints = any(8),
		.messages = any(4) ? any(100) : UINT64_MAX - any(100),
	};
}

static void written_and_read(void **state)
{
	enum { N = 5000 };
	struct arena *a = arena_new(1 << 16);
	struct traffic *rows = calloc(N, sizeof *rows);
	struct pack_writer w = pack_begin(a, 1 << 20);
	struct pack_reader r;
	struct pack_row got;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		rows[i] = row(a);
	qsort(rows, N, sizeof *rows, by_row);
	for (size_t i = 0; i < N; i++)
		pack_put(&w, &rows[i]);
	assert_false(w.text.overflow);
	for (r = pack_open(a, buf_str(&w.text)); pack_next(&r, &got); n++) {
		assert_int_equal(pack_cmp(&got.t, &rows[n]), 0);
		assert_true(got.t.messages == rows[n].messages);
		assert_true(got.new_source ==
			    (!n || !str_eq(rows[n].source_ip,
					   rows[n - 1].source_ip)));
	}
	assert_false(r.damaged);
	assert_int_equal(n, N);
	free(rows);
	arena_free(a);
}

static void damaged(void **state)
{
	static const char *const texts[] = {
		"x", /* no source before the row */
		"!", /* no source */
		"!3101", /* shares octets with none */
		"!0Oa", /* shorter than it says */
		"!01a", /* no row */
		"!01a3", /* no words */
		"!01a31", /* a word before the first one */
		"!01a304none101", /* no messages */
		"!01a304none101`````````````1", /* no such number */
		"!01aX", /* no class */
	};
	struct arena *a = arena_new(1 << 12);
	struct pack_row got;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct pack_reader r = pack_open(a, str_of(texts[i]));

		assert_false(pack_next(&r, &got));
		if (!r.damaged)
			fail_msg("%s", texts[i]);
	}
	arena_free(a);
}

/* ---- stores ---- */

/* Sums by lines of text, in no order. */
struct lines {
	struct arena *arena;
	struct map sums; /* of messages */
};

static void add_line(struct lines *l, str key, uint64_t messages)
{
	uint64_t *sum = map_find(&l->sums, key);

	if (!sum) {
		sum = arena_new_of(l->arena, uint64_t);
		*map_put(&l->sums, arena_str(l->arena, key)) = sum;
	}
	*sum += messages;
}

static struct lines lines_new(struct arena *a)
{
	return (struct lines){ a, map_of(a, (struct map_seed){ 1, 2 }, false) };
}

/* What the store should say: the sums of the reports that it took. */
static const char *const domains[] = { "example.org", "example.net" };

static struct {
	struct arena *arena;
	struct lines traffic[2]; /* of the domains */
	struct map known; /* domain and ident */
} truth;

static void truth_begin(void)
{
	arena_free(truth.arena);
	truth.arena = arena_new(1 << 16);
	truth.traffic[0] = lines_new(truth.arena);
	truth.traffic[1] = lines_new(truth.arena);
	truth.known = map_of(truth.arena, (struct map_seed){ 1, 2 }, false);
}

static void truth_row(struct lines *l, const struct store_record *r)
{
	char text[512];

	(void)snprintf(text, sizeof text, "|%.*s|%d|%d|%.*s|%u|%.*s|%.*s",
		       STR_ARG(r->source_ip), r->dkim, r->spf,
		       STR_ARG(r->disposition), r->hints, STR_ARG(r->selector),
		       STR_ARG(r->via));
	add_line(l, str_of(text), r->messages);
}

/* The report is there now, unless it was. */
static void truth_report(const struct lines *l, const struct store_head *h)
{
	size_t at = 0, domain = !str_eq(h->domain, str_of(domains[0]));
	int64_t first;
	uint64_t days = rollup_days(h->begin, h->end, &first);
	char text[600];
	void *sum;
	str key;

	(void)snprintf(text, sizeof text, "%zu|%.*s", domain,
		       STR_ARG(h->report_id));
	key = arena_str(truth.arena, str_of(text));
	if (map_find(&truth.known, key))
		return;
	*map_put(&truth.known, key) = &truth;
	while (map_next(&l->sums, &at, &key, &sum))
		for (uint64_t i = 0; i < days; i++) {
			uint64_t share = rollup_share(*(uint64_t *)sum, i,
						      days);

			(void)snprintf(text, sizeof text, "|%lld%.*s",
				       (long long)first + (long long)i,
				       STR_ARG(key));
			if (share)
				add_line(&truth.traffic[domain], str_of(text),
					 share);
		}
}

/* A report as the importer puts it: what its rows tell of their source is in
 * their results. */
static void put_row(struct store *s, struct arena *a, str domain,
		    struct lines *l)
{
	struct traffic t = row(a);
	struct store_record r = {
		.source_ip = t.source_ip,
		.messages = 1 + any(20),
		.disposition = t.disposition,
		.header_from = domain,
		.selector = STR(""),
		.via = STR(""),
	};
	struct buf auth = buf_of(a, 4096), reasons = buf_of(a, 1024);

	r.dkim = any(2);
	r.spf = any(2);
	buf_putc(&auth, '[');
	if (r.dkim) {
		r.selector = t.selector;
		buf_printf(&auth, "{\"method\":\"dkim\",\"domain\":\"%.*s\",",
			   STR_ARG(domain));
		if (t.selector.n)
			buf_printf(&auth, "\"selector\":\"%.*s\",",
				   STR_ARG(t.selector));
		buf_put(&auth, STR("\"result\":\"pass\"},"));
	} else if (any(2)) {
		r.hints |= STORE_HINT_BROKEN;
		buf_printf(&auth,
			   "{\"method\":\"dkim\",\"domain\":\"%.*s\","
			   "\"result\":\"fail\"},",
			   STR_ARG(domain));
	}
	if (t.via.n) {
		r.via = t.via;
		buf_printf(&auth,
			   "{\"method\":\"dkim\",\"domain\":\"%.*s\","
			   "\"selector\":\"a\\\"\\u000b\",\"result\":"
			   "\"pass\",\"human_result\":\"\\\\ok\\n\"},",
			   STR_ARG(t.via));
	}
	if (!r.spf)
		r.hints |= STORE_HINT_SPF_OURS;
	buf_printf(&auth,
		   "{\"method\":\"spf\",\"domain\":\"m.%.*s\",\"result\":"
		   "\"%s\"}]",
		   STR_ARG(domain), r.spf ? "pass" : "softfail");
	if (any(5) == 0) {
		r.hints |= STORE_HINT_FORWARDED;
		buf_put(&reasons, STR("[{\"type\":\"other\"},{\"type\":"
				      "\"mailing_list\",\"comment\":\"c\"}]"));
		r.reasons = buf_str(&reasons);
	}
	r.auth = buf_str(&auth);
	assert_true(store_put_records(s, &r, 1, &e));
	truth_row(l, &r);
}

static void put_report(struct store *s, unsigned number, unsigned rows)
{
	struct arena *a = arena_new(1 << 14);
	struct lines l = lines_new(a);
	char id[32];
	struct store_head h = {
		.domain = str_of(domains[any(2)]),
		.org = any(9) ? pick(a, "receiver", 4, ".example") : STR(""),
		.begin = (int64_t)(MONDAY + any(9)) * DAY,
		.policy = STR("{}"),
	};
	struct store_tail t = { .file = STR("f") };

	(void)snprintf(id, sizeof id, "%u", number);
	h.report_id = t.ident = str_of(id);
	h.end = h.begin + (any(4) ? DAY - 1 : (int64_t)(1 + any(5)) * DAY);
	assert_true(store_report_begin(s, &h, &e));
	for (unsigned i = 0; i < rows; i++)
		put_row(s, a, h.domain, &l);
	if (any(10)) {
		assert_true(store_report_end(s, &t, &e));
		truth_report(&l, &h);
	} else {
		assert_true(store_report_cancel(s, &e));
	}
	arena_free(a);
}

/* Numbers that are there twice, but for domain and day, are known. */
static void put_batch(struct store *s, unsigned from, unsigned n, unsigned rows)
{
	struct store_counts c = { 0 };

	assert_true(store_begin(s, &e));
	for (unsigned i = 0; i < n; i++)
		put_report(s, from + i, 1 + any(rows));
	assert_true(store_commit(s, &c, &e));
	assert_true(c.records > n);
}

/* Merges all, however little it is. */
static void settle(struct store *s)
{
	bool mine = false;

	assert_true(s->ops->settle_begin(s, &mine, &e));
	assert_true(mine);
	assert_true(packs_merge(s, &e));
	assert_true(s->ops->settle_end(s, true, &e));
}

static bool take_line(void *arg, const str *c)
{
	add_line(arg, c[0], store_number(c[1]));
	return true;
}

static bool take_pack(void *arg, struct pack_row *r, str org)
{
	const struct traffic *t = &r->t;
	char text[512];

	(void)snprintf(text, sizeof text,
		       "%.*s|%lld|%.*s|%d|%d|%.*s|%u|%.*s|%.*s", STR_ARG(org),
		       (long long)t->day, STR_ARG(t->source_ip), t->dkim,
		       t->spf, STR_ARG(t->disposition), t->hints,
		       STR_ARG(t->selector), STR_ARG(t->via));
	add_line(arg, str_of(text), t->messages);
	return true;
}

static bool take_org(void *arg, struct pack_row *r, str org)
{
	char text[512];

	(void)snprintf(text, sizeof text, "%.*s|%.*s|%d|%d|%.*s", STR_ARG(org),
		       STR_ARG(r->t.source_ip), r->t.dkim, r->t.spf,
		       STR_ARG(r->t.disposition));
	add_line(arg, str_of(text), r->t.messages);
	return true;
}

static void same(const struct lines *a, const struct lines *b)
{
	size_t at = 0;
	void *value;
	str key;

	while (map_next(&a->sums, &at, &key, &value)) {
		const uint64_t *other = map_find(&b->sums, key);

		if (!other || *other != *(const uint64_t *)value)
			fail_msg("%.*s", STR_ARG(key));
	}
	assert_int_equal(a->sums.n, b->sums.n);
}

/* Rows that come in pages, each of them behind the one before. */
struct paging {
	struct lines *lines;
	struct arena *arena[2]; /* of the last row and the one before */
	struct traffic last, after;
	uint64_t rows, page;
};

static struct traffic copied(struct arena *a, const struct traffic *t)
{
	struct traffic to = *t;

	arena_reset(a);
	to.domain = arena_str(a, t->domain);
	to.source_ip = arena_str(a, t->source_ip);
	to.disposition = arena_str(a, t->disposition);
	to.selector = arena_str(a, t->selector);
	to.via = arena_str(a, t->via);
	return to;
}

static bool take_sum(void *arg, const struct traffic *t)
{
	struct paging *p = arg;
	struct pack_row r = { .t = *t };
	int d = p->rows ? str_cmp(p->last.domain, t->domain) : -1;

	assert_true(d < 0 || (!d && (p->last.day < t->day ||
				     (p->last.day == t->day &&
				      pack_cmp(&p->last, t) < 0))));
	p->rows++;
	p->page++;
	take_pack(p->lines, &r, STR(""));
	p->last = copied(p->arena[0], t);
	return true;
}

/* The rows of these days one by one are what packs give, each of them once. */
static uint64_t check_sums(struct store *s, str domain, uint64_t most,
			   int64_t since, int64_t until)
{
	struct arena *a = arena_new(1 << 16), *page = arena_new(1 << 12);
	struct lines packed = lines_new(a), summed = lines_new(a);
	struct paging p = { .lines = &summed,
			    .arena = { arena_new(4096), arena_new(4096) } };
	struct packs_choice c = { .domain = domain,
				  .since = since,
				  .until = until };
	struct sums_choice next = { domain, since, until, NULL, most };

	do {
		assert_true(store_read_begin(s, &e));
		p.page = 0;
		arena_reset(page);
		assert_true(sums_read(s, &next, page, take_sum, &p, &e));
		store_read_end(s);
		p.after = copied(p.arena[1], &p.last);
		next.after = &p.after;
		assert_true(p.page <= most);
	} while (p.page == most);
	assert_true(packs_read(s, &c, a, take_pack, &packed, &e));
	same(&packed, &summed);
	if (domain.n)
		assert_int_equal(p.rows, packed.sums.n);
	arena_free(a);
	arena_free(page);
	arena_free(p.arena[0]);
	arena_free(p.arena[1]);
	return p.rows;
}

static void check_pages(struct store *s)
{
	const str org = STR("example.org"), net = STR("example.net");
	const int64_t last = INT64_C(1000000000);
	uint64_t n = check_sums(s, org, 50, 0, last) +
		     check_sums(s, net, 1000000, 0, last);

	assert_true(n > 200);
	assert_int_equal(check_sums(s, STR(""), 97, 0, last), n);
	assert_true(check_sums(s, org, 41, MONDAY + 2, MONDAY + 4) < n);
	assert_int_equal(check_sums(s, STR("example.com"), 5, 0, last), 0);
}

/* Packs and days are what was put, and by reporter what the records are. */
static void check_domain(struct store *s, size_t i, struct arena *a)
{
	struct lines packed = lines_new(a), by_org = lines_new(a),
		     of_records = lines_new(a), days = lines_new(a),
		     by_day = lines_new(a);
	struct packs_choice c = { .domain = str_of(domains[i]),
				  .until = INT64_MAX / DAY };
	char sql[512];

	assert_true(packs_read(s, &c, a, take_pack, &packed, &e));
	assert_true(truth.traffic[i].sums.n > 100);
	same(&packed, &truth.traffic[i]);
	c.kind = PACKS_BY_ORG;
	assert_true(packs_read(s, &c, a, take_org, &by_org, &e));
	(void)snprintf(sql, sizeof sql,
		       "SELECT r.org || '|' || source_ip || '|' || dkim || '|'"
		       " || spf || '|' || disposition, x.messages FROM record x"
		       " JOIN report r USING (domain, report)"
		       " WHERE domain = '%s'",
		       domains[i]);
	assert_true(store_query(s, sql, NULL, 0, take_line, &of_records, &e));
	same(&by_org, &of_records);
	(void)snprintf(sql, sizeof sql,
		       "SELECT day || '|' || dkim || '|' || spf || '|' ||"
		       " disposition, messages FROM traffic_day"
		       " WHERE domain = '%s'",
		       domains[i]);
	assert_true(store_query(s, sql, NULL, 0, take_line, &days, &e));
	(void)snprintf(sql, sizeof sql,
		       "SELECT day || '|' || dkim || '|' || spf || '|' ||"
		       " disposition, messages FROM traffic"
		       " WHERE domain = '%s'",
		       domains[i]);
	assert_true(store_query(s, sql, NULL, 0, take_line, &by_day, &e));
	same(&days, &by_day);
}

static void check(struct store *s)
{
	unroll(s);
	for (size_t i = 0; i < 2; i++) {
		struct arena *a = arena_new(1 << 16);

		check_domain(s, i, a);
		arena_free(a);
	}
	check_pages(s);
}

static bool take_number(void *arg, const str *c)
{
	*(uint64_t *)arg = store_number(c[0]);
	return true;
}

static uint64_t number(struct store *s, const char *sql)
{
	uint64_t n = 0;

	assert_true(store_query(s, sql, NULL, 0, take_number, &n, &e));
	return n;
}

static void sums_of_rows(void **state)
{
	struct store *s = opened();

	(void)state;
	put_batch(s, 0, 40, 30);
	check(s); /* all waits */
	settle(s);
	assert_int_equal(number(s, "SELECT count(*) FROM pack_new"), 0);
	assert_true(number(s, "SELECT count(*) FROM pack") > 20);
	check(s); /* nothing does */
	put_batch(s, 30, 60, 30); /* some of them again */
	check(s);
	settle(s);
	settle(s); /* of nothing */
	check(s);
	store_close(s);
}

/* One that gives up, at any moment, changes nothing. */
static void given_up(void **state)
{
	struct store *s = opened();
	bool mine;

	(void)state;
	put_batch(s, 0, 40, 30);
	assert_true(s->ops->settle_begin(s, &mine, &e));
	assert_true(packs_merge(s, &e));
	assert_true(s->ops->settle_end(s, false, &e));
	assert_true(number(s, "SELECT count(*) FROM pack_new") > 0);
	check(s);
	assert_true(s->ops->settle_begin(s, &mine, &e));
	assert_true(packs_merge(s, &e));
	store_close(s); /* without a word */
	s = opened();
	check(s);
	store_close(s);
}

/* Merged without being asked when it is much. */
static void much(void **state)
{
	struct store *s = opened();

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		put_batch(s, i * 400, 400, 4);
	assert_in_range(number(s, "SELECT count(*) FROM pack_new"), 1, 999);
	assert_true(number(s, "SELECT count(*) FROM pack") > 0);
	check(s);
	store_close(s);
}

/* Two on PostgreSQL: what one commits while the other merges waits for the next
 * time, and only one merges.  On SQLite they take turns. */
static void together(void **state)
{
	struct store *a = opened(), *b;
	bool mine = false;

	(void)state;
	if (*dir) {
		store_close(a);
		return;
	}
	b = opened();
	assert_true(a && b);
	put_batch(a, 0, 40, 30);
	assert_true(a->ops->settle_begin(a, &mine, &e) && mine);
	assert_true(number(a, "SELECT count(*) FROM pack_new") > 0);
	put_batch(b, 100, 40, 30);
	assert_true(b->ops->settle_begin(b, &mine, &e) && !mine);
	assert_true(b->ops->settle_end(b, true, &e));
	check(b);
	assert_true(packs_merge(a, &e));
	check(b);
	assert_true(a->ops->settle_end(a, true, &e));
	assert_true(number(a, "SELECT count(*) FROM pack_new") > 20);
	check(b);
	settle(b);
	check(a);
	store_close(a);
	store_close(b);
}

struct told {
	uint64_t done, total;
	unsigned times;
};

static void tell(void *arg, uint64_t done, uint64_t total)
{
	struct told *t = arg;

	assert_true(done > t->done || t->done == total); /* or the next step */
	*t = (struct told){ done, total, t->times + 1 };
}

/* As inkan left it before it had packs, and blocks. */
static void make_old(struct store *s)
{
	unroll_run(s, "DROP TABLE record");
	unroll_run(s, "DROP TABLE traffic");
	unroll_records(s, "CREATE TABLE record");
	unroll_run(s, "DROP TABLE record_block");
	unroll_run(s, "CREATE TABLE traffic (domain TEXT)");
	unroll_run(s, "DROP TABLE pack");
	unroll_run(s, "DROP TABLE pack_new");
	unroll_run(s, "DROP TABLE original");
	unroll_run(s, "DROP TABLE incident");
	unroll_run(s, "DROP TABLE sending_failures");
	if (*dir)
		unroll_run(s, "PRAGMA user_version = 3");
	else
		unroll_run(s, "DELETE FROM inkan_schema WHERE version > 3");
}

static void old_store(void **state)
{
	struct told told = { 0 };
	struct store_telling telling = { tell, &told };
	struct store *s = opened();

	(void)state;
	put_batch(s, 0, 650, 6);
	check(s);
	make_old(s);
	store_close(s);
	s = store_open(url, false, &e);
	assert_null(s); /* it is said how it becomes a new one */
	assert_non_null(strstr(e.text, "older inkan"));
	s = store_open_telling(url, &telling, &e);
	assert_non_null(s);
	assert_true(told.times > 2 && told.done == told.total);
	check(s);
	put_batch(s, 1000, 10, 6);
	check(s);
	store_close(s);
}

/* ---- what pages ask ---- */

static bool sum_part(void *arg, const struct flow_part *p)
{
	*(uint64_t *)arg += p->messages;
	return true;
}

static bool sum_reporter(void *arg, const struct flow_reporter *r)
{
	*(uint64_t *)arg += r->sum.messages;
	return true;
}

static uint64_t flow_sum(struct store *s, struct arena *a,
			 const struct store_view *v)
{
	struct flow f;
	uint64_t days = 0, sources = 0;

	assert_true(flow_make(s, v, a, &f, &e));
	for (size_t i = 0; i < f.n_days; i++)
		days += f.day[i].sum.messages;
	for (size_t i = 0; i < f.sources.n; i++)
		sources += f.sources.source[i].messages;
	assert_int_equal(days, f.sum.messages);
	if (v->reporter.n || v->disposition.n || v->selector.n ||
	    !v->of.failing)
		assert_int_equal(sources, f.sum.messages);
	return f.sum.messages;
}

/* Every choice alone and two together, against the rows. */
static void choices(void **state)
{
	static const struct {
		const char *reporter, *disposition, *selector, *net;
		bool failing;
		const char *where;
	} cases[] = {
		{ "", "", "", "", false, "1 = 1" },
		{ "", "", "", "", true, "dkim + spf = 0" },
		{ "", "reject", "", "", false, "disposition = 'reject'" },
		{ "", "none", "", "", true,
		  "disposition = 'none' AND dkim + spf = 0" },
		{ "", "", "s7", "", false,
		  "dkim > 0 AND auth LIKE '%\"selector\":\"s7\"%'" },
		{ "receiver1.example", "", "", "", false,
		  "org = 'receiver1.example'" },
		{ "receiver1.example", "reject", "", "", true,
		  "org = 'receiver1.example' AND disposition = 'reject' AND "
		  "dkim + spf = 0" },
		{ "receiver2.example", "", "s7", "", false,
		  "org = 'receiver2.example' AND dkim > 0 AND auth LIKE "
		  "'%\"selector\":\"s7\"%'" },
		{ "", "", "", "192.0.2.0/24", false, "source_ip LIKE '192%'" },
		{ "receiver3.example", "", "", "2001:db8::/32", true,
		  "org = 'receiver3.example' AND source_ip LIKE '2001%' AND "
		  "dkim + spf = 0" },
		{ "", "quarantine", "", "192.0.2.7", false,
		  "source_ip = '192.0.2.7' AND disposition = 'quarantine'" },
	};
	struct store *s = opened();

	(void)state;
	put_batch(s, 0, 60, 60);
	settle(s);
	put_batch(s, 100, 60, 60);
	unroll(s);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new(1 << 16);
		struct store_view v = {
			.of = { STORE_ALL_DAYS, .domain = STR("example.org"),
				.failing = cases[i].failing },
			.reporter = str_of(cases[i].reporter),
			.disposition = str_of(cases[i].disposition),
			.selector = str_of(cases[i].selector),
		};
		char sql[512];
		uint64_t want, parts = 0, reported = 0;

		if (*cases[i].net)
			assert_true(
				ip_prefix_parse(str_of(cases[i].net), &v.net));
		(void)snprintf(sql, sizeof sql,
			       "SELECT sum(x.messages) FROM record x JOIN "
			       "report r USING (domain, report) WHERE domain = "
			       "'example.org' AND %s",
			       cases[i].where);
		want = number(s, sql);
		assert_true(want > 0);
		assert_int_equal(flow_sum(s, a, &v), want);
		if (v.net.ip.family == IP_V4 && v.net.bits == 32) {
			assert_true(flow_source_reporters(
				s, &v, 100, a, sum_reporter, &reported, &e));
			assert_int_equal(reported, want);
			assert_true(flow_parts(s, &v, a, sum_part, &parts, &e));
			assert_int_equal(
				parts,
				number(s, "SELECT sum(messages) FROM record "
					  "WHERE domain = 'example.org' AND "
					  "source_ip = '192.0.2.7'"));
		}
		arena_free(a);
	}
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(damaged),
		cmocka_unit_test_setup_teardown(sums_of_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(much, setup, teardown),
		cmocka_unit_test_setup_teardown(together, setup, teardown),
		cmocka_unit_test_setup_teardown(old_store, setup, teardown),
		cmocka_unit_test_setup_teardown(choices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
