/* The milter addresses of main.cf and master.cf, as Postfix reads them. */
#include "doctor/areas.h"
#include "doctor/milters.h"
#include "doctor/postlex.h"

/* What Postfix 3.7's smtpd says of it; NULL: it is one. */
static const char *address_problem(str address)
{
	str kind = str_head(address, str_find(address, ':'));
	str rest = str_skip(address, kind.n + 1);

	if (str_eq(kind, STR("unix")) || str_eq(kind, STR("local")))
		return rest.n ? NULL : N_("there is no path");
	if (!str_eq(kind, STR("inet")))
		return N_("it does not begin with unix: or inet:");
	if (str_find(rest, '@') < rest.n)
		return N_("PORT@HOST is opendkim's way, Postfix wants "
			  "inet:HOST:PORT");
	return rest.n ? NULL : N_("there is no port");
}

static void put_mended(struct buf *b, str address)
{
	str kind = str_head(address, str_find(address, ':'));
	str rest = str_skip(address, kind.n + 1);
	size_t at = str_find(rest, '@');

	if (!address_problem(address))
		buf_put(b, address);
	else if (str_starts(address, STR("/")))
		buf_printf(b, "unix:%.*s", STR_ARG(address));
	else if (at < rest.n)
		buf_printf(b, "inet:%.*s:%.*s", STR_ARG(str_skip(rest, at + 1)),
			   STR_ARG(str_head(rest, at)));
	else if (str_eq(kind, STR("inet6")) || str_eq(kind, STR("tcp")))
		buf_printf(b, "inet:%.*s", STR_ARG(rest));
	else
		buf_printf(b, "inet:%.*s", STR_ARG(address));
}

/* The whole list as Postfix takes it, settings in braces kept. */
static str mended_list(const struct machine *m, str list)
{
	struct buf b = buf_of(m->arena, list.n * 2 + 256);
	struct cur c = cur_of(list);
	str word, address;

	while (postlex_word(&c, &word)) {
		struct cur inside = cur_of(word);

		if (!postlex_word(&inside, &address))
			continue;
		buf_put(&b, b.n ? STR(", ") : STR(""));
		buf_put(&b, cur_done(&inside) ? STR("") : STR("{ "));
		put_mended(&b, address);
		buf_put(&b, cur_rest(&inside));
		buf_put(&b, cur_done(&inside) ? STR("") : STR(" }"));
	}
	return buf_str(&b);
}

/* option: how postconf changes it.  False: one is wrong, and told. */
static bool check_list(struct findings *f, const struct machine *m, str setting,
		       str list, const char *option)
{
	struct cur c = cur_of(list);
	struct milter found;

	while (milters_next(&c, &found)) {
		const char *why = address_problem(found.address);

		if (!why)
			continue;
		judge(f, FIND_MILTER_ADDRESS, false, setting,
		      ARGS(found.address, str_of(why), mended_list(m, list),
			   str_of(option)));
		return false;
	}
	return true;
}

void check_addresses(struct findings *f, const struct machine *m)
{
	str smtpd = postfix_value(m, NULL, STR("smtpd_milters")), value;
	str local = postfix_value(m, NULL, STR("non_smtpd_milters"));
	bool good = check_list(f, m, STR("smtpd_milters"), smtpd, "-e");

	if (!str_eq(smtpd, local))
		good &= check_list(f, m, STR("non_smtpd_milters"), local, "-e");
	for (const struct mastercf_service *s = m->postfix.master.first; s;
	     s = s->next) {
		struct buf name = buf_of(m->arena, 512);

		if (!mastercf_option(s, STR("smtpd_milters"), &value))
			continue;
		buf_printf(&name, "%.*s/smtpd_milters",
			   STR_ARG(service_name(m, s)));
		good &= check_list(f, m, buf_str(&name),
				   postfix_value(m, s, STR("smtpd_milters")),
				   "-P");
	}
	if (good)
		judge(f, FIND_MILTER_ADDRESS, true, STR("smtpd_milters"), NULL);
}
