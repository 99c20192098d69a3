#include "dkim/signature.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/cur.h"
#include "base/limits.h"
#include "dkim/qp.h"
#include "dns/idn.h"
#include "dns/name.h"

static const struct {
	const char *name;
	enum dkim_algorithm algorithm;
	enum hash_algorithm hash;
} algorithms[] = {
	{ "rsa-sha256", DKIM_RSA_SHA256, HASH_SHA256 },
	{ "ed25519-sha256", DKIM_ED25519_SHA256, HASH_SHA256 },
	{ "rsa-sha1", DKIM_RSA_SHA1, HASH_SHA1 },
};

const char *dkim_algorithm_name(enum dkim_algorithm a)
{
	return algorithms[a].name;
}

enum hash_algorithm dkim_algorithm_hash(enum dkim_algorithm a)
{
	return algorithms[a].hash;
}

bool dkim_algorithm_parse(str name, enum dkim_algorithm *out)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (str_eq(name, str_of(algorithms[i].name))) {
			*out = algorithms[i].algorithm;
			return true;
		}
	return false;
}

static bool canon_word(str word, enum canon *out)
{
	*out = str_eq(word, STR("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return *out == CANON_RELAXED || str_eq(word, STR("simple"));
}

/* RFC 6376 3.5 c=: one word is the header's, the body is then simple. */
static bool parse_canon(str value, struct dkim_signature *s)
{
	str header;
	str rest = value;

	s->body_canon = CANON_SIMPLE;
	(void)str_split(&rest, '/', &header);
	return canon_word(header, &s->header_canon) &&
	       (!rest.p || canon_word(rest, &s->body_canon));
}

bool dkim_signature_base64(struct arena *arena, str value, str *bytes,
			   str *text)
{
	char *to = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is(value.p[i], ASCII_SPACE))
			to[n++] = value.p[i];
	*text = (str){ to, n };
	return n && base64_decode(arena, *text, true, bytes);
}

/* h= (3.5): hdr-name *( [FWS] ":" [FWS] hdr-name ) */
static const char *parse_names(struct arena *arena, str value,
			       struct dkim_signature *s)
{
	str rest = value, name;
	str *names;
	size_t n = 1;

	for (size_t i = 0; i < value.n; i++)
		n += value.p[i] == ':';
	if (n > LIMIT_SIGNED_NAMES)
		return "too many names in h=";
	names = arena_array_of(arena, str, n);
	while (tags_element(&rest, &name)) {
		if (!name.n)
			s->empty_name = true;
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] <= ' ' || name.p[i] == 0x7f)
				return "malformed name in h=";
		names[s->n_names++] = name;
	}
	s->names = names;
	return NULL;
}

static bool signs_from(const struct dkim_signature *s)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (str_ieq(s->names[i], STR("From")))
			return true;
	return false;
}

bool dkim_signature_time(str value, int64_t *out)
{
	int64_t v = 0;

	if (value.n < 1 || value.n > 12)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (!ascii_is(value.p[i], ASCII_DIGIT))
			return false;
		v = v * 10 + (value.p[i] - '0');
	}
	*out = v;
	return true;
}

/* l=: 1 to 76 digits; what does not fit is as good as the largest. */
static bool parse_length(str value, int64_t *out)
{
	int64_t v = 0;

	if (value.n < 1 || value.n > 76)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (!ascii_is(value.p[i], ASCII_DIGIT))
			return false;
		v = v > (INT64_MAX - 9) / 10 ? INT64_MAX / 10 * 10
					     : v * 10 + (value.p[i] - '0');
	}
	*out = v;
	return true;
}

static const char *parse_numbers(const struct tags *tags,
				 struct dkim_signature *s)
{
	const struct tag *t = tags_find(tags, "t");
	const struct tag *x = tags_find(tags, "x");
	const struct tag *l = tags_find(tags, "l");

	s->timestamp = s->expiry = s->length = -1;
	if (t && !dkim_signature_time(t->value, &s->timestamp))
		return "malformed t=";
	if (x && !dkim_signature_time(x->value, &s->expiry))
		return "malformed x=";
	if (l && !parse_length(l->value, &s->length))
		return "malformed l=";
	return NULL;
}

/* q= (3.5): unknown methods are ignored, dns/txt must be among them. */
static bool query_ok(str value)
{
	str method;

	while (tags_element(&value, &method))
		if (str_eq(method, STR("dns/txt")))
			return true;
	return false;
}

static const char *parse_domain(struct arena *arena, const struct tags *tags,
				struct dkim_signature *s)
{
	s->domain = tags_value(tags, "d", NULL);
	s->selector = tags_value(tags, "s", NULL);
	if (!dns_name_to_ascii(arena, s->domain, &s->domain_ascii) ||
	    !dns_name_is_domain(s->domain_ascii, false))
		return "malformed domain in d=";
	if (dns_name_labels(s->domain_ascii) < 2)
		return "domain in d= has one label only";
	if (!dns_name_to_ascii(arena, s->selector, &s->selector_ascii) ||
	    !dns_name_is_domain(s->selector_ascii, true))
		return "malformed selector in s=";
	return NULL;
}

