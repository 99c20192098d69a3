/* The structure: which element stands in which, and what is done at the end of
 * each.  Elements are known by their names without case and by the one they
 * stand in; others are skipped with all that is in them. */
#include "report/aggregate.h"

#include "report/aggregate_inside.h"
#include "report/values.h"
#include "report/xml.h"

#include <stdlib.h>

enum { BLOCK = 262144, SCRATCH = 16384, JSON_MAX = 1 << 20 };

struct aggregate {
	struct aggregate_options o;
	struct aggregate_sink sink;
	struct xml *xml;
	struct arena *scratch; /* for one record */
	struct arena *head_arena;
	struct buf json; /* of one record */

	enum element stack[LIMIT_XML_DEPTH + 1];
	unsigned depth;
	unsigned outside; /* elements around <feedback> */
	unsigned skip; /* depth within an element of no interest */
	bool in_feedback, seen_feedback;

	char text[LIMIT_XML_TEXT];
	size_t text_n;

	struct block record_block, head_block;
	struct raw_record record;
	struct raw_head raw_head;
	struct store_head head;
	bool has_head; /* given to the sink */

	uint64_t octets, rows, skipped;
	unsigned warnings;
	enum aggregate_end end;
	const char *why;
};

str block_keep(struct block *b, str s, size_t max, bool *cut)
{
	s = str_trim(s);
	if (s.n > max) {
		*cut = true;
		while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80)
			max--;
		s.n = max;
	}
	if (s.n > b->max - b->n) {
		*cut = true;
		return STR("");
	}
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	return (str){ b->p + b->n - s.n, s.n };
}

static bool refuse(struct aggregate *a, enum aggregate_end end, const char *why)
{
	a->end = end;
	a->why = why;
	return false;
}

static str keep_in(struct aggregate *a, struct block *b, size_t max)
{
	bool cut = false;
	str s = block_keep(b, (str){ a->text, a->text_n }, max, &cut);

	if (cut)
		a->warnings |= REPORT_CUT;
	return s;
}

static str keep_name(struct aggregate *a)
{
	return keep_in(a, &a->record_block, LIMIT_REPORT_NAME);
}

/* Head values count once: the first one that says something. */
static void keep_first(struct aggregate *a, str *value, size_t max)
{
	if (!value->n)
		*value = keep_in(a, &a->head_block, max);
}

/* ---- the head ---- */

static void metadata_value(struct aggregate *a, enum element e)
{
	struct raw_head *h = &a->raw_head;

	if (e == E_ORG)
		keep_first(a, &h->org, LIMIT_REPORT_NAME);
	else if (e == E_EMAIL)
		keep_first(a, &h->email, LIMIT_REPORT_NAME);
	else if (e == E_CONTACT)
		keep_first(a, &h->contact, LIMIT_REPORT_TEXT);
	else if (e == E_REPORT_ID)
		keep_first(a, &h->report_id, LIMIT_REPORT_TEXT);
	else if (e == E_GENERATOR)
		keep_first(a, &h->generator, LIMIT_REPORT_NAME);
	else if (e == E_ERROR &&
		 h->n_errors < sizeof h->errors / sizeof *h->errors)
		keep_first(a, &h->errors[h->n_errors++], LIMIT_REPORT_TEXT);
}

static void policy_value(struct aggregate *a, enum element e)
{
	struct raw_head *h = &a->raw_head;
	str *const values[E_COUNT_OF] = {
		[E_DOMAIN] = &h->domain,   [E_ADKIM] = &h->adkim,
		[E_ASPF] = &h->aspf,       [E_P] = &h->p,
		[E_SP] = &h->sp,           [E_NP] = &h->np,
		[E_PCT] = &h->pct,         [E_FO] = &h->fo,
		[E_TESTING] = &h->testing, [E_DISCOVERY] = &h->discovery,
	};

	if (values[e] && !h->policy_done)
		keep_first(a, values[e], LIMIT_REPORT_NAME);
}

