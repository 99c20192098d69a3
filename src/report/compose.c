#include "report/compose.h"

#include "base/limits.h"
#include "crypto/hash.h"
#include "report/aggregate_write.h"
#include "report/gzip.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

enum {
	DAY = 86400,
	FLUSH = 1 << 20, /* of what is packed, to the file */
	ROW_MAX = 8 << 20, /* of one row's XML: a hundred of everything */
	REPORTS_MAX = 10000
};

struct compose {
	struct composing about;
	struct arena *arena; /* ids */
	struct arena *row_arena;
	FILE *file;
	struct buf packed; /* not in the file yet */
	struct gzip *gzip; /* of the report that is being written; or NULL */
	char policy_id[32];
	unsigned part; /* of this policy */
	struct aggregate_policy policy; /* in the arena */
	struct composed *list;
	uint64_t *at; /* where each begins in the file */
	size_t n, cap;
};

static bool no_memory(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "out of memory");
}

struct compose *compose_new(const struct composing *about, struct arena *arena,
			    struct err *e)
{
	struct compose *c = calloc(1, sizeof *c);

	if (!c) {
		(void)no_memory(e);
		return NULL;
	}
	c->about = *about;
	c->arena = arena;
	c->packed = buf_of(NULL, (size_t)ROW_MAX * 2 + FLUSH);
	c->row_arena = arena_new(65536);
	c->file = tmpfile();
	if (c->row_arena && c->file)
		return c;
	if (!c->file)
		(void)err_sys(e, "cannot make a temporary file");
	else
		(void)no_memory(e);
	compose_free(c);
	return NULL;
}

void compose_free(struct compose *c)
{
	if (!c)
		return;
	gzip_free(c->gzip);
	buf_free(&c->packed);
	arena_free(c->row_arena);
	if (c->file)
		(void)fclose(c->file);
	free(c);
}

static bool flush(struct compose *c, struct err *e)
{
	struct composed *now = &c->list[c->n - 1];

	if (c->packed.overflow)
		return no_memory(e);
	if (c->packed.n &&
	    fwrite(c->packed.p, 1, c->packed.n, c->file) != c->packed.n)
		return err_sys(e, "cannot write a temporary file");
	now->octets += c->packed.n;
	c->packed.n = 0;
	return true;
}

static bool put(struct compose *c, const struct buf *xml, struct err *e)
{
	if (xml->overflow || !gzip_put(c->gzip, buf_str(xml)))
		return no_memory(e);
	return c->packed.n < FLUSH || flush(c, e);
}

static bool close_report(struct compose *c, struct err *e)
{
	struct buf xml = buf_of(c->row_arena, 4096);
	bool ok;

	if (!c->gzip)
		return true;
	aggregate_write_end(&xml);
	ok = put(c, &xml, e) && (gzip_end(c->gzip) || no_memory(e)) &&
	     flush(c, e);
	gzip_free(c->gzip);
	c->gzip = NULL;
	return ok;
}

/* The same for the same domain, day and policy: a report that is sent again has
 * the id that it had. */
static str unique_id(struct compose *c)
{
	const struct composing *about = &c->about;
	struct buf text = buf_of(c->row_arena, 2048);
	struct buf id = buf_of(c->arena, 64);
	str digest;

	buf_printf(&text, "%.*s %.*s %lld %s", STR_ARG(about->submitter),
		   STR_ARG(about->domain), (long long)about->day, c->policy_id);
	digest = hash_of(c->row_arena, HASH_SHA256, buf_str(&text));
	for (size_t i = 0; i < 8; i++)
		buf_printf(&id, "%02x", (unsigned)(unsigned char)digest.p[i]);
	if (c->part)
		buf_printf(&id, "p%u", c->part);
	return buf_str(&id);
}

static void grow(struct compose *c)
{
	size_t cap = c->cap ? c->cap * 2 : 8;

	if (c->n < c->cap)
		return;
	c->list = arena_grow(c->arena, c->list, c->cap * sizeof *c->list,
			     cap * sizeof *c->list);
	c->at = arena_grow(c->arena, c->at, c->cap * sizeof *c->at,
			   cap * sizeof *c->at);
	c->cap = cap;
}

static bool open_report(struct compose *c, struct err *e)
{
	const struct composing *about = &c->about;
	struct buf id = buf_of(c->arena, 512);
	struct buf xml = buf_of(c->row_arena, ROW_MAX);
	struct composed *now;

	if (c->n >= REPORTS_MAX)
		return err_set(e, ERR_DATA,
			       "more than %d reports about one day",
			       REPORTS_MAX);
	grow(c);
	c->at[c->n] = c->n ? c->at[c->n - 1] + c->list[c->n - 1].octets : 0;
	now = &c->list[c->n++];
	*now = (struct composed){ .unique = unique_id(c),
				  .begin = about->day * DAY,
				  .end = about->day * DAY + DAY - 1 };
	buf_printf(&id, "%lld.%.*s@%.*s", (long long)about->day,
		   STR_ARG(now->unique), STR_ARG(about->submitter));
	now->report_id = buf_str(&id);
	c->gzip = gzip_new(&c->packed, false);
	if (!c->gzip)
		return no_memory(e);
	aggregate_write_begin(&xml,
			      &(struct aggregate_meta){
				      .org = about->org,
				      .email = about->email,
				      .contact = about->contact,
				      .report_id = now->report_id,
				      .generator = STR("inkan/" INKAN_VERSION),
				      .begin = now->begin,
				      .end = now->end,
			      },
			      &c->policy);
	return put(c, &xml, e);
}

