/* records_plan: see cli/records_plan.h. */
#include "cli/records_plan.h"

#include "base/buf.h"

enum { VALUE_MAX = 16384, NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3 };

enum dns_type plan_type(const struct record *x)
{
	switch (x->role) {
	case ROLE_ADDRESS:
		return strcmp(x->type, "A") == 0 ? DNS_A : DNS_AAAA;
	case ROLE_MX:
		return DNS_MX;
	case ROLE_CAA:
		return DNS_CAA;
	case ROLE_TLSA:
		return DNS_TLSA;
	case ROLE_PTR:
		return DNS_PTR;
	default:
		return DNS_TXT;
	}
}

/* How a TXT record of that purpose begins; NULL: every record of the type has
 * it. */
static const char *mark_of(enum record_role role)
{
	switch (role) {
	case ROLE_SPF:
		return "v=spf1";
	case ROLE_DMARC:
	case ROLE_CONSENT:
		return "v=DMARC1";
	case ROLE_TLS_RPT:
		return "v=TLSRPTv1";
	case ROLE_MTA_STS:
		return "v=STSv1";
	default:
		return NULL;
	}
}

static bool has_purpose(const struct record *x, str value)
{
	const char *mark = mark_of(x->role);

	return !mark || str_istarts(value, str_of(mark));
}

/* An MX is the same with another preference, consent with more tags. */
static bool is_same(const struct record *x, str wanted, str there)
{
	switch (x->role) {
	case ROLE_MX:
		return str_ieq(str_skip(wanted, str_rfind(wanted, ' ')),
			       str_skip(there, str_rfind(there, ' ')));
	case ROLE_CONSENT:
		return true;
	case ROLE_ADDRESS:
	case ROLE_PTR:
	case ROLE_CAA:
	case ROLE_TLSA:
		return str_ieq(wanted, there);
	default:
		return str_eq(wanted, there);
	}
}

/* Is it one that another row wants (the host's second address)? */
static bool is_wanted(const struct plan *p, const struct record *like,
		      str there)
{
	for (size_t i = 0; i < p->records->n; i++) {
		const struct record *x = &p->records->record[i];

		if (str_ieq(x->name, like->name) &&
		    strcmp(x->type, like->type) == 0 && x->role == like->role &&
		    is_same(x, x->value, there))
			return true;
	}
	return false;
}

bool plan_removes(struct arena *arena, const struct plan *p,
		  const struct change *c, size_t i)
{
	str there = server_value_at(arena, &c->seen, i);

	return c->action == CHANGE_REPLACE && has_purpose(c->record, there) &&
	       !str_eq(there, c->value) && !is_wanted(p, c->record, there);
}

static bool has_term(str record, str term)
{
	str word;

	while (str_split(&record, ' ', &word))
		if (str_ieq(word, term))
			return true;
	return false;
}

/* The SPF record that is there with our addresses in front of its own terms:
 * other senders it names go on working. */
static str joined_spf(struct arena *arena, str wanted, str there)
{
	struct buf b = buf_of(arena, VALUE_MAX);
	str rest = wanted, term;

	buf_put(&b, STR("v=spf1"));
	while (str_split(&rest, ' ', &term))
		if (str_istarts(term, STR("ip")) && !has_term(there, term))
			buf_printf(&b, " %.*s", STR_ARG(term));
	buf_put(&b, str_skip(there, sizeof "v=spf1" - 1));
	return buf_str(&b);
}

static void decide_spf(struct arena *arena, const struct plan *p,
		       struct change *c, str there, size_t n)
{
	str joined = joined_spf(arena, c->record->value, there);

	c->action = CHANGE_REPLACE;
	if (p->replace)
		return;
	c->value = joined;
	if (n > 1)
		c->note = N_("two SPF records make both invalid: one is left");
	else if (str_eq(joined, there))
		c->action = CHANGE_NONE;
	else
		c->note = N_("your record gets this machine's addresses; the "
			     "rest of it stays");
}

static void keep(struct change *c, const char *note)
{
	c->action = CHANGE_KEEP;
	c->note = note;
}

