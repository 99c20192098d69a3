/* The documents of one file.  Most are read once, as they come out of their
 * archive.  One with broken markup is read again leniently; one whose rows stand
 * before its head is read for its head, and then again. */
#include "report/import_inside.h"
#include "report/tlsrpt.h"

struct retry {
	unsigned number;
	bool lenient, head_only;
	const struct store_head *head;
	unsigned warnings;
};

struct documents {
	struct importer *im;
	str file; /* all of it */
	enum unpack_kind file_kind;
	const struct report_hints *hints;
	struct outcome out;
	bool only; /* one number is wanted, as `how` says */
	struct retry how;
	struct retry again[LIMIT_ZIP_MEMBERS];
	size_t n_again;

	/* the document that runs */
	unsigned number;
	enum unpack_kind kind;
	struct report_hints its_hints;
	struct ident *ident;
	struct buf json;
};

static bool on_head(void *arg, const struct store_head *h)
{
	struct documents *d = arg;

	d->ident = ident_new(d->im, h);
	return import_begin(d->im, h);
}

static bool on_record(void *arg, const struct store_record *r)
{
	struct documents *d = arg;

	ident_add(d->ident, r->source_ip);
	ident_count(d->ident, r->messages);
	ident_add(d->ident, r->disposition);
	ident_count(d->ident, (r->dkim ? 1u : 0) | (r->spf ? 2u : 0));
	ident_add(d->ident, r->header_from);
	ident_add(d->ident, r->envelope_from);
	ident_add(d->ident, r->envelope_to);
	ident_add(d->ident, r->reasons);
	ident_add(d->ident, r->auth);
	return intake_put_record(d->im->intake, r, d->im->e) ||
	       store_broke(d->im);
}

/* ---- the report as it came ---- */

/* Does the file, read again, begin with this document? */
static bool is_file(const struct documents *d)
{
	return !d->number &&
	       (d->file_kind == UNPACK_GZIP ||
		(d->file_kind == UNPACK_ZIP && unzip_has_one(d->file)));
}

static void keep_begin(struct documents *d)
{
	struct importer *im = d->im;

	im->packed.n = 0;
	im->packed.overflow = false;
	if (im->keep && !is_file(d) && !(d->only && d->how.head_only))
		im->gzip = gzip_new(&im->packed, true);
}

static void keep_octets(struct documents *d, str octets)
{
	if (d->im->gzip)
		(void)gzip_put(d->im->gzip, octets);
}

/* What is too large is not kept. */
static void keep_end(struct documents *d)
{
	struct importer *im = d->im;

	if (im->keep && is_file(d))
		im->original = str_head(d->file, d->file.n <= STORE_ORIGINAL_MAX
							 ? d->file.n
							 : 0);
	else if (im->gzip && gzip_end(im->gzip))
		im->original = buf_str(&im->packed);
}

static bool start_aggregate(struct documents *d)
{
	struct aggregate_sink sink = { d, on_head, on_record };
	struct aggregate_options o = {
		.lenient = d->only && d->how.lenient,
		.head_only = d->only && d->how.head_only,
		.head = d->only ? d->how.head : NULL,
		.warnings = d->only ? d->how.warnings : 0,
		.hints = d->its_hints,
	};

	d->im->aggregate = aggregate_new(&o, &sink);
	if (!d->im->aggregate)
		arena_out_of_memory(d->im->arena);
	return true;
}

static bool on_begin(void *arg, unsigned number, enum unpack_kind kind,
		     str name)
{
	struct documents *d = arg;

	if (d->im->store_failed || (d->only && number != d->how.number))
		return false;
	d->number = number;
	d->kind = kind;
	d->its_hints = *d->hints;
	hints_of_name(arena_str(d->im->arena, name), &d->its_hints);
	if (kind == UNPACK_XML || kind == UNPACK_JSON)
		keep_begin(d);
	if (kind == UNPACK_XML)
		return start_aggregate(d);
	d->json = buf_of(d->im->arena, LIMIT_JSON_BYTES);
	return true;
}

static bool on_octets(void *arg, str octets)
{
	struct documents *d = arg;

	keep_octets(d, octets);
	if (d->kind == UNPACK_XML)
		return aggregate_put(d->im->aggregate, octets);
	if (d->kind != UNPACK_JSON)
		return false;
	buf_put(&d->json, octets);
	return !d->json.overflow;
}

static void again(struct documents *d, struct retry how)
{
	how.number = d->number;
	if (d->n_again < LIMIT_ZIP_MEMBERS)
		d->again[d->n_again++] = how;
}

static const struct store_head *copy_head(struct arena *a,
					  const struct store_head *h)
{
	struct store_head *c = arena_new_of(a, struct store_head);

	*c = *h;
	c->domain = arena_str(a, h->domain);
	c->org = arena_str(a, h->org);
	c->email = arena_str(a, h->email);
	c->contact = arena_str(a, h->contact);
	c->report_id = arena_str(a, h->report_id);
	c->policy = arena_str(a, h->policy);
	return c;
}

