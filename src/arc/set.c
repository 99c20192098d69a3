#include "arc/set.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "mail/lex.h"

static const str names[] = { STR_INIT("ARC-Authentication-Results"),
			     STR_INIT("ARC-Message-Signature"),
			     STR_INIT("ARC-Seal"), STR_INIT("ARC") };

const char *arc_part_name(enum arc_part part)
{
	return names[part].p;
}

const char *arc_cv_word(enum arc_cv cv)
{
	static const char *const words[] = { "none", "pass", "fail" };

	return words[cv];
}

static bool is_part(str name, enum arc_part *part)
{
	for (int i = ARC_AAR; i <= ARC_AS; i++)
		if (str_ieq(name, names[i])) {
			*part = (enum arc_part)i;
			return true;
		}
	return false;
}

/* The first trouble found is the one that is told. */
static void wrong(struct arc_sets *sets, unsigned at, enum arc_part part,
		  const char *why)
{
	if (sets->why)
		return;
	sets->why = why;
	sets->at = at;
	sets->part = part;
}

bool arc_instance(str text, unsigned *out)
{
	unsigned v = 0;

	if (text.n < 1 || text.n > 2 || text.p[0] == '0')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_is(text.p[i], ASCII_DIGIT))
			return false;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	*out = v;
	return true;
}

/* RFC 8617 4.2.1: [CFWS] "i" [CFWS] "=" [CFWS] 1*2DIGIT [CFWS] ";" */
static bool take_prefix(str value, unsigned *instance, str *payload)
{
	struct cur c = cur_of(value);
	unsigned found;

	if (!lex_cfws(&c) || !cur_char(&c, 'i') || !lex_cfws(&c) ||
	    !cur_char(&c, '=') || !lex_cfws(&c) ||
	    !arc_instance(cur_while(&c, ASCII_DIGIT), &found) ||
	    !lex_cfws(&c) || !cur_char(&c, ';'))
		return false;
	*instance = found;
	*payload = cur_rest(&c);
	return true;
}

static const char *take_cv(const struct tags *tags, enum arc_cv *cv)
{
	str value = tags_value(tags, "cv", NULL);

	for (int i = ARC_CV_NONE; i <= ARC_CV_FAIL; i++)
		if (str_eq(value, str_of(arc_cv_word((enum arc_cv)i)))) {
			*cv = (enum arc_cv)i;
			return NULL;
		}
	return value.p ? "unknown word in cv=" : "cv= missing";
}

/* RFC 8617 4.1.3 */
static const char *read_seal(struct arena *arena, const struct field *field,
			     const struct tags *tags,
			     const struct dkim_policy *policy,
			     struct arc_set *set)
{
	struct dkim_signature sig = { .field = field,
				      .length = -1,
				      .timestamp = -1,
				      .expiry = -1 };
	const struct tag *t = tags_find(tags, "t");
	const char *why = take_cv(tags, &set->cv);

	if (!why && tags_find(tags, "h"))
		why = "h= is not allowed";
	if (!why)
		why = dkim_signature_read_key(arena, tags, &sig);
	if (!why && t && !dkim_signature_time(t->value, &sig.timestamp))
		why = "malformed t=";
	if (why)
		return why;
	sig.identity_domain = sig.domain_ascii;
	dkim_check_adopt(&set->seal, arena, &sig, policy);
	set->seal.bodyless = true;
	return NULL;
}

static bool signs(const struct dkim_signature *s, str name)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (str_ieq(s->names[i], name))
			return true;
	return false;
}

/* RFC 8617 4.1.2.  What cannot be verified is no fault of the chain's structure:
 * only the newest of these signatures has to pass. */
static void read_signature(struct arena *arena, const struct field *field,
			   const struct tags *tags,
			   const struct dkim_policy *policy,
			   struct arc_set *set)
{
	struct dkim_signature sig = { .field = field };
	enum dkim_result result;
	const char *why;