/* Something else of the same purpose is there. */
static void decide_other(const struct plan *p, struct change *c)
{
	switch (c->record->role) {
	case ROLE_ADDRESS:
	case ROLE_TLSA:
		c->action = CHANGE_ADD;
		c->note = N_("another one is there and stays; if it is out of "
			     "date: --replace");
		break;
	case ROLE_MTA_STS:
		c->action = CHANGE_REPLACE;
		break;
	case ROLE_DMARC:
		if (p->dmarc)
			c->action = CHANGE_REPLACE;
		else
			keep(c, N_("your policy stays; another one: --policy "
				   "or --rua"));
		break;
	case ROLE_DKIM:
		keep(c, N_("another key is published under this selector: "
			   "sign with a new selector, or --replace if nobody "
			   "signs with that key"));
		break;
	case ROLE_MX:
		keep(c, N_("mail goes to another host now; to take it over: "
			   "--replace"));
		break;
	default:
		keep(c, N_("yours stays; to change it: --replace"));
	}
}

static void decide(struct arena *arena, const struct plan *p, struct change *c)
{
	const struct record *x = c->record;
	str other = { "", 0 };
	size_t others = 0;

	if (c->seen.alias) {
		keep(c, N_("the name is an alias (CNAME): the record belongs "
			   "where it points to"));
		return;
	}
	for (size_t i = 0; i < server_count(&c->seen); i++) {
		str there = server_value_at(arena, &c->seen, i);

		if (!has_purpose(x, there))
			continue;
		if (is_same(x, x->value, there))
			c->action = CHANGE_NONE;
		else if (!is_wanted(p, x, there) && !others++)
			other = there;
	}
	if (c->action == CHANGE_NONE && (!p->replace || !others) &&
	    (x->role != ROLE_SPF || !others))
		return;
	c->action = CHANGE_ADD;
	if (others && x->role == ROLE_SPF)
		decide_spf(arena, p, c, other, others);
	else if (others && p->replace)
		c->action = CHANGE_REPLACE;
	else if (others)
		decide_other(p, c);
}

/* Its zone, but for now without an answer: that nothing is there was not said. */
static bool broken(const struct server *s, str name, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE,
		       _("name server %s answers SERVFAIL for %.*s, so nothing "
			 "was done: its log says why it does not have the "
			 "zone"),
		       s->text, STR_ARG(name));
}

static bool ask_server(struct arena *arena, const struct server *s,
		       struct plan *p, struct change *c, struct err *e)
{
	const struct record *x = c->record;

	if (!server_ask(arena, s, plan_type(x), x->name, &c->seen, e))
		return false;
	c->zone = c->seen.zone;
	if (c->seen.rcode == SERVFAIL)
		return broken(s, x->name, e);
	if ((c->seen.rcode != NOERROR && c->seen.rcode != NXDOMAIN) ||
	    !c->seen.authoritative) {
		c->action = CHANGE_ELSEWHERE;
		return true;
	}
	if (!c->zone.n) { /* an answer with records has no SOA */
		struct server_answer soa;
		str name = x->name;

		while (name.n && !c->zone.n) {
			if (!server_ask(arena, s, DNS_SOA, name, &soa, e))
				return false;
			c->zone = soa.zone;
			name = str_skip(name, str_find(name, '.') + 1);
		}
	}
	decide(arena, p, c);
	return true;
}

static bool has_zone(struct arena *arena, const struct server *s, str domain,
		     struct err *e)
{
	struct server_answer a;

	if (!server_ask(arena, s, DNS_SOA, domain, &a, e))
		return false;
	if (a.authoritative && a.zone.n)
		return true;
	if (a.rcode == SERVFAIL)
		return broken(s, domain, e);
	return err_set(e, ERR_UNAVAILABLE,
		       _("name server %s does not have the zone of %.*s (it "
			 "answers %s): name the zone's primary with --server"),
		       s->text, STR_ARG(domain),
		       a.rcode ? server_rcode(a.rcode)
			       : _("without authority"));
}

bool plan_make(struct arena *arena, const struct server *s, struct plan *p,
	       struct err *e)
{
	p->n = p->records->n;
	p->change = arena_array_of(arena, struct change, p->n + 1);
	if (!has_zone(arena, s, p->records->domain, e))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		struct change *c = &p->change[i];

		c->record = &p->records->record[i];
		c->value = c->record->value;
		c->action = CHANGE_ADD;
		if (c->record->when == RECORD_LATER)
			c->action = CHANGE_LATER;
		else if (!ask_server(arena, s, p, c, e))
			return false;
	}
	return true;
}
