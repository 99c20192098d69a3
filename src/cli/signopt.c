#include "cli/signopt.h"

#include "dns/name.h"

static bool parse_canon(const char *text, struct dkim_sign_options *o)
{
	str rest = str_of(text ? text : "relaxed/relaxed"), header;
	str body = STR("simple");

	(void)str_split(&rest, '/', &header);
	if (rest.p)
		body = rest;
	o->header_canon = str_eq(header, STR("relaxed")) ? CANON_RELAXED
							 : CANON_SIMPLE;
	o->body_canon = str_eq(body, STR("relaxed")) ? CANON_RELAXED
						     : CANON_SIMPLE;
	return (str_eq(header, STR("relaxed")) ||
		str_eq(header, STR("simple"))) &&
	       (str_eq(body, STR("relaxed")) || str_eq(body, STR("simple")));
}

bool signopt_canon(struct cli *cli, struct dkim_sign_options *o)
{
	if (parse_canon(args_get(&cli->args, "canonicalization"), o))
		return true;
	return err_set(&cli->err, ERR_USAGE,
		       _("--canonicalization is simple or relaxed, for "
			 "header/body"));
}

struct dkim_names signopt_names(struct arena *arena, const char *text)
{
	str rest = str_of(text), name;
	str *names = arena_array_of(arena, str, rest.n + 1);
	size_t n = 0;

	while (str_split(&rest, ':', &name))
		if (str_trim(name).n)
			names[n++] = str_trim(name);
	return (struct dkim_names){ names, n };
}

bool signopt_signer(struct cli *cli, const struct dkim_sign_options *o)
{
	if (!dns_name_is_domain(o->domain, false) ||
	    dns_name_labels(o->domain) < 2)
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.*s\" is not a domain that can sign"),
			       STR_ARG(str_head(o->domain, 100)));
	if (!dns_name_is_domain(o->selector, true))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.*s\" is not a selector"),
			       STR_ARG(str_head(o->selector, 100)));
	return true;
}
