/* value: opendkim reads booleans by their first letter and integers as C does
 * (base 0: "007" is octal).  Unlike opendkim nothing wrong is skipped over. */
#include "conf/value.h"

#include "base/ascii.h"
#include "base/cur.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <syslog.h>

struct word {
	const char *name;
	int value;
};

static const struct word actions[] = {
	{ "accept", CONF_ACCEPT },         { "discard", CONF_DISCARD },
	{ "quarantine", CONF_QUARANTINE }, { "reject", CONF_REJECT },
	{ "tempfail", CONF_TEMPFAIL },     { NULL, 0 },
};

static const struct word verdicts[] = {
	{ "none", CONF_AS_IS },
	{ "neutral", CONF_NEUTRAL },
	{ "fail", CONF_FAIL },
	{ NULL, 0 },
};

static const struct word algorithms[] = {
	{ "rsa-sha256", CONF_RSA_SHA256 },
	{ "ed25519-sha256", CONF_ED25519_SHA256 },
	{ NULL, 0 },
};

static const struct word facilities[] = {
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON },
	{ "ftp", LOG_FTP },
	{ "kern", LOG_KERN },
	{ "lpr", LOG_LPR },
	{ "mail", LOG_MAIL },
	{ "news", LOG_NEWS },
	{ "syslog", LOG_SYSLOG },
	{ "user", LOG_USER },
	{ "uucp", LOG_UUCP },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ NULL, 0 },
};

static const struct word spf_rejects[] = {
	{ "Fail", CONF_SPF_FAIL },
	{ "SPF_Not_Pass", CONF_SPF_NOT_PASS },
	{ "Softfail", CONF_SPF_SOFTFAIL },
	{ "Null", CONF_SPF_NULL },
	{ "False", CONF_SPF_NEVER },
	{ "No_Check", CONF_SPF_NO_CHECK },
	{ NULL, 0 },
};

static const struct word received_spfs[] = {
	{ "AR", CONF_SPF_AR },
	{ "SPF", CONF_SPF_FIELD },
	{ "None", CONF_SPF_NONE },
	{ NULL, 0 },
};

static const struct word discoveries[] = {
	{ "treewalk", CONF_TREEWALK },
	{ "psl", CONF_PSL },
	{ NULL, 0 },
};

static const struct word long_lines[] = {
	{ "auto", CONF_LONG_AUTO },
	{ "fold", CONF_LONG_FOLD },
	{ "as-is", CONF_LONG_AS_IS },
	{ "reject", CONF_LONG_REJECT },
	{ NULL, 0 },
};

static const struct word methods[] = {
	{ "dkim", CONF_DKIM },   { "spf", CONF_SPF }, { "dmarc", CONF_DMARC },
	{ "iprev", CONF_IPREV }, { "arc", CONF_ARC }, { NULL, 0 },
};

static bool find_word(const struct word *w, str text, bool shortened, int *out)
{
	for (; w->name; w++) {
		str name = str_of(w->name);

		if (!str_ieq(name, text) &&
		    !(shortened && text.n && str_istarts(name, text)))
			continue;
		*out = w->value;
		return true;
	}
	return false;
}

static bool bool_value(str text, bool *out)
{
	char c = text.n ? ascii_lower(*text.p) : '\0';

	*out = c == 't' || c == 'y' || c == '1';
	return *out || c == 'f' || c == 'n' || c == '0';
}

/* text is NUL-terminated.  Negative numbers mean nothing in any setting. */
static bool int_value(str text, long *out)
{
	char *end;

	if (!text.n) {
		*out = -1;
		return true;
	}
	if (!ascii_is(*text.p, ASCII_DIGIT))
		return false;
	errno = 0;
	*out = strtol(text.p, &end, 0);
	return errno == 0 && end == text.p + text.n && *out <= INT_MAX;
}

static bool canon_word(str text, bool *relaxed)
{
	*relaxed = str_ieq(text, STR("relaxed"));
	return *relaxed || str_ieq(text, STR("simple"));
}

/* RFC 6376 3.5 c=: without "/" the body is simple. */
static bool canon_value(str text, struct conf_canon *out)
{
	size_t slash = str_find(text, '/');
	str body = slash < text.n ? str_skip(text, slash + 1) : STR("simple");

	return canon_word(str_head(text, slash), &out->header_relaxed) &&
	       canon_word(body, &out->body_relaxed);
}

static bool mode_value(str text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == 's')
			*out |= CONF_MODE_SIGN;
		else if (text.p[i] == 'v')
			*out |= CONF_MODE_VERIFY;
		else
			return false;
	}
	return text.n > 0;
}

static bool minimum_value(str text, struct conf_minimum *out)
{
	struct cur c = cur_of(text);
	uint32_t n;

	*out = (struct conf_minimum){ 0 };
	if (!text.n)
		return true;
	if (!cur_uint(&c, INT_MAX, &n))
		return false;
	out->n = (long)n;
	out->unit = cur_char(&c, '%') ? '%' : cur_char(&c, '+') ? '+' : 'b';
	return cur_done(&c) && (out->unit != '%' || n <= 100);
}