static bool give_head(struct aggregate *a)
{
	const char *why = NULL;

	if (a->has_head)
		return true;
	if (a->o.head) {
		a->head = *a->o.head;
	} else {
		/* what is kept is bounded by the block */
		if (!arena_enter(a->head_arena))
			return refuse(a, AGGREGATE_REFUSED,
				      "not enough memory to read it");
		bool ok = head_read(&a->raw_head, &a->o.hints, a->head_arena,
				    &a->warnings, &a->head, &why);
		arena_leave(a->head_arena);
		if (!ok)
			return refuse(a, AGGREGATE_REFUSED, why);
	}
	a->has_head = true;
	if (!a->o.head_only && !a->sink.head(a->sink.arg, &a->head))
		return refuse(a, AGGREGATE_STOPPED, "stopped");
	return true;
}

/* ---- records ---- */

static struct auth *last_auth(struct aggregate *a)
{
	return &a->record.auth[a->record.n_auth - 1];
}

static struct reason *last_reason(struct aggregate *a)
{
	return &a->record.reasons[a->record.n_reasons - 1];
}

static void start_auth(struct aggregate *a, bool spf)
{
	if (a->record.n_auth == LIMIT_REPORT_AUTH) {
		a->warnings |= REPORT_CUT;
		a->skip = 1;
		return;
	}
	a->record.auth[a->record.n_auth++] = (struct auth){ .spf = spf };
}

static void start_reason(struct aggregate *a)
{
	if (a->record.n_reasons == LIMIT_REPORT_AUTH) {
		a->warnings |= REPORT_CUT;
		a->skip = 1;
		return;
	}
	a->record.reasons[a->record.n_reasons++] =
		(struct reason){ .type = STR(""), .comment = STR("") };
}

static void auth_value(struct aggregate *a, enum element e)
{
	struct auth *auth = last_auth(a);

	if (e == E_DOMAIN)
		auth->domain = keep_name(a);
	else if (e == E_SELECTOR)
		auth->selector = keep_name(a);
	else if (e == E_SCOPE)
		auth->scope = keep_name(a);
	else if (e == E_RESULT)
		auth->result = keep_name(a);
	else if (e == E_HUMAN_RESULT)
		auth->human = keep_in(a, &a->record_block, LIMIT_REPORT_TEXT);
}

static void reason_value(struct aggregate *a, enum element e)
{
	struct reason *reason = last_reason(a);

	if (e == E_TYPE)
		reason->type = keep_name(a);
	else if (e == E_COMMENT)
		reason->comment = keep_in(a, &a->record_block,
					  LIMIT_REPORT_TEXT);
}

static void identifier_value(struct aggregate *a, enum element e)
{
	struct raw_record *r = &a->record;

	if (e == E_HEADER_FROM && !r->header_from.n)
		r->header_from = keep_name(a);
	else if (e == E_ENVELOPE_FROM)
		r->envelope_from = keep_name(a);
	else if (e == E_ENVELOPE_TO)
		r->envelope_to = keep_name(a);
}

static void row_value(struct aggregate *a, enum element in, enum element e)
{
	struct raw_record *r = &a->record;

	if (in == E_ROW && e == E_SOURCE_IP)
		r->source_ip = keep_name(a);
	else if (in == E_ROW && e == E_COUNT)
		r->count = keep_name(a);
	else if (in == E_EVALUATED && e == E_DISPOSITION)
		r->disposition = keep_name(a);
	else if (in == E_EVALUATED && e == E_DKIM)
		r->dkim = keep_name(a);
	else if (in == E_EVALUATED && e == E_SPF)
		r->spf = keep_name(a);
}

