#include "verify/stamp.h"

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

void stamp_results(struct arena *arena, const struct verdict *v,
		   const struct stamp_options *o, struct authres *out)
{
	*out = (struct authres){ .id = o->authserv_id, .version = 1 };
	out->results = arena_array_of(arena, struct authres_result,
				      v->n_dkim + 1);
	for (size_t i = 0; i < v->n_dkim; i++)
		dkim_result(arena, &v->dkim_rows[i], o,
			    &out->results[out->n++]);
	if (!v->n_dkim)
		out->results[out->n++] = (struct authres_result){
			.method = STR("dkim"),
			.result = str_of(dkim_result_word(v->dkim)),
			.version = 1,
		};
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
