#include "report/own.h"

#include "base/jsontext.h"
#include "base/limits.h"
#include "dns/idn.h"
#include "dns/name.h"
#include "mail/address.h"

/* A mechanism's place in a row: what passes and aligns comes first. */
enum rank { PASS_EQUAL, PASS_RELAXED, PASS, NO_PASS, RANKS };

static bool printable(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* ---- the policy ---- */

static str word_of(enum dmarc_policy p)
{
	return p == DMARC_POLICY_ABSENT ? STR("")
					: str_of(dmarc_policy_word(p));
}

static str fo_of(struct arena *arena, unsigned fo)
{
	static const struct {
		unsigned bit;
		char letter;
	} bits[] = { { DMARC_FO_ALL, '0' },
		     { DMARC_FO_ANY, '1' },
		     { DMARC_FO_DKIM, 'd' },
		     { DMARC_FO_SPF, 's' } };
	struct buf b = buf_of(arena, 16);

	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		if (!(fo & bits[i].bit))
			continue;
		if (b.n)
			buf_putc(&b, ':');
		buf_putc(&b, bits[i].letter);
	}
	return buf_str(&b);
}

/* Those that fit; one with a comma of its own would be read as two. */
static str rua_of(struct arena *arena, const struct dmarc_record *r)
{
	struct buf b = buf_of(arena, LIMIT_RUA);

	for (size_t i = 0; i < r->n_rua; i++) {
		str uri = r->rua[i].uri;

		if (!uri.n || !printable(uri) || str_find(uri, ',') < uri.n ||
		    b.n + uri.n + 1 > LIMIT_RUA)
			continue;
		if (b.n)
			buf_putc(&b, ',');
		buf_put(&b, uri);
	}
	return buf_str(&b);
}

static void put_policy(struct arena *arena, const struct dmarc_record *r,
		       bool psl, struct store_policy *out)
{
	*out = (struct store_policy){
		.p = str_of(dmarc_policy_word(r->p)),
		.sp = word_of(r->sp),
		.np = word_of(r->np),
		.adkim = r->adkim_strict ? STR("s") : STR("r"),
		.aspf = r->aspf_strict ? STR("s") : STR("r"),
		.testing = r->testing ? STR("y") : STR("n"),
		.fo = fo_of(arena, r->fo),
		.discovery = psl ? STR("psl") : STR("treewalk"),
		.rua = rua_of(arena, r),
	};
}

/* ---- results ---- */

static enum dmarc_alignment aligned(const struct dmarc_verdict *c,
				    enum dmarc_mechanism mechanism, str domain)
{
	for (size_t i = 0; c->alignment && i < c->n_ids; i++)
		if (c->ids[i].mechanism == mechanism &&
		    str_ieq(c->ids[i].domain, domain))
			return c->alignment[i];
	return DMARC_UNRELATED;
}

static enum rank rank_of(const struct dmarc_verdict *c,
			 const struct verdict_dkim *row)
{
	enum dmarc_alignment a;

	if (row->result != DKIM_PASS)
		return NO_PASS;
	a = aligned(c, DMARC_DKIM, row->domain);
	return a == DMARC_EQUAL     ? PASS_EQUAL
	       : a == DMARC_RELAXED ? PASS_RELAXED
				    : PASS;
}

struct listing {
	struct buf *b;
	bool any;
};

static void put_result(struct listing *l, const char *method, str domain,
		       str selector, const char *scope, const char *result,
		       const char *human)
{
	enum { WORDS = 300 }; /* names of members, static sentences */
	bool first = true;

	if (!domain.n || !dns_name_is_domain(domain, true) ||
	    l->b->n + domain.n + selector.n + WORDS > l->b->max)
		return; /* what matters stands first */
	buf_putc(l->b, l->any ? ',' : '[');
	l->any = true;
	buf_putc(l->b, '{');
	jsontext_member(l->b, &first, "method", str_of(method));
	jsontext_member(l->b, &first, "domain", domain);
	if (selector.n)
		jsontext_member(l->b, &first, "selector", selector);
	if (scope)
		jsontext_member(l->b, &first, "scope", str_of(scope));
	jsontext_member(l->b, &first, "result", str_of(result));
	if (human)
		jsontext_member(l->b, &first, "human_result", str_of(human));
	buf_putc(l->b, '}');
}

static const char *claimed(enum dmarc_status s)
{
	return s == DMARC_ID_PASS        ? "pass"
	       : s == DMARC_ID_TEMPERROR ? "temperror"
					 : "fail";
}

/* What was not judged here, a trusted filter may have. */
static void put_claims(struct listing *l, const struct dmarc_verdict *c,
		       enum dmarc_mechanism m)
{
	for (size_t i = 0; i < c->n_ids; i++)
		if (c->ids[i].mechanism == m)
			put_result(l, m == DMARC_SPF ? "spf" : "dkim",
				   c->ids[i].domain, STR(""),
				   m == DMARC_SPF ? "mfrom" : NULL,
				   claimed(c->ids[i].status), NULL);
}

