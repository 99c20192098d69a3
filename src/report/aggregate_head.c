/* What a report says of itself, made what the store takes: names and dates that
 * are missing come from elsewhere in it, from the file's name or the mail's
 * subject. */
#include "base/jsontext.h"
#include "report/aggregate_inside.h"
#include "report/values.h"

enum { POLICY_MAX = 65536, DAY = 86400 };

static const struct {
	unsigned bit;
	str word;
} words[] = {
	{ REPORT_ENCODING, STR_INIT("encoding") },
	{ REPORT_MARKUP, STR_INIT("markup") },
	{ REPORT_ARCHIVE, STR_INIT("archive") },
	{ REPORT_ORG, STR_INIT("org_name") },
	{ REPORT_ID, STR_INIT("report_id") },
	{ REPORT_DATES, STR_INIT("date_range") },
	{ REPORT_POLICY, STR_INIT("policy_published") },
	{ REPORT_IDENTIFIERS, STR_INIT("identifiers") },
	{ REPORT_EVALUATED, STR_INIT("policy_evaluated") },
	{ REPORT_RESULTS, STR_INIT("auth_results") },
	{ REPORT_SKIPPED, STR_INIT("rows") },
	{ REPORT_EMPTY, STR_INIT("empty") },
	{ REPORT_CUT, STR_INIT("cut") },
};

str report_warning_words(struct arena *arena, unsigned warnings)
{
	struct buf b = buf_of(arena, 512);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (warnings & words[i].bit) {
			if (b.n)
				buf_putc(&b, ' ');
			buf_put(&b, words[i].word);
		}
	return buf_str(&b);
}

static str bare_id(str s)
{
	s = str_trim(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = str_trim((str){ s.p + 1, s.n - 2 });
	return s;
}

static void read_dates(const struct raw_head *raw,
		       const struct report_hints *hints, unsigned *warnings,
		       struct store_head *out, bool *ok)
{
	bool begin = value_time(raw->begin, &out->begin);
	bool end = value_time(raw->end, &out->end);

	if (!begin || !end)
		*warnings |= REPORT_DATES;
	if (!begin && !end && hints->begin && hints->end) {
		out->begin = hints->begin;
		out->end = hints->end;
		begin = end = true;
	}
	if (!begin && end)
		out->begin = out->end >= DAY ? out->end - DAY + 1 : 0;
	if (begin && !end)
		out->end = out->begin + DAY - 1;
	*ok = begin || end;
	/* milliseconds, or the wrong way round */
	if (raw->begin.n > 11 || out->begin > out->end)
		*warnings |= REPORT_DATES;
	if (out->begin > out->end) {
		int64_t t = out->begin;

		out->begin = out->end;
		out->end = t;
	}
}

/* none, quarantine or reject; another word is none. */
static str policy_word(str s, unsigned *warnings)
{
	static const str known[] = { STR_INIT("none"), STR_INIT("quarantine"),
				     STR_INIT("reject") };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_ieq(s, known[i]))
			return known[i];
	*warnings |= REPORT_POLICY;
	return known[0];
}

static void member(struct buf *b, bool *first, const char *name, str value)
{
	if (value.n)
		jsontext_member(b, first, name, value);
}

/* Unset tags are as if they were written with their defaults. */
static str published(const struct raw_head *raw, struct arena *arena,
		     unsigned *warnings, str p)
{
	struct buf b = buf_of(arena, POLICY_MAX);
	bool first = true;

	buf_putc(&b, '{');
	jsontext_member(&b, &first, "p", p);
	jsontext_member(&b, &first, "sp",
			raw->sp.n ? policy_word(raw->sp, warnings) : p);
	member(&b, &first, "np",
	       raw->np.n ? policy_word(raw->np, warnings) : raw->np);
	jsontext_member(&b, &first, "adkim",
			str_ieq(raw->adkim, STR("s")) ? STR("s") : STR("r"));
	jsontext_member(&b, &first, "aspf",
			str_ieq(raw->aspf, STR("s")) ? STR("s") : STR("r"));
	member(&b, &first, "pct", raw->pct);
	member(&b, &first, "fo", raw->fo);
	member(&b, &first, "testing", raw->testing);
	member(&b, &first, "discovery_method", raw->discovery);
	member(&b, &first, "p_as_written",
	       str_eq(raw->p, p) ? STR("") : raw->p);
	member(&b, &first, "version", raw->version);
	member(&b, &first, "generator", raw->generator);
	for (size_t i = 0; i < raw->n_errors; i++)
		member(&b, &first, "error", raw->errors[i]);
	buf_putc(&b, '}');
	return buf_str(&b);
}

static str first_of(str a, str b, str c)
{
	return a.n ? a : b.n ? b : c;
}

bool head_read(const struct raw_head *raw, const struct report_hints *hints,
	       struct arena *arena, unsigned *warnings, struct store_head *out,
	       const char **why)
{
	bool dated;
	str p;

	*out = (struct store_head){ .kind = STORE_AGGREGATE };
	out->domain = value_domain(arena, raw->domain);
	if (!out->domain.n) {
		*warnings |= REPORT_POLICY;
		out->domain = value_domain(arena, hints->domain);
	}
	out->email = raw->email;
	out->contact = raw->contact;
	if (!raw->org.n)
		*warnings |= REPORT_ORG;
	out->org = first_of(raw->org, value_domain(arena, raw->email),
			    hints->submitter);
	if (!raw->report_id.n)
		*warnings |= REPORT_ID;
	out->report_id = bare_id(
		first_of(raw->report_id, hints->report_id, STR("")));
	read_dates(raw, hints, warnings, out, &dated);
	p = policy_word(raw->p, warnings);
	out->p = p;
	out->policy = published(raw, arena, warnings, p);
	*why = !out->domain.n ? "it does not say which domain it is about"
	       : !out->org.n  ? "it does not say who made it"
	       : !dated       ? "it does not say which days it is about"
			      : NULL;
	return !*why;
}
