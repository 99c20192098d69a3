/* plan_conf: inkan.conf, from what is there or from nothing: what it has to say
 * so that inkand signs the own domains' mail and judges everybody else's. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "setup/conf_file.h"
#include "setup/plan.h"

#include <limits.h>

static const char conf_template[] =
	"# inkan.conf, made by inkan setup: signs the own domains' mail, judges\n"
	"# everybody else's. Every name is described in inkan.conf(5);\n"
	"# \"inkan setup --undo\" takes the file back.\n"
	"\n"
	"# What is done with a message, and why, stands in the mail log.\n"
	"Syslog                  yes\n"
	"SyslogSuccess           yes\n"
	"LogWhy                  yes\n"
	"\n"
	"# sign what is ours, verify what is not\n"
	"Mode                    sv\n";

/* Every field that a reader sees or acts on: none can be added to a signed
 * message. */
#define OVERSIGN                                                           \
	"From,Sender,Reply-To,Subject,Date,Message-ID,To,Cc,MIME-Version," \
	"Content-Type,Content-Transfer-Encoding"

/* What OpenDKIM's own list leaves out: who changes these changes what a reader
 * sees, or where a click on "unsubscribe" goes. */
#define SIGN                                                           \
	"*,+Sender,+Message-ID,+MIME-Version,+Content-Type,"           \
	"+Content-Transfer-Encoding,+Content-ID,+Content-Description," \
	"+List-Unsubscribe-Post,+Feedback-ID"

/* What becomes of a setting that the configuration has already. */
enum over {
	OVER_ALWAYS, /* without ours nothing works */
	OVER_TAKEN, /* OpenDKIM's is replaced, the owner's of inkan.conf stays */
	OVER_NEVER,
};

struct wanted_setting {
	const char *name;
	str value;
	enum over over;
	const char *why; /* the comment above it, lines of a file */
};

static void conf_reasons(struct plan *p, str conf)
{
	str canon = conffile_get(conf, STR("Canonicalization"));

	if (!str_ieq(canon, STR("relaxed/relaxed")))
		plan_reason(
			p, "canonicalization",
			_("Canonicalization relaxed/relaxed: signatures "
			  "survive what servers on the way do to blanks and "
			  "line ends"));
	if (!conffile_get(conf, STR("OversignHeaders")).n || p->take_over)
		plan_reason(p, "oversign",
			    _("Content-Type, MIME-Version, Message-ID and the "
			      "other fields that a reader sees are signed, and "
			      "none can be added"));
	if (conffile_get(conf, STR("Verify")).p)
		return;
	plan_reason(p, "verify",
		    _("mail that arrives is judged by SPF, DKIM, ARC, DMARC "
		      "and its client's name, and the result stands in "
		      "Authentication-Results"));
	plan_reason(p, "own-domain",
		    _("mail from outside in the name of your own domains is "
		      "refused when neither SPF nor DKIM confirms it; mail of "
		      "other domains is marked, not refused"));
}

static str own_value(const struct plan *p, const char *fmt, const char *value)
{
	struct buf b = buf_of(p->m->arena, PATH_MAX);

	buf_printf(&b, "%s%s", fmt, value);
	return buf_str(&b);
}

static str put_settings(const struct plan *p, str text,
			const struct wanted_setting *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str name = str_of(w[i].name);
		bool there = conffile_get(text, name).p != NULL;

		if (there && (w[i].over == OVER_NEVER ||
			      (w[i].over == OVER_TAKEN && !p->take_over)))
			continue;
		text = conffile_explain(p->m->arena, text, name, w[i].value,
					w[i].why);
	}
	return text;
}

static str sign_settings(const struct plan *p, str text)
{
	const struct wanted_setting wanted[] = {
		{ "Canonicalization", STR("relaxed/relaxed"), OVER_TAKEN,
		  "# Signatures survive changed blanks and line ends on the "
		  "way.\n" },
		{ "SignHeaders", STR(SIGN), OVER_TAKEN,
		  "# Who changes these fields changes what a reader sees.\n" },
		{ "OversignHeaders", STR(OVERSIGN), OVER_TAKEN,
		  "# None of these can be added to a signed message.\n" },
		{ "MultipleSignatures", STR("yes"), OVER_TAKEN,
		  "# Every key that SigningTable names signs: RSA and "
		  "Ed25519.\n" },
	};

	return put_settings(p, text, wanted, sizeof wanted / sizeof *wanted);
}