static str results_of(struct arena *arena, const struct verdict *v,
		      const struct dmarc_verdict *c)
{
	struct buf b = buf_of(arena, LIMIT_OWN_AUTH);
	struct listing l = { &b, false };

	for (int rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i < v->n_dkim; i++) {
			const struct verdict_dkim *row = &v->dkim_rows[i];

			if (rank_of(c, row) == (enum rank)rank)
				put_result(&l, "dkim", row->domain,
					   row->selector, NULL,
					   dkim_result_word(row->result),
					   row->reason);
		}
	if (!v->dkim_judged)
		put_claims(&l, c, DMARC_DKIM);
	if (v->spf)
		put_result(&l, "spf", v->spf->domain, STR(""), "mfrom",
			   spf_result_word(v->spf->result), v->spf->problem);
	else
		put_claims(&l, c, DMARC_SPF);
	buf_put(&b, l.any ? STR("]") : STR("[]"));
	return buf_str(&b);
}

/* ---- what became of it, and why ---- */

static str disposition_of(const struct verdict_dmarc *d, enum dmarc_policy done)
{
	if (d->result == DMARC_PASS && d->check->policy > DMARC_POLICY_NONE)
		return STR("pass");
	return str_of(dmarc_policy_word(done));
}

static void put_reason(struct buf *b, const char *type, str comment)
{
	bool first = true;

	buf_put(b, b->n ? STR(",{") : STR("[{"));
	jsontext_member(b, &first, "type", str_of(type));
	if (comment.n)
		jsontext_member(b, &first, "comment", comment);
	buf_putc(b, '}');
}

static str without(str s, str prefix)
{
	return str_starts(s, prefix) ? str_skip(s, prefix.n) : s;
}

/* What the record says of this message, before t= makes it weaker. */
static enum dmarc_policy published(const struct dmarc_verdict *c)
{
	const struct dmarc_record *r = c->record;

	if (!r)
		return DMARC_POLICY_NONE;
	return str_eq(str_of(c->tag), STR("p"))
		       ? r->p
		       : dmarc_policy_for(r, c->exists);
}

/* RFC 9990 3.1.1.11: mandatory where a message that fails was not treated as
 * the policy says. */
static str reasons_of(struct arena *arena, const struct verdict_dmarc *d,
		      const struct own_facts *f)
{
	struct buf b = buf_of(arena, LIMIT_OWN_AUTH);

	if (d->result == DMARC_PASS || d->result == DMARC_NONE)
		return (str){ NULL, 0 };
	if (d->result == DMARC_FAIL && d->check->record &&
	    d->check->record->testing && published(d->check) > d->disposition)
		put_reason(&b, "policy_test_mode", STR(""));
	if (f->override.n)
		put_reason(&b, "local_policy",
			   without(f->override, STR("local policy: ")));
	else if (d->result != DMARC_FAIL)
		put_reason(&b, "other", str_of(d->reason));
	else if (f->done < d->disposition)
		put_reason(&b, "local_policy",
			   STR("the policy is not enforced here"));
	if (!b.n)
		return (str){ NULL, 0 };
	buf_putc(&b, ']');
	return b.overflow ? (str){ NULL, 0 } : buf_str(&b);
}

/* ---- names ---- */

/* Absent when it is no domain. */
static str domain_of(struct arena *arena, str name)
{
	str ascii;
	char *lower;

	if (!name.n || !dns_name_to_ascii(arena, name, &ascii) ||
	    !dns_name_is_domain(ascii, true))
		return (str){ NULL, 0 };
	lower = arena_cstr(arena, ascii);
	for (size_t i = 0; i < ascii.n; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	return (str){ lower, ascii.n };
}

static str envelope_from(struct arena *arena, str mail_from)
{
	struct path p;

	(void)path_parse(mail_from, &p);
	return p.null ? STR("") : domain_of(arena, p.domain);
}

/* When all recipients are of one domain. */
static str envelope_to(struct arena *arena, const struct own_facts *f)
{
	str one = { NULL, 0 };

	for (size_t i = 0; i < f->n_rcpts; i++) {
		struct path p;

		(void)path_parse(f->rcpts[i], &p);
		if (!p.domain.n || (i && !str_ieq(p.domain, one)))
			return (str){ NULL, 0 };
		one = p.domain;
	}
	return domain_of(arena, one);
}

static str source_of(struct arena *arena, struct ip ip)
{
	char text[IP_TEXT_MAX];

	return ip.family == IP_NONE ? STR("")
				    : arena_str(arena, ip_text(ip, text));
}

bool own_verdict(struct arena *arena, const struct verdict *v,
		 const struct own_facts *f, struct store_verdict *out)
{
	const struct verdict_dmarc *d = v->dmarc;
	const struct dmarc_verdict *c = d ? d->check : NULL;
	str domain;

	if (!c || d->result == DMARC_PERMERROR)
		return false;
	domain = domain_of(arena, c->record ? c->policy_domain
				  : c->organizational_domain.n
					  ? c->organizational_domain
					  : d->domain);
	if (!domain.n)
		return false;
	*out = (struct store_verdict){
		.time = f->time,
		.domain = domain,
		.source_ip = source_of(arena, v->ip),
		.header_from = domain_of(arena, d->domain),
		.envelope_from = envelope_from(arena, v->mail_from),
		.envelope_to = envelope_to(arena, f),
		.result = str_of(dmarc_result_word(d->result)),
		.disposition = disposition_of(d, f->done),
		.dkim = c->dkim_aligned,
		.spf = c->spf_aligned,
		.reasons = reasons_of(arena, d, f),
		.auth = results_of(arena, v, c),
		.action = str_of(f->action),
	};
	if (c->record)
		put_policy(arena, c->record, f->psl, &out->policy);
	return true;
}
