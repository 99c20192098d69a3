#include "dkim/record.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "dkim/signature.h"
#include "dkim/tags.h"

static bool holds(str list, str word)
{
	str element;

	while (tags_element(&list, &element))
		if (str_eq(element, word))
			return true;
	return false;
}

static const char *parse_key(struct arena *arena, const struct tags *tags,
			     struct dkim_record *r)
{
	str k = tags_value(tags, "k", "rsa");
	str p = tags_value(tags, "p", NULL);

	if (str_eq(k, STR("rsa")))
		r->type = KEY_RSA;
	else if (str_eq(k, STR("ed25519")))
		r->type = KEY_ED25519;
	else
		return "unknown key type in k=";
	r->revoked = p.n == 0;
	if (!r->revoked &&
	    !dkim_signature_base64(arena, p, &r->key, &r->key_text))
		return "malformed p=";
	return NULL;
}

/* Of a text that is no tag list: was it to be a key record?  It says so, or it
 * has something like a p= tag.  Others (wildcards, proofs of ownership) share
 * the name and are passed over. */
static bool meant_as_key(str text)
{
	str rest = text, spec;

	if (str_istarts(str_trim(text), STR("v=DKIM")))
		return true;
	while (str_split(&rest, ';', &spec)) {
		str name = str_trim(str_head(spec, str_find(spec, '=')));

		if (name.n < spec.n && str_eq(name, STR("p")))
			return true;
	}
	return false;
}

enum dkim_record_status dkim_record_parse(struct arena *arena, str text,
					  struct dkim_record *r,
					  const char **why)
{
	struct tags tags;

	*r = (struct dkim_record){ .sha1 = true, .sha256 = true };
	if (!tags_parse(arena, text, &tags, why))
		return meant_as_key(text) ? DKIM_RECORD_BAD
					  : DKIM_RECORD_FOREIGN;

	const struct tag *v = tags_find(&tags, "v");

	r->has_version = v != NULL;
	r->has_granularity = tags_find(&tags, "g") != NULL;
	if (v && (v != &tags.tag[0] || !str_eq(v->value, STR("DKIM1")))) {
		*why = "v= is not DKIM1 in first place";
		return str_istarts(v->value, STR("DKIM")) ? DKIM_RECORD_BAD
							  : DKIM_RECORD_FOREIGN;
	}
	if (!tags_find(&tags, "p")) {
		*why = "no p= tag";
		return v ? DKIM_RECORD_BAD : DKIM_RECORD_FOREIGN;
	}

	const struct tag *h = tags_find(&tags, "h");

	if (h) {
		r->sha1 = holds(h->value, STR("sha1"));
		r->sha256 = holds(h->value, STR("sha256"));
	}

	str services = tags_value(&tags, "s", "*");
	str flags = tags_value(&tags, "t", "");

	r->email = holds(services, STR("*")) || holds(services, STR("email"));
	r->testing = holds(flags, STR("y"));
	r->exact_identity = holds(flags, STR("s"));
	r->notes = tags_value(&tags, "n", "");
	*why = parse_key(arena, &tags, r);
	return *why ? DKIM_RECORD_BAD : DKIM_RECORD_OK;
}
