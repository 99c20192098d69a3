/* sign_names: which fields are signed when nobody says otherwise. */
#include "dkim/sign.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define NAMES(a)              \
	{                     \
		(a), COUNT(a) \
	}

static const str opendkim[] = {
	STR_INIT("From"),
	STR_INIT("Reply-To"),
	STR_INIT("Subject"),
	STR_INIT("Date"),
	STR_INIT("To"),
	STR_INIT("Cc"),
	STR_INIT("Resent-Date"),
	STR_INIT("Resent-From"),
	STR_INIT("Resent-To"),
	STR_INIT("Resent-Cc"),
	STR_INIT("In-Reply-To"),
	STR_INIT("References"),
	STR_INIT("List-Id"),
	STR_INIT("List-Help"),
	STR_INIT("List-Unsubscribe"),
	STR_INIT("List-Subscribe"),
	STR_INIT("List-Post"),
	STR_INIT("List-Owner"),
	STR_INIT("List-Archive"),
};

/* The first is for DKIM only, the last two are for ARC only. */
static const str never[] = {
	STR_INIT("DKIM-Signature"), STR_INIT("Return-Path"),
	STR_INIT("Received"),       STR_INIT("Comments"),
	STR_INIT("Keywords"),       STR_INIT("Bcc"),
	STR_INIT("Resent-Bcc"),     STR_INIT("Authentication-Results"),
	STR_INIT("ARC-*"),
};

/* The last one is for ARC only. */
static const str recommended[] = {
	STR_INIT("From"),
	STR_INIT("Sender"),
	STR_INIT("Reply-To"),
	STR_INIT("Subject"),
	STR_INIT("Date"),
	STR_INIT("Message-ID"),
	STR_INIT("To"),
	STR_INIT("Cc"),
	STR_INIT("MIME-Version"),
	STR_INIT("Content-Type"),
	STR_INIT("Content-Transfer-Encoding"),
	STR_INIT("Content-ID"),
	STR_INIT("Content-Description"),
	STR_INIT("Resent-*"),
	STR_INIT("In-Reply-To"),
	STR_INIT("References"),
	STR_INIT("List-*"),
	STR_INIT("Feedback-ID"),
	STR_INIT("DKIM-Signature"),
};

static const str oversign[] = {
	STR_INIT("From"),
	STR_INIT("Sender"),
	STR_INIT("Reply-To"),
	STR_INIT("Subject"),
	STR_INIT("Date"),
	STR_INIT("Message-ID"),
	STR_INIT("To"),
	STR_INIT("Cc"),
	STR_INIT("MIME-Version"),
	STR_INIT("Content-Type"),
	STR_INIT("Content-Transfer-Encoding"),
};

const struct dkim_names dkim_names_opendkim = NAMES(opendkim);
const struct dkim_names dkim_names_never = { never, COUNT(never) - 2 };
const struct dkim_names dkim_names_recommended = { recommended,
						   COUNT(recommended) - 1 };
const struct dkim_names dkim_names_arc = NAMES(recommended);
const struct dkim_names dkim_names_arc_never = { never + 1, COUNT(never) - 1 };
const struct dkim_names dkim_names_oversign = NAMES(oversign);

static bool matches(str pattern, str name)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return str_istarts(name, str_head(pattern, pattern.n - 1));
	return str_ieq(pattern, name);
}

bool dkim_names_hold(struct dkim_names set, str name)
{
	for (size_t i = 0; i < set.n; i++)
		if (matches(set.names[i], name))
			return true;
	return false;
}
