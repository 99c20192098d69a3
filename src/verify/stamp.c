#include "verify/stamp.h"

#include "arc/results.h"
#include "base/buf.h"
#include "base/limits.h"

enum { PROPERTIES_MAX = 6, COMMENT_MAX = 100 };

static void put(struct authres_result *r, const char *name, str value)
{
	if (value.n)
		r->properties[r->n++] = (struct authres_property){
			STR("header"), str_of(name), value
		};
}

/* "2048-bit key, secure key, testing": without ";", at which crude readers cut */
static str comment_of(struct arena *arena, const struct verdict_dkim *row)
{
	struct buf b = buf_of(arena, COMMENT_MAX);

	if (row->key_bits)
		buf_printf(&b, "%u-bit key", row->key_bits);
	if (row->secure)
		buf_printf(&b, "%ssecure key", b.n ? ", " : "");
	if (row->testing)
		buf_printf(&b, "%stesting", b.n ? ", " : "");
	return b.n ? buf_str(&b) : (str){ NULL, 0 };
}

static void dkim_result(struct arena *arena, const struct verdict_dkim *row,
			const struct stamp_options *o, struct authres_result *r)
{
	*r = (struct authres_result){
		.method = STR("dkim"),
		.result = str_of(dkim_result_word(row->result)),
		.version = 1,
		.reason = str_of(row->reason),
		.comment = comment_of(arena, row),
		.properties = arena_array_of(arena, struct authres_property,
					     PROPERTIES_MAX),
	};
	put(r, "d", row->domain);
	put(r, "i", row->identity);
	put(r, "s", row->selector);
	put(r, "a", row->algorithm);
	if (!o->no_header_b)
		put(r, "b", row->b_head);
}

static struct authres_result *begin(struct arena *arena, struct authres *out,
				    str method, const char *result,
				    const char *reason)
{
	struct authres_result *r = &out->results[out->n++];

	*r = (struct authres_result){
		.method = method,
		.result = str_of(result),
		.version = 1,
		.reason = str_of(reason),
		.properties = arena_array_of(arena, struct authres_property,
					     PROPERTIES_MAX),
	};
	return r;
}

static void put_as(struct authres_result *r, str ptype, str name, str value)
{
	if (value.n)
		r->properties[r->n++] = (struct authres_property){ ptype, name,
								   value };
}

static void put_dkim(struct arena *arena, const struct verdict *v,
		     const struct stamp_options *o, struct authres *out)
{
	for (size_t i = 0; i < v->n_dkim; i++)
		dkim_result(arena, &v->dkim_rows[i], o,
			    &out->results[out->n++]);
	if (!v->n_dkim)
		(void)begin(arena, out, STR("dkim"), dkim_result_word(v->dkim),
			    NULL);
}

/* Only the identity that gave the result (RFC 8601 2.7.2): for the null path
 * that is HELO's name. */
static void put_spf(struct arena *arena, const struct spf_verdict *spf,
		    const struct verdict *v, const struct stamp_options *o,
		    struct authres *out)
{
	struct authres_result *r = begin(arena, out, STR("spf"),
					 spf_result_word(spf->result),
					 spf->problem);

	if (spf->scope == SPF_HELO || !v->mail_from.n)
		put_as(r, STR("smtp"), STR("helo"), spf->domain);
	else
		put_as(r, STR("smtp"), STR("mailfrom"),
		       o->full_mail_from ? v->mail_from : spf->domain);
}

/* "p=reject sp=none dis=none": the policy that was found and what was done;
 * many programs read this comment. */
static str dmarc_comment(struct arena *arena, const struct verdict_dmarc *d,
			 const struct stamp_options *o)
{
	const struct dmarc_record *r = d->check ? d->check->record : NULL;
	struct buf b = buf_of(arena, COMMENT_MAX);

	if (!r)
		return (str){ NULL, 0 };
	buf_printf(&b, "p=%s", dmarc_policy_word(r->p));
	if (r->sp)
		buf_printf(&b, " sp=%s", dmarc_policy_word(r->sp));
	if (r->np)
		buf_printf(&b, " np=%s", dmarc_policy_word(r->np));
	if (r->testing)
		buf_printf(&b, " t=y");
	buf_printf(&b, " dis=%s",
		   dmarc_policy_word(o->done ? o->done : d->disposition));
	return buf_str(&b);
}

static void put_dmarc(struct arena *arena, const struct verdict_dmarc *d,
		      const struct stamp_options *o, struct authres *out)
{
	struct authres_result *r = begin(
		arena, out, STR("dmarc"), dmarc_result_word(d->result),
		d->result == DMARC_FAIL ? NULL : d->reason);

	r->comment = dmarc_comment(arena, d, o);
	if (o->override.n)
		r->reason = o->override;
	if (d->check && d->check->policy)
		put_as(r, STR("policy"), STR("dmarc"),
		       str_of(dmarc_policy_word(d->check->policy)));
	put(r, "from", d->domain);
}

static void put_iprev(struct arena *arena, const struct verdict *v,
		      struct authres *out)
{
	char text[IP_TEXT_MAX];
	struct authres_result *r = begin(arena, out, STR("iprev"),
					 iprev_result_word(v->iprev->result),
					 v->iprev->reason);

	put_as(r, STR("policy"), STR("iprev"),
	       arena_str(arena, ip_text(v->ip, text)));
}

void stamp_results(struct arena *arena, const struct verdict *v,
		   const struct stamp_options *o, struct authres *out)
{
	enum { OTHERS = 6 };

	*out = (struct authres){ .id = o->authserv_id, .version = 1 };
	out->results = arena_array_of(arena, struct authres_result,
				      v->n_dkim + 1 + OTHERS);
	if (v->dkim_judged || v->out_of_memory)
		put_dkim(arena, v, o, out);
	if (v->spf_helo)
		put_spf(arena, v->spf_helo, v, o, out);
	if (v->spf)
		put_spf(arena, v->spf, v, o, out);
	if (v->dmarc)
		put_dmarc(arena, v->dmarc, o, out);
	if (v->arc)
		out->results[out->n++] = arc_result_row(arena, v->arc, v->ip);
	if (v->iprev)
		put_iprev(arena, v, out);
	if (o->auth_user.n)
		put_as(begin(arena, out, STR("auth"), "pass", NULL),
		       STR("smtp"), STR("auth"), o->auth_user);
}

str stamp_value(struct arena *arena, const struct verdict *v,
		const struct stamp_options *o)
{
	struct buf b = buf_of(arena, LIMIT_AUTHRES_BYTES);
	struct authres a;

	stamp_results(arena, v, o, &a);
	authres_write(&b, sizeof "Authentication-Results:" - 1, &a);
	return buf_str(&b);
}
