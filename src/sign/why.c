/* why: a decision of choose.h in words. */
#include "base/buf.h"
#include "sign/choose.h"

enum { WHY_MAX = 2048, SHOWN_MAX = 200 };

const char *sign_condition_name(enum sign_condition c)
{
	static const char *const names[] = {
		[SIGN_PEER] = "PeerList",
		[SIGN_EXEMPT] = "ExemptDomains",
		[SIGN_DONT_SIGN_TO] = "DontSignMailTo",
		[SIGN_MTA] = "MTA",
		[SIGN_MACRO] = "MacroList",
		[SIGN_INTERNAL] = "InternalHosts",
		[SIGN_AUTHENTICATED] = "{auth_type}",
		[SIGN_DOMAIN] = "Domain",
		[SIGN_TABLE] = "SigningTable",
	};

	return names[c];
}

static void put_cut(struct buf *b, str s)
{
	buf_put(b, str_head(s, SHOWN_MAX));
}

static void put_place(struct buf *b, const struct table *t, uint32_t at)
{
	unsigned line = table_line(t, at);

	put_cut(b, table_name(t));
	if (line)
		buf_printf(b, ":%u", line);
}

/* "InternalHosts entry 192.0.2.0/24 (/etc/x:3)" */
static void put_finding(struct buf *b, const struct sign_choice *c,
			enum sign_condition which)
{
	const struct sign_finding *f = &c->findings[which];

	buf_put(b, str_of(sign_condition_name(which)));
	if (!f->table)
		return;
	buf_put(b, STR(" entry \""));
	put_cut(b, f->entry.key);
	buf_put(b, STR("\" ("));
	put_place(b, f->table, f->entry.at);
	buf_putc(b, ')');
}

static void put_client(struct buf *b, const struct sign_request *rq)
{
	char text[IP_TEXT_MAX];

	buf_put(b, STR("client "));
	if (rq->client_name.n)
		put_cut(b, rq->client_name);
	if (rq->client_ip.family != IP_NONE)
		buf_printf(b, "%s[%.*s]", rq->client_name.n ? " " : "",
			   STR_ARG(ip_text(rq->client_ip, text)));
	else if (!rq->client_name.n)
		buf_put(b, STR("(unknown)"));
}

static void put_sender(struct buf *b, const struct sign_choice *c,
		       const struct sign_request *rq)
{
	put_cut(b, rq->user);
	buf_putc(b, '@');
	put_cut(b, c->domain);
}

static enum sign_condition first_held(const struct sign_choice *c,
				      enum sign_condition from,
				      enum sign_condition to)
{
	while (from < to && !c->findings[from].held)
		from++;
	return from;
}

static void put_keys(struct buf *b, const struct sign_choice *c)
{
	for (size_t i = 0; i < c->n_keys; i++) {
		const struct sign_key *k = &c->keys[i];

		if (c->findings[SIGN_DOMAIN].held)
			return;
		buf_put(b, STR("; key \""));
		put_cut(b, k->key_name);
		if (k->trouble) {
			buf_printf(b, "\" %s", k->trouble);
			continue;
		}
		buf_put(b, STR("\" ("));
		put_place(b, c->rules->keys, k->key.at);
		buf_putc(b, ')');
	}
}

static void put_signed(struct buf *b, const struct sign_choice *c)
{
	enum sign_condition origin = first_held(c, SIGN_MTA,
						SIGN_AUTHENTICATED);

	buf_put(b, STR("signed: "));
	if (origin == SIGN_AUTHENTICATED)
		buf_put(b, STR("the client authenticated"));
	else
		put_finding(b, c, origin);
	buf_put(b, STR(" and "));
	put_finding(b, c,
		    c->findings[SIGN_TABLE].held ? SIGN_TABLE : SIGN_DOMAIN);
	put_keys(b, c);
}

/* The domain is ours, the client is not. */
static void put_foreign_client(struct buf *b, const struct sign_choice *c,
			       const struct sign_request *rq)
{
	const struct sign_finding *f = &c->findings[SIGN_INTERNAL];

	put_client(b, rq);
	buf_put(b, STR(" did not authenticate and "));
	if (f->table) {
		buf_put(b, STR("is taken out of InternalHosts by \""));
		put_cut(b, f->entry.key);
		buf_put(b, STR("\" ("));
		put_place(b, f->table, f->entry.at);
		buf_putc(b, ')');
		return;
	}
	buf_put(b, STR("is not in InternalHosts"));
	if (c->rules->internal) {
		buf_put(b, STR(" ("));
		put_cut(b, table_name(c->rules->internal->table));
		buf_putc(b, ')');
	}
	buf_put(b, STR("; if it is one of yours add its address to "
		       "InternalHosts, or let it authenticate"));
}

/* The client is ours, the domain is not. */
static void put_foreign_domain(struct buf *b, const struct sign_choice *c,
			       const struct sign_request *rq)
{
	const struct sign_rules *r = c->rules;

	if (!c->domain.n) {
		buf_put(b, STR("the message has no sender address"));
		return;
	}
	if (r->signing) {
		buf_put(b, STR("no line of SigningTable ("));
		put_cut(b, table_name(r->signing));
		buf_put(b, STR(") matches "));
		put_sender(b, c, rq);
		buf_printf(b, "; to sign it add \"%s%.*s KEYNAME\"",
			   table_kind(r->signing) == TABLE_PATTERNS ? "*@" : "",
			   STR_ARG(str_head(c->domain, SHOWN_MAX)));
	} else if (r->domains) {
		buf_put(b, STR("Domain ("));
		put_cut(b, table_name(r->domains));
		buf_put(b, STR(") does not have "));
		put_cut(b, c->domain);
	} else {
		buf_put(b, STR("neither SigningTable nor Domain is set"));
	}
}

static void put_not_signed(struct buf *b, const struct sign_choice *c,
			   const struct sign_request *rq)
{
	bool ours = first_held(c, SIGN_MTA, SIGN_DOMAIN) != SIGN_DOMAIN;

	if (!c->rules->sign) {
		buf_put(b, STR("Mode has no s"));
	} else if (ours && c->n_keys) {
		buf_put(b, STR("a recipient matches "));
		put_finding(b, c, SIGN_DONT_SIGN_TO);
	} else if (c->n_keys) {
		put_foreign_client(b, c, rq);
	} else if (ours) {
		put_foreign_domain(b, c, rq);
	} else {
		put_client(b, rq);
		buf_put(b, STR(" is not ours (InternalHosts, {auth_type}) and "
			       "neither is the sender's domain"));
	}
}

str sign_why(const struct sign_choice *c, const struct sign_request *rq,
	     struct arena *arena)
{
	struct buf b = buf_of(arena, WHY_MAX);

	if (c->findings[SIGN_PEER].held) {
		buf_put(&b, STR("left alone: the client matches "));
		put_finding(&b, c, SIGN_PEER);
	} else if (c->findings[SIGN_EXEMPT].held) {
		buf_put(&b, STR("left alone: the sender's domain matches "));
		put_finding(&b, c, SIGN_EXEMPT);
	} else if (c->action == SIGN_SIGN) {
		put_signed(&b, c);
	} else {
		buf_put(&b, STR("not signed: "));
		put_not_signed(&b, c, rq);
	}
	return buf_str(&b);
}
