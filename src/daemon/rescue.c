/* rescue: RFC 8617 7.2.1, a message that fails DMARC only because somebody whom we
 * trust has passed it on. */
#include "base/ip.h"
#include "daemon/enforce.h"
#include "mail/authres.h"

static bool sealed_by_trusted(const struct job *j, const struct arc_chain *c)
{
	const struct snapshot *s = j->s;
	struct table_entry e;

	for (unsigned i = 0; i < c->sets.n; i++) {
		str d = c->sets.set[i].seal.sig.domain_ascii;

		if (!(s->sealers && table_find(s->sealers, d, &e)) &&
		    !(s->sealers_file && table_find(s->sealers_file, d, &e)))
			return false;
	}
	return c->sets.n > 0;
}

static str property(const struct authres_result *r, str name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_ieq(r->properties[i].name, name))
			return r->properties[i].value;
	return (str){ NULL, 0 };
}

/* Did the first of them see it pass DMARC, as this author's? */
static bool was_authentic(struct job *j, const struct arc_chain *c)
{
	struct authres a;

	if (!arc_set_results(&c->sets.set[0], j->arena, &a))
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (str_eq(a.results[i].method, STR("dmarc")) &&
		    str_eq(a.results[i].result, STR("pass")) &&
		    str_ieq(property(&a.results[i], STR("from")),
			    j->verdict->dmarc->domain))
			return true;
	return false;
}

/* Where the first of them had it from, if that is said and is an address. */
static void put_remote_ip(struct buf *b, struct job *j,
			  const struct arc_chain *c)
{
	struct authres a;
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (!arc_set_results(&c->sets.set[0], j->arena, &a))
		return;
	for (size_t i = 0; i < a.n; i++)
		if (str_eq(a.results[i].method, STR("arc")) &&
		    ip_parse(property(&a.results[i], STR("remote-ip")), &ip)) {
			ip_text(ip, text);
			buf_printf(b, " remote-ip[1]=%s", text);
			return;
		}
}

/* RFC 8617 7.2.2 */
str rescue_words(struct job *j)
{
	const struct verdict *v = j->verdict;
	struct buf b = buf_of(j->arena, 400);

	if (!v->dmarc || v->dmarc->result != DMARC_FAIL || !v->arc ||
	    v->arc->result != ARC_PASS || !sealed_by_trusted(j, v->arc) ||
	    !was_authentic(j, v->arc))
		return STR("");
	buf_put(&b, STR("local policy: arc=pass"));
	for (unsigned i = v->arc->sets.n; i > 0; i--) {
		const struct dkim_signature *sig =
			&v->arc->sets.set[i - 1].seal.sig;

		buf_printf(&b, " as[%u].d=%.*s as[%u].s=%.*s", i,
			   STR_ARG(str_head(sig->domain_ascii, 80)), i,
			   STR_ARG(str_head(sig->selector, 40)));
	}
	put_remote_ip(&b, j, v->arc);
	return b.overflow ? STR("local policy: arc=pass") : buf_str(&b);
}
