#include "dmarc/record.h"

#include "base/ascii.h"
#include "base/limits.h"

static const char *const policy_words[] = {
	[DMARC_POLICY_ABSENT] = "none",
	[DMARC_POLICY_NONE] = "none",
	[DMARC_POLICY_QUARANTINE] = "quarantine",
	[DMARC_POLICY_REJECT] = "reject",
};

const char *dmarc_policy_word(enum dmarc_policy policy)
{
	return policy_words[policy];
}

enum dmarc_policy dmarc_policy_for(const struct dmarc_record *r, bool exists)
{
	enum dmarc_policy sub = r->sp ? r->sp : r->p;

	return !exists && r->np ? r->np : sub;
}

bool dmarc_policy_differs(const struct dmarc_record *r)
{
	return dmarc_policy_for(r, true) != dmarc_policy_for(r, false);
}

enum dmarc_policy dmarc_policy_tested(enum dmarc_policy policy)
{
	return policy == DMARC_POLICY_REJECT ? DMARC_POLICY_QUARANTINE
					     : DMARC_POLICY_NONE;
}

static str skip_wsp(str s)
{
	size_t i = 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return str_skip(s, i);
}

bool dmarc_is_record(str txt)
{
	static const str version = STR_INIT("DMARC1");
	str s = txt;

	if (!s.n || (s.p[0] != 'v' && s.p[0] != 'V'))
		return false;
	s = skip_wsp(str_skip(s, 1));
	if (!s.n || s.p[0] != '=')
		return false;
	s = skip_wsp(str_skip(s, 1));
	if (!str_starts(s, version))
		return false;
	s = skip_wsp(str_skip(s, version.n));
	return !s.n || s.p[0] == ';';
}

static void problem(struct dmarc_record *r, const char *why, str tag)
{
	if (r->n_problems < DMARC_PROBLEMS_MAX)
		r->problems[r->n_problems++] = (struct dmarc_problem){ why,
								       tag };
}

static bool one_of(str value, const char *const *words, size_t n, size_t *index)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(value, str_of(words[i]))) {
			*index = i;
			return true;
		}
	return false;
}

static void read_policy(struct dmarc_record *r, enum dmarc_policy *to,
			str value, str tag)
{
	size_t i = 0;

	if (one_of(value, policy_words + 1, 3, &i)) {
		*to = (enum dmarc_policy)(i + 1);
		return;
	}
	problem(r, "the policy is not none, quarantine or reject", tag);
	r->broken = true;
}

static bool read_letter(struct dmarc_record *r, const char *const *words,
			size_t n, str value, str tag)
{
	size_t i = 0;

	if (!one_of(value, words, n, &i))
		problem(r, "unknown value, the default is used", tag);
	return i > 0;
}

static void read_psd(struct dmarc_record *r, str value, str tag)
{
	static const char *const words[] = { "u", "y", "n" };
	size_t i = 0;

	if (!one_of(value, words, 3, &i))
		problem(r, "unknown value, the default is used", tag);
	r->psd = (enum dmarc_psd)i;
}

/* 0 or 1, and d and s, in any order */
static void read_fo(struct dmarc_record *r, str value, str tag)
{
	static const char *const words[] = { "0", "1", "d", "s" };
	unsigned fo = 0;
	str rest = value, element;

	while (str_split(&rest, ':', &element)) {
		size_t i = 0;

		if (!one_of(str_trim(element), words, 4, &i)) {
			problem(r, "unknown value, the default is used", tag);
			return;
		}
		fo |= 1U << i;
	}
	if ((fo & DMARC_FO_ALL) && (fo & DMARC_FO_ANY)) {
		problem(r, "0 and 1 exclude each other", tag);
		fo &= ~(unsigned)DMARC_FO_ALL;
	}
	r->fo = fo;
}

static void read_uris(struct arena *arena, struct dmarc_record *r, str value,
		      str tag, struct dmarc_uri **list, size_t *n)
{
	str rest = value, element;

	*list = arena_array_of(arena, struct dmarc_uri, DMARC_URIS_MAX);
	while (str_split(&rest, ',', &element)) {
		if (*n == DMARC_URIS_MAX) {
			problem(r, "too many report addresses", tag);
			return;
		}
		if (!dmarc_uri_parse(arena, element, &(*list)[*n])) {
			problem(r, "not a URI, such as mailto:a@example.org",
				str_trim(element));
			continue;
		}
		if ((*list)[*n].uri.n != str_trim(element).n)
			problem(r, "a size limit is not used any more",
				str_trim(element));
		++*n;
	}
}

enum tag_name {
	TAG_P,
	TAG_SP,
	TAG_NP,
	TAG_ADKIM,
	TAG_ASPF,
	TAG_PSD,
	TAG_T,
	TAG_FO,
	TAG_RUA,
	TAG_RUF,
	TAG_PCT,
	TAG_RF,
	TAG_RI,
	TAG_V,
	TAG_COUNT
};

static const char *const tag_names[TAG_COUNT] = { "p",    "sp",  "np",  "adkim",
						  "aspf", "psd", "t",   "fo",
						  "rua",  "ruf", "pct", "rf",
						  "ri",   "v" };

