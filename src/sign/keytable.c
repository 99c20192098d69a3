#include "sign/keytable.h"

#include "base/buf.h"
#include "dns/name.h"

static bool is_path(str key)
{
	return str_starts(key, STR("/")) || str_starts(key, STR("./")) ||
	       str_starts(key, STR("../"));
}

static enum key_algorithm algorithm_of(str text)
{
	if (str_ieq(text, STR("rsa-sha256")))
		return KEY_ALGORITHM_RSA;
	if (str_ieq(text, STR("ed25519-sha256")))
		return KEY_ALGORITHM_ED25519;
	return KEY_ALGORITHM_UNKNOWN;
}

/* KEY[:ALGORITHM].  A path may hold colons, an algorithm holds no slash, and
 * nothing that looks like one is the end of a path. */
static void split_algorithm(struct key_entry *e)
{
	size_t colon = str_rfind(e->key, ':');
	str tail = str_skip(e->key, colon + 1);

	if (colon == e->key.n || str_find(tail, '/') < tail.n ||
	    str_find(tail, '-') == tail.n)
		return;
	e->algorithm_text = str_trim(tail);
	e->algorithm = algorithm_of(e->algorithm_text);
	e->key = str_trim(str_head(e->key, colon));
}

const char *key_entry_parse(const struct table_entry *from,
			    struct key_entry *out)
{
	str value = from->value;

	*out = (struct key_entry){ .name = from->key, .at = from->at };
	out->domain = table_field(&value, 3);
	out->selector = table_field(&value, 2);
	out->key = table_field(&value, 1);
	out->is_path = is_path(out->key);
	if (out->is_path)
		split_algorithm(out);
	else if (str_find(out->key, ':') < out->key.n &&
		 !str_starts(out->key, STR("-----")))
		split_algorithm(out);
	/* after that: "d:s::rsa-sha256" has no key either */
	if (!out->domain.n || !out->selector.n || !out->key.n)
		return "needs three values, DOMAIN:SELECTOR:KEYFILE";
	if (!str_eq(out->domain, STR("%")) &&
	    !dns_name_is_domain(out->domain, true))
		return "has something that is no domain name in first place";
	if (!dns_name_is_domain(out->selector, true))
		return "has something that is no selector in second place";
	if (out->algorithm == KEY_ALGORITHM_UNKNOWN)
		return "names an algorithm that is neither rsa-sha256 nor "
		       "ed25519-sha256";
	return NULL;
}

bool key_entry_has_percent(const struct key_entry *e)
{
	return str_eq(e->domain, STR("%")) ||
	       (e->is_path && str_find(e->key, '%') < e->key.n);
}

str percent_replace(struct arena *arena, str text, str by)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '%';
	if (!n)
		return text;

	struct buf b = buf_of(arena, text.n + n * by.n + 1);

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '%')
			buf_put(&b, by);
		else
			buf_putc(&b, text.p[i]);
	}
	return buf_str(&b);
}

/* The sender's domain becomes part of a path: nothing but a domain name may. */
static const char *fill_in(struct arena *arena, str sender_domain,
			   struct key_entry *e)
{
	if (!key_entry_has_percent(e))
		return NULL;
	if (!dns_name_is_domain(sender_domain, true))
		return "needs the sender's domain for its \"%\", and the "
		       "message has none";
	if (str_eq(e->domain, STR("%")))
		e->domain = sender_domain;
	if (e->is_path)
		e->key = percent_replace(arena, e->key, sender_domain);
	return NULL;
}

const char *keytable_find(const struct table *t, struct arena *arena, str name,
			  str sender_domain, struct key_entry *out)
{
	struct table_entry found;
	const char *why;

	if (!table_find(t, name, &found))
		return "is not in KeyTable";
	why = key_entry_parse(&found, out);
	return why ? why : fill_in(arena, sender_domain, out);
}
