#include "arc/results.h"

#include "base/limits.h"

enum { PROPERTIES = 2 };

static void append(struct arena *arena, struct authres *out,
		   const struct authres_result *results, size_t n)
{
	if (n > LIMIT_AUTHRES_RESULTS - out->n)
		n = LIMIT_AUTHRES_RESULTS - out->n;
	out->results = arena_grow(arena, out->results,
				  out->n * sizeof *out->results,
				  (out->n + n) * sizeof *out->results);
	if (n)
		memcpy(out->results + out->n, results, n * sizeof *results);
	out->n += n;
}

static bool is_ascii(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

bool arc_results_gather(struct arena *arena, const struct header *header,
			str authserv_id, struct authres *out)
{
	bool found = false;

	*out = (struct authres){ .id = authserv_id, .version = 1 };
	for (size_t i = 0; i < header->n; i++) {
		const struct field *f = &header->fields[i];
		struct authres a;

		if (!str_ieq(f->name, STR("Authentication-Results")) ||
		    !authres_parse(arena, f->value, &a) ||
		    !str_ieq(a.id, authserv_id))
			continue;
		found = true;
		/* where such a field is, the message is of RFC 6532 anyway */
		out->utf8 = out->utf8 || !is_ascii(f->value);
		append(arena, out, a.results, a.n);
	}
	return found;
}

static void put(struct authres_result *r, str ptype, str name, str value)
{
	r->properties[r->n++] = (struct authres_property){ ptype, name, value };
}

struct authres_result arc_result_row(struct arena *arena,
				     const struct arc_chain *chain,
				     struct ip remote)
{
	struct authres_result r = {
		.method = STR("arc"),
		.result = str_of(arc_result_word(chain->result)),
		.version = 1,
		.reason = arc_chain_reason(chain, arena),
		.properties = arena_array_of(arena, struct authres_property,
					     PROPERTIES),
	};

	if (chain->oldest_pass != ARC_OLDEST_UNKNOWN) {
		struct buf b = buf_of(arena, 12);

		buf_printf(&b, "%d", chain->oldest_pass);
		put(&r, STR("header"), STR("oldest-pass"), buf_str(&b));
	}
	if (remote.family != IP_NONE) {
		char text[IP_TEXT_MAX];

		put(&r, STR("smtp"), STR("remote-ip"),
		    arena_str(arena, ip_text(remote, text)));
	}
	return r;
}

void arc_results_complete(struct arena *arena, struct authres *results,
			  const struct arc_chain *chain, struct ip remote)
{
	struct authres out = *results;
	struct authres_result own = arc_result_row(arena, chain, remote);
	size_t n = 0;

	out.results = arena_array_of(arena, struct authres_result,
				     results->n + 1);
	for (size_t i = 0; i < results->n; i++) {
		const struct authres_result *r = &results->results[i];

		if (!str_eq(r->method, STR("arc")))
			out.results[++n] = *r;
		else if (str_eq(r->result, own.result))
			own = *r;
	}
	out.results[0] = own;
	out.n = n + 1;
	*results = out;
}