static void bad(struct documents *d, const char *why)
{
	(void)import_cancel(d->im);
	if (!d->out.bad)
		d->out.bad = why;
}

static void other(struct documents *d, const char *why)
{
	(void)import_cancel(d->im);
	if (!d->out.other)
		d->out.other = why;
}

static void accept(struct documents *d, bool mended)
{
	struct aggregate *a = d->im->aggregate;
	unsigned warnings = aggregate_warnings(a) |
			    (mended ? (unsigned)REPORT_ARCHIVE : 0);

	if (d->only && d->how.head_only) {
		again(d, (struct retry){ .lenient = d->how.lenient,
					 .head = copy_head(d->im->arena,
							   aggregate_head(a)),
					 .warnings = warnings });
		return;
	}
	keep_end(d);
	if (import_end(d->im, ident_end(d->ident), aggregate_skipped(a),
		       warnings))
		d->out.reports++;
}

static void end_aggregate(struct documents *d, const char *why, bool mended)
{
	struct aggregate *a = d->im->aggregate;
	bool lenient = d->only && d->how.lenient;

	switch (aggregate_end(a)) {
	case AGGREGATE_DONE:
		/* what comes behind the document does not matter */
		accept(d, mended || why);
		return;
	case AGGREGATE_STOPPED:
		return;
	case AGGREGATE_BROKEN:
		if (!why && !lenient) {
			(void)import_cancel(d->im);
			again(d, (struct retry){ .lenient = true });
			return;
		}
		break;
	case AGGREGATE_LATE:
		if (!why) {
			(void)import_cancel(d->im);
			again(d, (struct retry){ .lenient = lenient,
						 .head_only = true });
			return;
		}
		break;
	default:
		break;
	}
	if (!why && !aggregate_is_report(a))
		other(d, aggregate_why(a));
	else
		bad(d, why ? why : aggregate_why(a));
}

static bool tls_head(void *arg, const struct store_head *h)
{
	struct documents *d = arg;

	d->ident = ident_new(d->im, h);
	return import_begin(d->im, h);
}

static bool tls_row(void *arg, const struct store_tls *r)
{
	struct documents *d = arg;

	ident_add(d->ident, r->policy_type);
	ident_add(d->ident, r->mx);
	ident_add(d->ident, r->result);
	ident_add(d->ident, r->sending_ip);
	ident_add(d->ident, r->receiving_host);
	ident_add(d->ident, r->receiving_ip);
	ident_add(d->ident, r->reason);
	ident_count(d->ident, r->sessions);
	return intake_put_tls(d->im->intake, r, d->im->e) || store_broke(d->im);
}

static bool tls_end(void *arg)
{
	struct documents *d = arg;

	keep_end(d);
	if (!import_end(d->im, ident_end(d->ident), 0, 0))
		return false;
	d->out.reports++;
	return true;
}

static void end_json(struct documents *d, const char *archive)
{
	struct tlsrpt_sink sink = { d, tls_head, tls_row, tls_end };
	const char *why = NULL;

	if (archive) {
		bad(d, archive);
		return;
	}
	if (d->json.overflow) {
		bad(d, "it is larger than any TLS report");
		return;
	}
	switch (tlsrpt_read(d->im->arena, buf_str(&d->json), &sink, &why)) {
	case TLSRPT_OTHER:
		other(d, why);
		break;
	case TLSRPT_BAD:
		bad(d, why);
		break;
	default:
		break;
	}
}

static void on_end(void *arg, const char *why, bool mended)
{
	struct documents *d = arg;

	if (d->kind == UNPACK_XML) {
		end_aggregate(d, why, mended);
		aggregate_free(d->im->aggregate);
		d->im->aggregate = NULL;
	} else if (d->kind == UNPACK_JSON) {
		end_json(d, why);
	} else if (why) {
		bad(d, why);
	} else {
		other(d, d->kind == UNPACK_EMPTY
				 ? "it is empty"
				 : "it is neither a report nor a mail");
	}
	gzip_free(d->im->gzip);
	d->im->gzip = NULL;
}

struct outcome import_documents(struct importer *im, str octets,
				const struct report_hints *hints)
{
	struct documents *d = arena_new_of(im->arena, struct documents);
	struct unpack_sink sink = { d, on_begin, on_octets, on_end };
	struct unpack_budget budget = { 0 };
	const char *why;

	d->im = im;
	d->hints = hints;
	d->file = octets;
	d->file_kind = unpack_kind_of(str_head(octets, 512));
	why = unpack(octets, &sink, &budget);
	if (why)
		bad(d, why);
	d->only = true;
	for (size_t i = 0; i < d->n_again && !im->store_failed; i++) {
		d->how = d->again[i];
		(void)unpack(octets, &sink, &budget);
	}
	if (budget.spent && !d->out.bad)
		bad(d, "it unpacks to more than any report: refused");
	return d->out;
}
