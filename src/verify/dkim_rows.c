#include "verify/dkim_rows.h"

#include "base/limits.h"
#include "dns/name.h"
#include "mail/address.h"

static bool is_signature(const struct field *f)
{
	return str_ieq(f->name, STR("DKIM-Signature"));
}

/* Of the first From field, or empty.  Only the order of work hangs on it, never
 * a verdict. */
static str author_domain(struct arena *arena, const struct header *header)
{
	const struct field *from = header_find(header, STR("From"), 0);
	struct mailbox box;

	if (!from || !mailbox_first(arena, from->value, &box))
		return STR("");
	return box.domain;
}

static bool related(str a, str b)
{
	return a.n && b.n &&
	       (dns_name_is_below(a, b) || dns_name_is_below(b, a) ||
		str_ieq(dns_name_last_labels(a, 2),
			dns_name_last_labels(b, 2)));
}

/* Marks pending checks as evaluated, up to *left of them. */
static void choose(struct dkim_rows *rows, str author, bool want_related,
		   unsigned *left)
{
	for (size_t i = 0; i < rows->n && *left; i++) {
		const struct dkim_check *c = &rows->checks[i];

		if (c->result != DKIM_PENDING || rows->evaluated[i] ||
		    (want_related && !related(c->sig.domain_ascii, author)))
			continue;
		rows->evaluated[i] = true;
		--*left;
	}
}

static void settle_the_rest(struct dkim_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct dkim_check *c = &rows->checks[i];

		if (c->result == DKIM_PENDING && !rows->evaluated[i])
			dkim_check_settle(c, DKIM_POLICY,
					  rows->too_large
						  ? "header too large to verify"
						  : "too many signatures");
	}
}

void dkim_rows_init(struct dkim_rows *rows, struct arena *arena,
		    const struct header *header,
		    const struct dkim_policy *policy, unsigned max)
{
	size_t seen = max > LIMIT_SIGNATURES_SEEN ? max : LIMIT_SIGNATURES_SEEN;
	size_t all = header_count(header, STR("DKIM-Signature"));
	str author = author_domain(arena, header);
	unsigned left = header->too_large ? 0 : max;

	*rows = (struct dkim_rows){ .too_large = header->too_large };
	if (seen > all)
		seen = all;
	rows->unseen = all - seen;
	rows->checks = arena_array_of(arena, struct dkim_check, seen);
	rows->evaluated = arena_array_of(arena, bool, seen);
	for (size_t i = 0; i < header->n && rows->n < seen; i++)
		if (is_signature(&header->fields[i]))
			dkim_check_init(&rows->checks[rows->n++], arena,
					&header->fields[i], policy);
	choose(rows, author, true, &left);
	choose(rows, author, false, &left);
	settle_the_rest(rows);
}

void dkim_rows_ask(struct dkim_rows *rows, struct asks *asks)
{
	for (size_t i = 0; i < rows->n; i++)
		dkim_check_ask(&rows->checks[i], asks);
}

void dkim_rows_headers(struct dkim_rows *rows, const struct header *header,
		       struct bodyhash *bodyhash)
{
	for (size_t i = 0; i < rows->n; i++)
		dkim_check_headers(&rows->checks[i], header, bodyhash);
}

bool dkim_rows_step(struct dkim_rows *rows, struct asks *asks,
		    const struct bodyhash *bodyhash)
{
	bool done = true;

	for (size_t i = 0; i < rows->n; i++) {
		dkim_check_step(&rows->checks[i], asks, bodyhash);
		done = done && rows->checks[i].result != DKIM_PENDING;
	}
	return done;
}

void dkim_rows_give_up(struct dkim_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		dkim_check_give_up(&rows->checks[i]);
}

/* One row for what was not looked at: nothing is passed over in silence. */
static bool last_row(const struct dkim_rows *rows, struct verdict_dkim *out)
{
	*out = (struct verdict_dkim){
		.result = DKIM_POLICY,
		.reason = rows->unseen ? "too many signatures"
				       : "header too large to verify",
	};
	return rows->unseen || (rows->too_large && !rows->n);
}

void dkim_rows_verdict(const struct dkim_rows *rows, struct arena *arena,
		       struct verdict *out)
{
	struct verdict_dkim *r = arena_array_of(arena, struct verdict_dkim,
						rows->n + 1);
	size_t n = rows->n;

	for (size_t i = 0; i < n; i++) {
		verdict_of_check(arena, &rows->checks[i], &r[i]);
		r[i].evaluated = rows->evaluated[i];
	}
	n += last_row(rows, &r[n]);
	verdict_number(r, n);
	out->dkim_rows = r;
	out->n_dkim = n;
	out->unseen = rows->unseen;
	out->dkim = verdict_summary(r, n);
}