static bool rate_value(str text, struct conf_rate *out)
{
	static const char units[] = "smhd";
	static const uint32_t seconds[] = { 1, 60, 3600, 86400 };
	struct cur c = cur_of(text);
	uint32_t n, t, unit = 1;

	*out = (struct conf_rate){ 0 };
	if (!text.n)
		return true;
	if (!cur_uint(&c, INT_MAX, &n) || !cur_char(&c, '/') ||
	    !cur_uint(&c, 86400, &t) || !t)
		return false;
	for (int i = 0; i < 4 && !cur_done(&c); i++)
		if (ascii_lower(*c.p) == units[i]) {
			unit = seconds[i];
			c.p++;
			break;
		}
	*out = (struct conf_rate){ (long)n, (long)t * (long)unit };
	return cur_done(&c);
}

static bool methods_value(str text, unsigned *out)
{
	str rest = text, element;
	int bit;

	*out = 0;
	while (text.n && str_split(&rest, ',', &element)) {
		if (!find_word(methods, str_trim(element), false, &bit))
			return false;
		*out |= (unsigned)bit;
	}
	return true;
}

static bool word_value(const struct conf_key *key, str text, int *out)
{
	static const struct word *const words[] = {
		[CONF_TYPE_ACTION] = actions,
		[CONF_TYPE_VERDICT] = verdicts,
		[CONF_TYPE_ALGORITHM] = algorithms,
		[CONF_TYPE_FACILITY] = facilities,
		[CONF_TYPE_SPF_REJECT] = spf_rejects,
		[CONF_TYPE_RECEIVED_SPF] = received_spfs,
		[CONF_TYPE_DISCOVERY] = discoveries,
		[CONF_TYPE_LONG_LINES] = long_lines,
	};

	if (!text.n && (key->type == CONF_TYPE_ACTION ||
			key->type == CONF_TYPE_SPF_REJECT)) {
		*out = 0; /* CONF_UNSET, CONF_SPF_DEFAULT */
		return true;
	}
	return find_word(words[key->type], text, key->type == CONF_TYPE_ACTION,
			 out);
}

static const char *const wants[] = {
	[CONF_TYPE_BOOL] = "yes or no",
	[CONF_TYPE_INT] = "a number from 0 to 2147483647",
	[CONF_TYPE_ACTION] = "accept, discard, quarantine, reject or tempfail",
	[CONF_TYPE_CANON] = "simple or relaxed, for the header and, behind a "
			    "slash, for the body: relaxed/relaxed",
	[CONF_TYPE_ALGORITHM] = "rsa-sha256 or ed25519-sha256 (rsa-sha1 is "
				"accepted by nobody any more)",
	[CONF_TYPE_MODE] = "s (sign), v (verify) or sv (both)",
	[CONF_TYPE_MINIMUM] = "N (bytes), N% or N+",
	[CONF_TYPE_RATE] = "restarts/time, as 10/1h",
	[CONF_TYPE_VERDICT] = "none, neutral or fail",
	[CONF_TYPE_FACILITY] = "a syslog facility: mail, daemon, user, "
			       "local0 ... local7",
	[CONF_TYPE_SPF_REJECT] = "Fail, Softfail, SPF_Not_Pass, Null, False or "
				 "No_Check",
	[CONF_TYPE_RECEIVED_SPF] = "AR, SPF or None",
	[CONF_TYPE_DISCOVERY] = "treewalk or psl",
	[CONF_TYPE_LONG_LINES] = "auto, fold, as-is or reject",
	[CONF_TYPE_METHODS] = "a list of dkim, spf, arc, dmarc and iprev, with "
			      "commas between",
};

bool value_put(struct conf *c, const struct conf_key *key, str text,
	       const char **want)
{
	void *field = (char *)c + key->offset;
	int word;

	switch (key->type) {
	case CONF_TYPE_BOOL:
		*want = wants[CONF_TYPE_BOOL];
		return bool_value(text, field);
	case CONF_TYPE_INT:
		*want = wants[CONF_TYPE_INT];
		return int_value(text, field);
	case CONF_TYPE_CANON:
		*want = wants[CONF_TYPE_CANON];
		return canon_value(text, field);
	case CONF_TYPE_MODE:
		*want = wants[CONF_TYPE_MODE];
		return mode_value(text, field);
	case CONF_TYPE_MINIMUM:
		*want = wants[CONF_TYPE_MINIMUM];
		return minimum_value(text, field);
	case CONF_TYPE_RATE:
		*want = wants[CONF_TYPE_RATE];
		return rate_value(text, field);
	case CONF_TYPE_ACTION:
	case CONF_TYPE_ALGORITHM:
	case CONF_TYPE_VERDICT:
	case CONF_TYPE_FACILITY:
	case CONF_TYPE_SPF_REJECT:
	case CONF_TYPE_RECEIVED_SPF:
	case CONF_TYPE_DISCOVERY:
	case CONF_TYPE_LONG_LINES:
		*want = wants[key->type];
		if (!word_value(key, text, &word))
			return false;
		memcpy(field, &word, sizeof word); /* enums are ints */
		return true;
	case CONF_TYPE_METHODS:
		*want = wants[CONF_TYPE_METHODS];
		return methods_value(text, field);
	case CONF_TYPE_STRING:
	case CONF_TYPE_DATASET:
	case CONF_TYPE_INCLUDE:
		*(str *)field = text.n ? text : (str){ NULL, 0 };
		return true;
	}
	return false;
}
