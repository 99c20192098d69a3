#include "doctor/mta_sts.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/tr.h"
#include "dns/name.h"

enum { MAX_AGE = 31557600, ID_MAX = 32 };

static bool pair(str line, char between, str *key, str *value)
{
	size_t at = str_find(line, between);

	if (at == line.n)
		return false;
	*key = str_trim(str_head(line, at));
	*value = str_trim(str_skip(line, at + 1));
	return true;
}

static bool mode_of(str value, enum mta_sts_mode *out)
{
	if (str_eq(value, STR("enforce")))
		*out = MTA_STS_ENFORCE;
	else if (str_eq(value, STR("testing")))
		*out = MTA_STS_TESTING;
	else if (str_eq(value, STR("none")))
		*out = MTA_STS_NONE;
	else
		return false;
	return true;
}

static bool is_pattern(str mx)
{
	if (str_starts(mx, STR("*.")))
		mx = str_skip(mx, 2);
	return dns_name_is_domain(mx, false);
}

/* Of a key that is given twice the first counts, but for mx. */
struct reading {
	struct mta_sts_policy *out;
	bool version, mode, max_age;
};

static const char *take(struct reading *r, str key, str value)
{
	struct cur c = cur_of(value);

	if (str_eq(key, STR("mx"))) {
		if (!is_pattern(value))
			return N_("mx is not a name");
		if (r->out->n_mx == MTA_STS_MX_MAX)
			return N_("too many mx lines");
		r->out->mx[r->out->n_mx++] = value;
	} else if (str_eq(key, STR("version")) && !r->version) {
		r->version = true;
		if (!str_eq(value, STR("STSv1")))
			return N_("version is not STSv1");
	} else if (str_eq(key, STR("mode")) && !r->mode) {
		r->mode = true;
		if (!mode_of(value, &r->out->mode))
			return N_("mode is not enforce, testing or none");
	} else if (str_eq(key, STR("max_age")) && !r->max_age) {
		r->max_age = true;
		if (!cur_uint(&c, MAX_AGE, &r->out->max_age) || !cur_done(&c))
			return N_("max_age is not a number up to 31557600");
	}
	return NULL;
}

const char *mta_sts_parse(str text, struct mta_sts_policy *out)
{
	struct reading r = { .out = out };
	str line, key, value;
	const char *why = NULL;

	*out = (struct mta_sts_policy){ 0 };
	while (!why && str_split(&text, '\n', &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		why = pair(line, ':', &key, &value)
			      ? take(&r, key, value)
			      : N_("a line is not KEY: VALUE");
	}
	if (why)
		return why;
	if (!r.version)
		return N_("version: STSv1 is missing");
	if (!r.mode)
		return N_("mode is missing");
	if (!r.max_age)
		return N_("max_age is missing");
	if (!out->n_mx && out->mode != MTA_STS_NONE)
		return N_("mx is missing");
	return NULL;
}

bool mta_sts_has(const struct mta_sts_policy *p, str host)
{
	str above = str_skip(host, str_find(host, '.'));

	for (size_t i = 0; i < p->n_mx; i++) {
		str mx = p->mx[i];

		if (str_starts(mx, STR("*."))
			    ? above.n && str_ieq(str_skip(mx, 1), above)
			    : str_ieq(mx, host))
			return true;
	}
	return false;
}

uint64_t mta_sts_digest(struct arena *arena, const struct mta_sts_policy *p)
{
	struct buf b = buf_of(arena, LIMIT_MTA_STS_POLICY + 64);

	buf_printf(&b, "%d %u", (int)p->mode, p->max_age);
	for (size_t i = 0; i < p->n_mx; i++)
		buf_printf(&b, " %.*s", STR_ARG(p->mx[i]));
	/* no secret: it is compared with itself, another day */
	return map_hash((struct map_seed){ 0, 0 }, buf_str(&b), true);
}

static bool is_id(str id)
{
	struct cur c = cur_of(id);

	return id.n > 0 && id.n <= ID_MAX &&
	       cur_while(&c, ASCII_ALPHA | ASCII_DIGIT).n == id.n;
}

const char *mta_sts_record_problem(str txt)
{
	str field, key, value;
	bool id = false;

	for (size_t i = 0; str_split(&txt, ';', &field); i++) {
		field = str_trim(field);
		if (!field.n && !str_trim(txt).n)
			break; /* behind the last ";" */
		if (!pair(field, '=', &key, &value))
			return N_("a field is not KEY=VALUE");
		if (i == 0 &&
		    !(str_eq(key, STR("v")) && str_eq(value, STR("STSv1"))))
			return N_("v=STSv1 is not at the front");
		if (str_eq(key, STR("id"))) {
			if (!is_id(value))
				return N_("id is not 1 to 32 letters and "
					  "digits");
			id = true;
		}
	}
	return id ? NULL : N_("id is missing");
}

str mta_sts_record_id(str txt)
{
	str field, key, value, id = STR("");

	while (str_split(&txt, ';', &field))
		if (pair(field, '=', &key, &value) && str_eq(key, STR("id")))
			id = value;
	return id;
}

static const char *uri_problem(str list)
{
	str uri;

	while (str_split(&list, ',', &uri)) {
		uri = str_trim(uri);
		if (!(str_istarts(uri, STR("mailto:")) &&
		      str_find(uri, '@') < uri.n) &&
		    !(str_istarts(uri, STR("https://")) && uri.n > 8))
			return N_("rua is not mailto:ADDRESS or https://URL");
	}
	return NULL;
}

const char *tls_rpt_record_problem(str txt)
{
	str field, key, value;
	const char *why;
	bool rua = false;

	for (size_t i = 0; str_split(&txt, ';', &field); i++) {
		field = str_trim(field);
		if (!field.n && !str_trim(txt).n)
			break;
		if (!pair(field, '=', &key, &value))
			return N_("a field is not KEY=VALUE");
		if (i == 0 &&
		    !(str_eq(key, STR("v")) && str_eq(value, STR("TLSRPTv1"))))
			return N_("v=TLSRPTv1 is not at the front");
		if (str_eq(key, STR("rua"))) {
			why = uri_problem(value);
			if (why)
				return why;
			rua = true;
		}
	}
	return rua ? NULL : N_("rua is missing");
}