static void keep_policy(struct compose *c, const struct store_verdict_row *r)
{
	struct arena *a = c->arena;

	(void)snprintf(c->policy_id, sizeof c->policy_id, "%.*s",
		       STR_ARG(r->policy_id));
	c->part = 0;
	c->policy = (struct aggregate_policy){
		.domain = c->about.domain,
		.p = arena_str(a, r->policy.p),
		.sp = arena_str(a, r->policy.sp),
		.np = arena_str(a, r->policy.np),
		.adkim = arena_str(a, r->policy.adkim),
		.aspf = arena_str(a, r->policy.aspf),
		.fo = arena_str(a, r->policy.fo),
		.testing = arena_str(a, r->policy.testing),
		.discovery = arena_str(a, r->policy.discovery),
	};
}

/* ---- a row ---- */

static json_t *read_json(str text)
{
	return text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL;
}

static str member(struct arena *arena, const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	if (!json_is_string(v))
		return (str){ NULL, 0 };
	return arena_str(arena,
			 (str){ json_string_value(v), json_string_length(v) });
}

static void read_reasons(struct arena *a, const json_t *list,
			 struct aggregate_row *out)
{
	struct aggregate_reason *reasons = arena_array_of(
		a, struct aggregate_reason, LIMIT_REPORT_AUTH);
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < LIMIT_REPORT_AUTH; i++) {
		const json_t *x = json_array_get(list, i);

		reasons[out->n_reasons++] = (struct aggregate_reason){
			member(a, x, "type"), member(a, x, "comment")
		};
	}
	out->reasons = reasons;
}

static void read_results(struct arena *a, const json_t *list,
			 struct aggregate_row *out)
{
	size_t n = json_array_size(list);
	struct aggregate_result *dkim = arena_array_of(
		a, struct aggregate_result, n + 1);

	for (size_t i = 0; i < n; i++) {
		const json_t *x = json_array_get(list, i);
		struct aggregate_result r = { member(a, x, "domain"),
					      member(a, x, "selector"),
					      member(a, x, "result"),
					      member(a, x, "human_result") };

		if (!r.domain.n)
			continue;
		if (!str_eq(member(a, x, "method"), STR("spf"))) {
			dkim[out->n_signatures++] = r;
		} else if (!out->spf_result.domain.n) {
			out->spf_result = r;
			out->spf_helo = str_eq(member(a, x, "scope"),
					       STR("helo"));
		}
	}
	out->signatures = dkim;
}

static void write_row(struct compose *c, const struct store_verdict_row *r,
		      struct buf *xml)
{
	struct aggregate_row row = {
		.source_ip = r->source_ip,
		.count = r->messages,
		.disposition = r->disposition,
		.dkim = r->dkim,
		.spf = r->spf,
		.header_from = r->header_from,
		.envelope_from = r->envelope_from,
		.envelope_to = r->envelope_to,
	};
	json_t *reasons = read_json(r->reasons), *auth = read_json(r->auth);

	read_reasons(c->row_arena, reasons, &row);
	read_results(c->row_arena, auth, &row);
	json_decref(reasons);
	json_decref(auth);
	aggregate_write_row(xml, &c->policy, &row);
}

static bool put_row(struct compose *c, const struct store_verdict_row *r,
		    struct err *e)
{
	struct buf xml = buf_of(c->row_arena, ROW_MAX);
	struct composed *now;

	write_row(c, r, &xml);
	if (!put(c, &xml, e))
		return false;
	now = &c->list[c->n - 1];
	now->records++;
	now->messages += r->messages;
	return true;
}

bool compose_row(struct compose *c, const struct store_verdict_row *r,
		 struct err *e)
{
	bool other = !str_eq(r->policy_id, str_of(c->policy_id));
	struct composed *now;

	/* without an address no reader takes the row, without a policy there
	 * is nothing to report on */
	if (!r->policy.p.n || !r->source_ip.n)
		return true;
	arena_reset(c->row_arena);
	now = c->n ? &c->list[c->n - 1] : NULL;
	if (c->gzip && now &&
	    (other || now->octets + c->packed.n > c->about.max)) {
		if (!close_report(c, e))
			return false;
		c->part++;
	}
	if (other)
		keep_policy(c, r);
	return (c->gzip || open_report(c, e)) && put_row(c, r, e);
}

bool compose_end(struct compose *c, struct err *e)
{
	arena_reset(c->row_arena);
	if (!close_report(c, e))
		return false;
	return fflush(c->file) == 0 ||
	       err_sys(e, "cannot write a temporary file");
}

size_t compose_count(const struct compose *c)
{
	return c->n;
}

const struct composed *compose_at(const struct compose *c, size_t i)
{
	return &c->list[i];
}

bool compose_read(struct compose *c, size_t i, struct arena *arena, str *out,
		  struct err *e)
{
	size_t n = (size_t)c->list[i].octets;
	char *p = arena_alloc(arena, n);

	if (fseek(c->file, (long)c->at[i], SEEK_SET) != 0 ||
	    fread(p, 1, n, c->file) != n)
		return err_sys(e, "cannot read a temporary file");
	*out = (str){ p, n };
	return true;
}