static void read_tag(struct arena *arena, struct dmarc_record *r,
		     enum tag_name name, str value, str tag)
{
	static const char *const modes[] = { "r", "s" };
	static const char *const test[] = { "n", "y" };

	switch (name) {
	case TAG_P:
		read_policy(r, &r->p, value, tag);
		break;
	case TAG_SP:
		read_policy(r, &r->sp, value, tag);
		break;
	case TAG_NP:
		read_policy(r, &r->np, value, tag);
		break;
	case TAG_ADKIM:
		r->adkim_strict = read_letter(r, modes, 2, value, tag);
		break;
	case TAG_ASPF:
		r->aspf_strict = read_letter(r, modes, 2, value, tag);
		break;
	case TAG_PSD:
		read_psd(r, value, tag);
		break;
	case TAG_T:
		r->testing = read_letter(r, test, 2, value, tag);
		break;
	case TAG_FO:
		read_fo(r, value, tag);
		break;
	case TAG_RUA:
		read_uris(arena, r, value, tag, &r->rua, &r->n_rua);
		break;
	case TAG_RUF:
		read_uris(arena, r, value, tag, &r->ruf, &r->n_ruf);
		break;
	case TAG_PCT:
		r->pct = value;
		problem(r, "pct is gone since RFC 9989: use t=y to test", tag);
		break;
	case TAG_RF:
	case TAG_RI:
		problem(r, "this tag is gone since RFC 9989", tag);
		break;
	case TAG_V:
	case TAG_COUNT:
		break;
	}
}

/* A tag that comes twice says nothing: its default holds, and a policy that
 * comes twice is as wrong as one that cannot be read. */
static void undo(struct dmarc_record *r, enum tag_name name)
{
	switch (name) {
	case TAG_P:
		r->p = DMARC_POLICY_ABSENT;
		r->broken = true;
		break;
	case TAG_SP:
		r->sp = DMARC_POLICY_ABSENT;
		r->broken = true;
		break;
	case TAG_NP:
		r->np = DMARC_POLICY_ABSENT;
		r->broken = true;
		break;
	case TAG_ADKIM:
		r->adkim_strict = false;
		break;
	case TAG_ASPF:
		r->aspf_strict = false;
		break;
	case TAG_PSD:
		r->psd = DMARC_PSD_UNKNOWN;
		break;
	case TAG_T:
		r->testing = false;
		break;
	case TAG_FO:
		r->fo = DMARC_FO_ALL;
		break;
	case TAG_RUA:
		r->n_rua = 0;
		break;
	case TAG_RUF:
		r->n_ruf = 0;
		break;
	case TAG_PCT:
	case TAG_RF:
	case TAG_RI:
	case TAG_V:
	case TAG_COUNT:
		break;
	}
}

/* tag = 1*ALPHA "=" 1*value */
static bool take(str spec, str *name, str *value)
{
	size_t eq = str_find(spec, '=');

	*name = str_trim(str_head(spec, eq));
	*value = str_trim(str_skip(spec, eq + 1));
	if (eq == spec.n || !name->n || !value->n)
		return false;
	for (size_t i = 0; i < value->n; i++)
		if ((unsigned char)value->p[i] < ' ' ||
		    (unsigned char)value->p[i] >= 0x7f)
			return false;
	return true;
}

static void read_spec(struct arena *arena, struct dmarc_record *r, str spec,
		      bool *seen)
{
	str name, value;
	size_t i = 0;

	if (!take(spec, &name, &value)) {
		problem(r, "not a tag of the form name=value", spec);
		/* "p=" is a policy that cannot be read, not one left out */
		if (name.n && one_of(name, tag_names, TAG_NP + 1, &i))
			undo(r, (enum tag_name)i);
		return;
	}
	if (!one_of(name, tag_names, TAG_COUNT, &i)) {
		problem(r, "unknown tag, ignored", spec);
		return;
	}
	if (!str_eq(name, str_of(tag_names[i])))
		problem(r, "tags are written in lower case", spec);
	if (seen[i]) {
		problem(r, "given twice, so that neither counts", spec);
		undo(r, (enum tag_name)i);
		return;
	}
	seen[i] = true;
	read_tag(arena, r, (enum tag_name)i, value, spec);
}

static void settle_policies(struct dmarc_record *r)
{
	if (!r->p && !r->broken) {
		problem(r, "p is missing", STR("p"));
		r->broken = true;
	}
	r->usable = !r->broken || r->n_rua;
	if (r->broken) {
		r->p = DMARC_POLICY_NONE;
		r->sp = r->np = DMARC_POLICY_ABSENT;
	}
}

void dmarc_record_parse(struct arena *arena, str txt, struct dmarc_record *out)
{
	bool seen[TAG_COUNT] = { false };
	str rest = txt, spec;
	size_t n = 0;

	*out = (struct dmarc_record){ .text = txt, .fo = DMARC_FO_ALL };
	while (str_split(&rest, ';', &spec)) {
		spec = str_trim(spec);
		if (!spec.n && !rest.p)
			break;
		if (n++ == LIMIT_TAGS) {
			problem(out, "too many tags", spec);
			break;
		}
		read_spec(arena, out, spec, seen);
	}
	settle_policies(out);
}
