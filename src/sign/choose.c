#include "sign/choose.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "sign/signtable.h"

static str lower(struct arena *arena, str s)
{
	char *p = arena_cstr(arena, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return (str){ p, s.n };
}

static void held(struct sign_finding *f, const struct table *t,
		 const struct table_entry *e)
{
	f->held = true;
	f->table = t;
	f->entry = *e;
}

static void ask_hosts(struct sign_finding *f, const struct hosts *h, str name,
		      struct ip ip)
{
	struct table_entry by;
	enum hosts_answer a;

	if (!h)
		return;
	f->asked = true;
	if (str_ieq(name, STR("unknown")))
		name = STR("");
	a = hosts_find(h, name, ip, &by);
	if (a == HOSTS_UNKNOWN)
		return;
	held(f, h->table, &by);
	f->held = a == HOSTS_IN;
}

static void ask_table(struct sign_finding *f, const struct table *t, str key)
{
	struct table_entry e;

	if (!t)
		return;
	f->asked = true;
	if (key.n && table_find(t, key, &e))
		held(f, t, &e);
}

static str macro_value(const struct sign_request *rq, str name)
{
	for (size_t i = 0; i < rq->n_macros; i++)
		if (str_eq(rq->macros[i].name, name))
			return rq->macros[i].value;
	return (str){ NULL, 0 };
}

static str without_braces(str name)
{
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return (str){ name.p + 1, name.n - 2 };
	return name;
}

/* Values have "|" between them in a list, ":" in a file. */
static bool one_of(str values, char sep, str value)
{
	str one;

	while (str_split(&values, sep, &one))
		if (str_eq(str_trim(one), value))
			return true;
	return false;
}

static void ask_macros(struct sign_finding *f, const struct table *t,
		       const struct sign_request *rq)
{
	struct table_entry e;
	size_t at = 0;

	if (!t)
		return;
	f->asked = true;
	while (table_next(t, &at, &e)) {
		str value = macro_value(rq, without_braces(e.key));

		if (!value.p || (e.value.n && !one_of(e.value, '|', value) &&
				 !one_of(e.value, ':', value)))
			continue;
		held(f, t, &e);
		return;
	}
}

/* "<user@domain>" */
static void split_address(str address, str *user, str *domain)
{
	size_t at;

	if (address.n > 1 && *address.p == '<' &&
	    address.p[address.n - 1] == '>')
		address = (str){ address.p + 1, address.n - 2 };
	at = str_rfind(address, '@');
	*user = str_head(address, at);
	*domain = str_skip(address, at + 1);
}

static void ask_recipients(struct sign_finding *f, const struct table *t,
			   const struct sign_request *rq, struct arena *arena)
{
	struct table_entry e;
	str user, domain;

	if (!t)
		return;
	f->asked = true;
	for (size_t i = 0; i < rq->n_recipients && !f->held; i++) {
		split_address(rq->recipients[i], &user, &domain);
		if (address_set_find(t, arena, user, domain, &e))
			held(f, t, &e);
	}
}

/* Is the client ours? */
static bool ask_origin(struct sign_choice *c, const struct sign_request *rq)
{
	struct sign_finding *f = c->findings;
	str auth = macro_value(rq, STR("auth_type"));

	ask_table(&f[SIGN_MTA], c->rules->mta,
		  macro_value(rq, STR("daemon_name")));
	ask_macros(&f[SIGN_MACRO], c->rules->macros, rq);
	ask_hosts(&f[SIGN_INTERNAL], c->rules->internal, rq->client_name,
		  rq->client_ip);
	f[SIGN_AUTHENTICATED].asked = true;
	f[SIGN_AUTHENTICATED].held = auth.n > 0;
	return f[SIGN_MTA].held || f[SIGN_MACRO].held ||
	       f[SIGN_INTERNAL].held || f[SIGN_AUTHENTICATED].held;
}

static struct sign_key *add_key(struct sign_choice *c, struct arena *arena)
{
	size_t size = sizeof *c->keys;

	c->keys = arena_grow(arena, c->keys, c->n_keys * size,
			     (c->n_keys + 1) * size);
	c->keys[c->n_keys] = (struct sign_key){ .trouble = NULL };
	return &c->keys[c->n_keys++];
}

/* RFC 6376 3.5 i=: its domain is d= or below; else it is left out, as in
 * opendkim. */
static bool identity_fits(str identity, str d)
{
	size_t at = str_rfind(identity, '@');
	str domain = str_skip(identity, at + 1);

	if (at == identity.n)
		return false;
	if (str_ieq(domain, d))
		return true;
	return domain.n > d.n && str_iends(domain, d) &&
	       domain.p[domain.n - d.n - 1] == '.';
}

static void use_entry(struct sign_choice *c, const struct sign_entry *from,
		      struct arena *arena)
{
	struct sign_key *k = add_key(c, arena);

	k->key_name = from->key_name;
	k->sign_at = from->at;
	if (!from->key_name.n)
		k->trouble = "is empty in SigningTable";
	else if (!c->rules->keys)
		k->trouble = "cannot be looked up: there is no KeyTable";
	else
		k->trouble = keytable_find(c->rules->keys, arena,
					   from->key_name, c->domain, &k->key);
	if (!k->trouble && identity_fits(from->identity, k->key.domain))
		k->identity = from->identity;
}

static void ask_signing_table(struct sign_choice *c,
			      const struct sign_request *rq,
			      struct arena *arena)
{
	struct sign_finding *f = &c->findings[SIGN_TABLE];
	const struct table *t = c->rules->signing;
	struct signtable_walk w;
	struct sign_entry e;

	if (!t)
		return;
	f->asked = true;
	if (!c->domain.n)
		return;
	signtable_start(&w, t, arena, rq->user, c->domain);
	while (c->n_keys < LIMIT_SIGNATURES && signtable_next(&w, &e)) {
		if (!f->held) {
			struct table_entry by = { .key = e.pattern,
						  .at = e.at };

			held(f, t, &by);
		}
		use_entry(c, &e, arena);
		if (!c->rules->multiple)
			break;
	}
}

/* Domain, Selector and KeyFile.  For a subdomain d= is the parent that the set
 * has, and i= tells the subdomain. */
static void ask_domains(struct sign_choice *c, struct arena *arena)
{
	struct sign_finding *f = &c->findings[SIGN_DOMAIN];
	const struct sign_rules *r = c->rules;
	struct table_entry e;
	str d = c->domain;

	if (!r->domains || r->keys || r->signing)
		return;
	f->asked = true;
	while (d.n && !table_find(r->domains, d, &e)) {
		if (!r->sub_domains)
			return;
		d = str_skip(d, str_find(d, '.') + 1);
	}
	if (!d.n)
		return;
	held(f, r->domains, &e);

	struct sign_key *k = add_key(c, arena);

	k->sign_at = e.at;
	k->key = (struct key_entry){ .domain = d,
				     .selector = r->selector,
				     .key = r->key_file,
				     .is_path = true };
	if (!str_eq(d, c->domain)) {
		char *p = arena_alloc(arena, c->domain.n + 1);

		p[0] = '@';
		memcpy(p + 1, c->domain.p, c->domain.n);
		k->identity = (str){ p, c->domain.n + 1 };
	}
}

bool sign_is_peer(const struct sign_rules *r, str client_name, struct ip ip,
		  struct sign_finding *found)
{
	*found = (struct sign_finding){ .asked = false };
	ask_hosts(found, r->peers, client_name, ip);
	return found->held;
}

static bool external_is_news(const struct sign_choice *c,
			     const struct sign_request *rq)
{
	struct sign_finding ignored = { .asked = false };

	ask_hosts(&ignored, c->rules->external_ignore, rq->client_name,
		  rq->client_ip);
	return !ignored.held;
}

struct sign_choice *sign_choose(const struct sign_rules *rules,
				const struct sign_request *rq,
				struct arena *arena)
{
	struct sign_choice *c = arena_new_of(arena, struct sign_choice);
	struct sign_finding *f = c->findings;

	c->rules = rules;
	c->domain = lower(arena, rq->domain);
	c->action = SIGN_IGNORE;
	if (sign_is_peer(rules, rq->client_name, rq->client_ip, &f[SIGN_PEER]))
		return c;
	ask_table(&f[SIGN_EXEMPT], rules->exempt, c->domain);
	if (f[SIGN_EXEMPT].held)
		return c;

	bool ours = ask_origin(c, rq);

	ask_signing_table(c, rq, arena);
	ask_domains(c, arena);
	ask_recipients(&f[SIGN_DONT_SIGN_TO], rules->dont_sign_to, rq, arena);
	if (rules->sign && ours && c->n_keys && !f[SIGN_DONT_SIGN_TO].held) {
		c->action = SIGN_SIGN;
		return c;
	}
	c->external = rules->sign && c->n_keys && !ours &&
		      external_is_news(c, rq);
	if (rules->verify && !(ours && f[SIGN_DONT_SIGN_TO].held))
		c->action = SIGN_VERIFY;
	return c;
}