/* i= (3.5): [local-part] "@" domain, the domain d= or below it. */
static const char *parse_identity(struct arena *arena, const struct tags *tags,
				  struct dkim_signature *s)
{
	const struct tag *i = tags_find(tags, "i");

	s->has_identity = i != NULL;
	if (!i) {
		char *at = arena_alloc(arena, s->domain.n + 1);

		at[0] = '@';
		memcpy(at + 1, s->domain.p, s->domain.n);
		s->identity = (str){ at, s->domain.n + 1 };
		s->identity_domain = s->domain_ascii;
		return NULL;
	}
	if (!dkim_qp_decode(arena, i->value, &s->identity))
		return "malformed i=";

	size_t at = str_rfind(s->identity, '@');

	if (at == s->identity.n ||
	    !dns_name_to_ascii(arena, str_skip(s->identity, at + 1),
			       &s->identity_domain) ||
	    !dns_name_is_domain(s->identity_domain, false))
		return "malformed i=";
	return NULL;
}

const char *dkim_signature_read_key(struct arena *arena,
				    const struct tags *tags,
				    struct dkim_signature *s)
{
	static const char *const required[] = { "a", "b", "d", "s" };
	const char *why;

	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (!tags_find(tags, required[i]))
			return "required tag missing";
	s->room = tags_find(tags, "b")->room;
	s->algorithm_text = tags_value(tags, "a", NULL);
	why = parse_domain(arena, tags, s);
	if (why)
		return why;
	if (!dkim_signature_base64(arena, tags_find(tags, "b")->value, &s->b,
				   &s->b_text))
		return "malformed b=";
	if (!dkim_algorithm_parse(s->algorithm_text, &s->algorithm))
		return "unknown algorithm in a=";
	return NULL;
}

bool dkim_signature_read_tags(struct arena *arena, const struct tags *tags,
			      struct dkim_signature *s,
			      enum dkim_result *result, const char **why)
{
	static const char *const required[] = { "a", "b", "bh", "d", "h", "s" };
	str text;

	*result = DKIM_NEUTRAL;
	s->algorithm_text = tags_value(tags, "a", NULL);
	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (!tags_find(tags, required[i])) {
			s->domain = tags_value(tags, "d", NULL);
			s->selector = tags_value(tags, "s", NULL);
			*why = "required tag missing";
			return false;
		}
	*why = dkim_signature_read_key(arena, tags, s);
	if (*why)
		return false;
	if (!parse_canon(tags_value(tags, "c", "simple/simple"), s)) {
		*why = "unknown canonicalization in c=";
		return false;
	}
	if (!dkim_signature_base64(arena, tags_find(tags, "bh")->value, &s->bh,
				   &text)) {
		*why = "malformed bh=";
		return false;
	}
	*why = parse_names(arena, tags_find(tags, "h")->value, s);
	if (!*why)
		*why = parse_numbers(tags, s);
	if (!*why && !query_ok(tags_value(tags, "q", "dns/txt")))
		*why = "no usable query method in q=";
	return !*why;
}

bool dkim_signature_parse(struct arena *arena, const struct field *field,
			  struct dkim_signature *s, enum dkim_result *result,
			  const char **why)
{
	struct tags tags;
	str text;

	*s = (struct dkim_signature){ .field = field };
	*result = DKIM_NEUTRAL;
	if (!tags_parse(arena, field->value, &tags, why))
		return false;
	(void)dkim_signature_base64(arena, tags_value(&tags, "b", ""), &s->b,
				    &text);
	s->b_text = text;
	if (!str_eq(tags_value(&tags, "v", ""), STR("1"))) {
		s->domain = tags_value(&tags, "d", NULL);
		s->selector = tags_value(&tags, "s", NULL);
		s->algorithm_text = tags_value(&tags, "a", NULL);
		*why = tags_find(&tags, "v") ? "unsupported version in v="
					     : "required tag missing";
		return false;
	}
	if (!dkim_signature_read_tags(arena, &tags, s, result, why))
		return false;
	*why = s->empty_name ? "empty name in h="
			     : parse_identity(arena, &tags, s);
	if (*why)
		return false;
	*result = DKIM_PERMERROR;
	if (!dns_name_is_below(s->identity_domain, s->domain_ascii)) {
		*why = "domain of i= is not d= or below it";
		return false;
	}
	if (!signs_from(s)) {
		*why = "From field not signed";
		return false;
	}
	s->reports = str_eq(tags_value(&tags, "r", ""), STR("y"));
	return true;
}