	if (!dkim_signature_read_tags(arena, tags, &sig, &result, &why)) {
		set->ams.sig = sig;
		dkim_check_settle(&set->ams, result, why);
		return;
	}
	sig.identity_domain = sig.domain_ascii;
	dkim_check_adopt(&set->ams, arena, &sig, policy);
	if (signs(&sig, names[ARC_AS]))
		dkim_check_settle(&set->ams, DKIM_PERMERROR,
				  "ARC-Seal is named in h=");
	if (tags_find(tags, "c") || set->ams.result != DKIM_PENDING)
		return;
	sig.header_canon = sig.body_canon = CANON_RELAXED;
	set->relaxed = arena_new_of(arena, struct dkim_check);
	dkim_check_adopt(set->relaxed, arena, &sig, policy);
}

/* One field: to which instance does it belong, and can it be read? */
struct reading {
	enum arc_part part;
	const struct field *field;
	unsigned instance; /* 0: it does not say */
	str payload;
	struct tags tags;
	const char *why;
};

static void read_field(struct arena *arena, struct reading *r)
{
	bool prefixed = take_prefix(r->field->value, &r->instance, &r->payload);

	if (r->part != ARC_AAR &&
	    tags_parse(arena, r->field->value, &r->tags, &r->why)) {
		if (!arc_instance(tags_value(&r->tags, "i", NULL),
				  &r->instance))
			r->why = "malformed or missing i=";
	} else if (!prefixed) {
		r->instance = 0;
		if (!r->why)
			r->why = "does not begin with \"i=\" and an instance";
	}
	if (r->instance > LIMIT_ARC_SETS) {
		r->instance = 0;
		r->why = "more than 50 sets";
	}
}

static void put_field(struct arc_sets *sets, struct arena *arena,
		      const struct dkim_policy *policy, const struct reading *r,
		      unsigned *failed_at)
{
	struct arc_set *set = &sets->set[r->instance - 1];
	const char *why = r->why;
	enum arc_cv cv;

	if (r->instance > sets->n)
		sets->n = r->instance;
	if (!why && r->part == ARC_AS && !take_cv(&r->tags, &cv) &&
	    cv == ARC_CV_FAIL && r->instance > *failed_at)
		*failed_at = r->instance;
	if (!why && set->fields[r->part])
		why = "more than one in the instance";
	if (!why && r->part == ARC_AS)
		why = read_seal(arena, r->field, &r->tags, policy, set);
	if (why) {
		wrong(sets, r->instance, r->part, why);
		return;
	}
	if (r->part == ARC_AMS)
		read_signature(arena, r->field, &r->tags, policy, set);
	if (r->part == ARC_AAR)
		set->payload = r->payload;
	set->fields[r->part] = r->field;
}

/* RFC 8617 5.2 step 3 */
static void judge_structure(struct arc_sets *sets)
{
	for (unsigned i = 1; i <= sets->n; i++) {
		const struct arc_set *set = &sets->set[i - 1];

		for (int part = ARC_AAR; part <= ARC_AS; part++)
			if (!set->fields[part])
				wrong(sets, i, (enum arc_part)part,
				      "missing in the instance");
		if (set->fields[ARC_AS] && i == 1 && set->cv != ARC_CV_NONE)
			wrong(sets, i, ARC_AS, "cv= is not \"none\"");
		if (set->fields[ARC_AS] && i > 1 && set->cv != ARC_CV_PASS)
			wrong(sets, i, ARC_AS, "cv= is not \"pass\"");
	}
}

void arc_sets_read(struct arc_sets *sets, struct arena *arena,
		   const struct header *header,
		   const struct dkim_policy *policy)
{
	unsigned failed_at = 0, fields = 0;

	*sets = (struct arc_sets){ 0 };
	for (size_t i = 0; i < header->n; i++) {
		struct reading r = { .field = &header->fields[i] };

		if (!is_part(r.field->name, &r.part))
			continue;
		if (!sets->present)
			sets->set = arena_array_of(arena, struct arc_set,
						   LIMIT_ARC_SETS);
		sets->present = true;
		if (fields++ == 3 * LIMIT_ARC_SETS) {
			wrong(sets, 0, ARC_WHOLE, "too many fields");
			break;
		}
		read_field(arena, &r);
		if (r.instance)
			put_field(sets, arena, policy, &r, &failed_at);
		else
			wrong(sets, 0, r.part, r.why);
	}
	if (!sets->present)
		return;
	sets->dead = failed_at && failed_at == sets->n;
	judge_structure(sets);
}

bool arc_set_results(const struct arc_set *set, struct arena *arena,
		     struct authres *out)
{
	return authres_parse(arena, set->payload, out);
}