static bool put_record(struct aggregate *a)
{
	struct store_record r;
	bool ok;

	a->rows++;
	if (a->rows > LIMIT_REPORT_ROWS)
		return refuse(a, AGGREGATE_REFUSED, "it has too many rows");
	if (a->o.head_only)
		return true;
	if (!a->has_head && !a->o.head &&
	    !(a->raw_head.metadata_done && a->raw_head.policy_done))
		return refuse(a, AGGREGATE_LATE, "its head comes late");
	if (!give_head(a))
		return false;
	arena_reset(a->scratch);
	if (!arena_enter(a->scratch))
		return refuse(a, AGGREGATE_REFUSED,
			      "not enough memory to read it");
	ok = record_read(&a->record, a->head.domain, a->scratch, &a->json,
			 &a->warnings, &r);
	arena_leave(a->scratch);
	if (!ok) {
		a->skipped++;
		a->warnings |= REPORT_SKIPPED;
		return true;
	}
	return a->sink.record(a->sink.arg, &r) ||
	       refuse(a, AGGREGATE_STOPPED, "stopped");
}

/* ---- elements ---- */

static void start_record(struct aggregate *a)
{
	struct raw_record *r = &a->record;

	a->record_block.n = 0;
	/* the arrays behind n_auth and n_reasons are never looked at */
	memset(r, 0, offsetof(struct raw_record, auth));
	r->n_auth = r->n_reasons = 0;
	r->has_auth = false;
}

static bool start(void *arg, str name)
{
	struct aggregate *a = arg;
	enum element in = a->depth ? a->stack[a->depth - 1] : E_OTHER;
	enum element e;

	if (a->skip) {
		a->skip++;
		return true;
	}
	e = element_of(name);
	if (!a->in_feedback) {
		if (e != E_FEEDBACK || a->seen_feedback) {
			a->outside++;
			return true;
		}
		a->in_feedback = a->seen_feedback = true;
	} else if (e == E_OTHER || e == E_EXTENSION || e == E_FEEDBACK) {
		/* a report in a report would begin records within records */
		a->skip = 1;
		return true;
	}
	a->text_n = 0;
	if (e == E_RECORD && in == E_FEEDBACK)
		start_record(a);
	else if (e == E_AUTH_RESULTS)
		a->record.has_auth = true;
	else if ((e == E_DKIM || e == E_SPF) && in == E_AUTH_RESULTS)
		start_auth(a, e == E_SPF);
	else if (e == E_REASON && in == E_EVALUATED)
		start_reason(a);
	else if (e == E_IDENTITIES)
		a->warnings |= REPORT_IDENTIFIERS;
	if (!a->skip) /* bounded by the XML reader's own depth */
		a->stack[a->depth++] = e;
	return true;
}

static void leaf(struct aggregate *a, enum element in, enum element e)
{
	enum element above = a->depth > 1 ? a->stack[a->depth - 2] : E_OTHER;

	if (in == E_METADATA)
		metadata_value(a, e);
	else if (in == E_DATE_RANGE && e == E_BEGIN)
		keep_first(a, &a->raw_head.begin, LIMIT_REPORT_NAME);
	else if (in == E_DATE_RANGE && e == E_END)
		keep_first(a, &a->raw_head.end, LIMIT_REPORT_NAME);
	else if (in == E_POLICY)
		policy_value(a, e);
	else if (in == E_FEEDBACK && e == E_VERSION)
		keep_first(a, &a->raw_head.version, LIMIT_REPORT_NAME);
	else if (in == E_ROW || in == E_EVALUATED)
		row_value(a, in, e);
	else if (in == E_IDENTIFIERS || in == E_IDENTITIES)
		identifier_value(a, e);
	else if ((in == E_DKIM || in == E_SPF) && above == E_AUTH_RESULTS)
		auth_value(a, e);
	else if (in == E_REASON && above == E_EVALUATED)
		reason_value(a, e);
}

