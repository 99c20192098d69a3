#include "base/ascii.h"
#include "report/aggregate_inside.h"

struct named {
	const char *name;
	enum element e;
};

enum { LONGEST = 18 };

/* By length, as the search goes. */
static const struct named names[] = {
	{ "p", E_P },
	{ "id", E_REPORT_ID },
	{ "sp", E_SP },
	{ "np", E_NP },
	{ "fo", E_FO },
	{ "row", E_ROW },
	{ "spf", E_SPF },
	{ "end", E_END },
	{ "pct", E_PCT },
	{ "dkim", E_DKIM },
	{ "type", E_TYPE },
	{ "aspf", E_ASPF },
	{ "count", E_COUNT },
	{ "scope", E_SCOPE },
	{ "begin", E_BEGIN },
	{ "email", E_EMAIL },
	{ "error", E_ERROR },
	{ "adkim", E_ADKIM },
	{ "domain", E_DOMAIN },
	{ "result", E_RESULT },
	{ "reason", E_REASON },
	{ "record", E_RECORD },
	{ "comment", E_COMMENT },
	{ "testing", E_TESTING },
	{ "version", E_VERSION },
	{ "selector", E_SELECTOR },
	{ "org_name", E_ORG },
	{ "feedback", E_FEEDBACK },
	{ "source_ip", E_SOURCE_IP },
	{ "report_id", E_REPORT_ID },
	{ "generator", E_GENERATOR },
	{ "extension", E_EXTENSION },
	{ "date_range", E_DATE_RANGE },
	{ "identities", E_IDENTITIES },
	{ "disposition", E_DISPOSITION },
	{ "header_from", E_HEADER_FROM },
	{ "identifiers", E_IDENTIFIERS },
	{ "envelope_to", E_ENVELOPE_TO },
	{ "auth_results", E_AUTH_RESULTS },
	{ "human_result", E_HUMAN_RESULT },
	{ "envelope_from", E_ENVELOPE_FROM },
	{ "report_metadata", E_METADATA },
	{ "policy_evaluated", E_EVALUATED },
	{ "policy_published", E_POLICY },
	{ "discovery_method", E_DISCOVERY },
	{ "extra_contact_info", E_CONTACT },
};

/* names[first[n]] is the first of n octets */
static const unsigned char first[LONGEST + 2] = {
	[2] = 1,   [3] = 5,   [4] = 9,   [5] = 12,  [6] = 18,  [7] = 22,
	[8] = 25,  [9] = 28,  [10] = 32, [11] = 34, [12] = 38, [13] = 40,
	[14] = 41, [15] = 41, [16] = 42, [17] = 45, [18] = 45, [19] = 46,
};

static enum element find(const char *p, size_t n)
{
	for (size_t i = first[n]; i < first[n + 1]; i++)
		if (names[i].name[0] == p[0] &&
		    memcmp(names[i].name, p, n) == 0)
			return names[i].e;
	return E_OTHER;
}

enum element element_of(str name)
{
	char lower[LONGEST];
	enum element e;

	if (!name.n || name.n > LONGEST)
		return E_OTHER;
	e = find(name.p, name.n); /* nearly all are in lower case */
	if (e != E_OTHER)
		return e;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	return find(lower, name.n);
}