static str place_settings(const struct plan *p, str text, bool patterns)
{
	const struct wanted_setting wanted[] = {
		{ "UserID", own_value(p, "inkan:", p->m->mail_group),
		  OVER_ALWAYS,
		  "# A user of its own; Postfix's group may use the socket, "
		  "nobody else.\n" },
		{ "UMask", STR("007"), OVER_ALWAYS, "" },
		{ "Socket", own_value(p, "local:", p->socket), OVER_ALWAYS,
		  "# In Postfix's queue directory: it is there in a chroot, "
		  "too.\n" },
		{ "PidFile", str_of(p->pid_file), OVER_ALWAYS,
		  "# \"inkan setup\" and scripts find the process by it.\n" },
		{ "KeyTable", STR("file:" SETUP_KEY_TABLE), OVER_ALWAYS,
		  "# The keys, who is signed with which, and whose mail is "
		  "ours: that of users\n# who have authenticated, and of these "
		  "hosts.\n" },
		{ "SigningTable",
		  patterns ? STR("refile:" SETUP_SIGNING_TABLE)
			   : STR("file:" SETUP_SIGNING_TABLE),
		  OVER_ALWAYS, "" },
		{ "InternalHosts", STR("file:" SETUP_TRUSTED_HOSTS),
		  OVER_ALWAYS, "" },
	};

	return put_settings(p, text, wanted, sizeof wanted / sizeof *wanted);
}

static str judge_settings(const struct plan *p, str text)
{
	const struct wanted_setting wanted[] = {
		{ "Verify", STR("spf,dkim,arc,dmarc,iprev"), OVER_NEVER,
		  "# Mail that arrives is judged by all of these; what is "
		  "found stands in its\n# Authentication-Results, where mail "
		  "programs and filters look.\n" },
		{ "AuthservID", str_of(p->wanted.host), OVER_NEVER,
		  "# This server's name in Authentication-Results. Fields that "
		  "came with a message\n# and claim to be ours are removed.\n" },
		{ "OwnDomainSpoofed", STR("reject"), OVER_NEVER,
		  "# Mail from outside whose author is of a domain of ours "
		  "(SigningTable), and\n# which neither SPF nor DKIM confirms, "
		  "is refused. Who sends for you from\n# elsewhere has to be "
		  "in your SPF record or to sign as your domain.\n" },
		{ "RejectFailures", STR("no"), OVER_NEVER,
		  "# Mail of other domains that fails their DMARC policy is "
		  "delivered and marked:\n# mailing lists and forwarders break "
		  "honest mail, and RFC 9989 says not to refuse\n# for p=reject "
		  "alone. \"yes\" refuses it, unless a trusted sealer "
		  "(DomainWhitelist)\n# or a listed forwarder "
		  "(Domain_Whitelist) speaks for it.\n" },
		{ "RequiredFrom", STR("yes"), OVER_NEVER,
		  "# Mail without an author, or with authors of several "
		  "domains, cannot be judged:\n# it is refused.\n" },
		{ "RejectMultiValueFrom", STR("yes"), OVER_NEVER, "" },
	};

	return put_settings(p, text, wanted, sizeof wanted / sizeof *wanted);
}

/* Without "v" in Mode nothing that arrives is looked at, without "s" nothing
 * that leaves. */
static str with_mode(struct plan *p, str text)
{
	str mode = conffile_get(text, STR("Mode"));

	if (!mode.p ||
	    (str_find(mode, 's') < mode.n && str_find(mode, 'v') < mode.n))
		return text;
	plan_reason(p, "mode",
		    _("Mode sv: mail that leaves is signed and mail that "
		      "arrives is judged"));
	return conffile_set(p->m->arena, text, STR("Mode"), STR("sv"));
}

static str without_unused(const struct plan *p, str text)
{
	static const char *const unused[] = { "Domain", "Selector", "KeyFile",
					      "ChangeRootDirectory",
					      "BaseDirectory" };
	str anchor = conffile_get(text, STR("TrustAnchorFile"));
	struct file_state f;
	struct err ignored;

	for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
		text = conffile_disable(p->m->arena, text, str_of(unused[i]));
	if (anchor.n &&
	    (!file_look(p->m->arena,
			site_path(p->m, arena_cstr(p->m->arena, anchor)), &f,
			&ignored) ||
	     !f.exists))
		text = conffile_disable(p->m->arena, text,
					STR("TrustAnchorFile"));
	return text;
}

bool plan_conf(struct plan *p, const struct signing_source *s, bool patterns,
	       struct err *e)
{
	str text = s                         ? s->conf
		   : p->m->inkan_conf.exists ? p->m->inkan_conf.bytes
					     : str_of(conf_template);

	conf_reasons(p, text);
	text = with_mode(p, text);
	text = sign_settings(p, text);
	text = place_settings(p, text, patterns);
	text = judge_settings(p, text);
	return plan_file(p, SETUP_INKAN_CONF, without_unused(p, text), e);
}