static bool end(void *arg)
{
	struct aggregate *a = arg;
	enum element e, in;

	if (a->skip) {
		a->skip--;
		return true;
	}
	if (!a->in_feedback) {
		a->outside--;
		return true;
	}
	e = a->stack[--a->depth];
	in = a->depth ? a->stack[a->depth - 1] : E_OTHER;
	leaf(a, in, e);
	a->text_n = 0;
	if (e == E_METADATA)
		a->raw_head.metadata_done = true;
	else if (e == E_POLICY)
		a->raw_head.policy_done = true;
	else if (e == E_RECORD && in == E_FEEDBACK)
		return put_record(a);
	else if (e == E_FEEDBACK && !a->depth)
		a->in_feedback = false;
	return true;
}

static bool text(void *arg, str s)
{
	struct aggregate *a = arg;

	if (a->skip || !a->in_feedback)
		return true;
	if (s.n > sizeof a->text - a->text_n)
		return refuse(a, AGGREGATE_REFUSED,
			      "one of its values is too long");
	memcpy(a->text + a->text_n, s.p, s.n);
	a->text_n += s.n;
	return true;
}

static bool known(str name)
{
	return element_of(name) != E_OTHER;
}

struct aggregate *aggregate_new(const struct aggregate_options *o,
				const struct aggregate_sink *sink)
{
	struct aggregate *a = calloc(1, sizeof *a);
	struct xml_sink xml = { a, start, text, end, known };

	if (!a)
		return NULL;
	a->o = *o;
	a->sink = *sink;
	a->warnings = o->warnings;
	a->why = "it is no report";
	a->json = buf_of(NULL, JSON_MAX);
	a->record_block = (struct block){ malloc(BLOCK), 0, BLOCK };
	a->head_block = (struct block){ malloc(BLOCK / 8), 0, BLOCK / 8 };
	a->scratch = arena_new(SCRATCH);
	a->head_arena = arena_new(SCRATCH);
	a->xml = xml_new(&xml, o->lenient);
	if (a->record_block.p && a->head_block.p && a->scratch &&
	    a->head_arena && a->xml)
		return a;
	aggregate_free(a);
	return NULL;
}

void aggregate_free(struct aggregate *a)
{
	if (!a)
		return;
	xml_free(a->xml);
	arena_free(a->scratch);
	arena_free(a->head_arena);
	buf_free(&a->json);
	free(a->record_block.p);
	free(a->head_block.p);
	free(a);
}

bool aggregate_put(struct aggregate *a, str octets)
{
	a->octets += octets.n;
	if (a->octets > LIMIT_REPORT_SLACK + a->rows * LIMIT_REPORT_ROW)
		return refuse(a, AGGREGATE_REFUSED,
			      "it is large and hardly has rows");
	return xml_put(a->xml, octets);
}

enum aggregate_end aggregate_end(struct aggregate *a)
{
	bool ok = a->end == AGGREGATE_DONE && xml_end(a->xml);

	if (xml_repaired(a->xml))
		a->warnings |= REPORT_ENCODING;
	if (a->o.lenient)
		a->warnings |= REPORT_MARKUP;
	if (a->end != AGGREGATE_DONE)
		return a->end;
	if (!ok) {
		a->why = xml_why(a->xml) ? xml_why(a->xml)
					 : "not enough memory to read it";
		a->end = xml_is_broken(a->xml) ? AGGREGATE_BROKEN
					       : AGGREGATE_REFUSED;
		return a->end;
	}
	if (!a->seen_feedback) {
		(void)refuse(a, AGGREGATE_REFUSED,
			     "it is XML, but no DMARC report");
		return a->end;
	}
	if (!a->rows)
		a->warnings |= REPORT_EMPTY;
	(void)give_head(a);
	return a->end;
}

bool aggregate_is_report(const struct aggregate *a)
{
	return a->seen_feedback;
}

const char *aggregate_why(const struct aggregate *a)
{
	return a->why;
}

const struct store_head *aggregate_head(const struct aggregate *a)
{
	return &a->head;
}

unsigned aggregate_warnings(const struct aggregate *a)
{
	return a->warnings;
}

uint64_t aggregate_skipped(const struct aggregate *a)
{
	return a->skipped;
}
