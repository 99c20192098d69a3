/* why_text: a decision to sign or not, as a sentence in the reader's language.
 * The log and --json have the English one of sign/why.c. */
#include "cli/why_text.h"

#include "base/buf.h"
#include "cli/config.h"

enum { SENTENCE_MAX = 4096, SHOWN_MAX = 200 };

static enum sign_condition first_held(const struct sign_choice *c,
				      enum sign_condition from,
				      enum sign_condition to)
{
	while (from < to && !c->findings[from].held)
		from++;
	return from;
}

/* "InternalHosts, "192.0.2.0/24" (FILE:LINE)" */
static const char *finding(struct cli *cli, const struct sign_choice *c,
			   enum sign_condition which)
{
	const struct sign_finding *f = &c->findings[which];
	struct buf b = buf_of(cli->arena, SENTENCE_MAX);

	buf_put(&b, str_of(sign_condition_name(which)));
	if (f->table)
		buf_printf(&b, " \"%.*s\" (%s)",
			   STR_ARG(str_head(f->entry.key, SHOWN_MAX)),
			   cli_place(cli, f->table, f->entry.at));
	return arena_cstr(cli->arena, buf_str(&b));
}

static void put_signed(struct cli *cli, struct buf *b,
		       const struct sign_choice *c)
{
	enum sign_condition origin = first_held(c, SIGN_MTA,
						SIGN_AUTHENTICATED);
	enum sign_condition domain = c->findings[SIGN_TABLE].held ? SIGN_TABLE
								  : SIGN_DOMAIN;

	if (origin == SIGN_AUTHENTICATED)
		buf_printf(b, _("the client has authenticated"));
	else
		buf_printf(b, _("the client is yours: %s"),
			   finding(cli, c, origin));
	buf_printf(b, _("; the sender's domain is yours: %s"),
		   finding(cli, c, domain));
}

/* The domain is ours, the client is not. */
static void put_client(struct cli *cli, struct buf *b,
		       const struct sign_choice *c,
		       const struct sign_request *rq)
{
	char text[IP_TEXT_MAX];
	str ip = rq->client_ip.family == IP_NONE ? str_of(_("unknown client"))
						 : ip_text(rq->client_ip, text);

	if (c->findings[SIGN_INTERNAL].table) {
		buf_printf(b,
			   _("the client %.*s has not authenticated and is "
			     "taken out: %s"),
			   STR_ARG(ip), finding(cli, c, SIGN_INTERNAL));
		return;
	}
	buf_printf(b,
		   _("the client %.*s has not authenticated and is not in "
		     "InternalHosts. If it is one of yours, add its address "
		     "to InternalHosts or let it authenticate"),
		   STR_ARG(ip));
}

/* The client is ours, the domain is not. */
static void put_domain(struct cli *cli, struct buf *b,
		       const struct sign_choice *c,
		       const struct sign_request *rq)
{
	const struct sign_rules *r = c->rules;
	const char *star = "";

	if (!c->domain.n) {
		buf_printf(b, _("the message has no sender address"));
	} else if (r->signing) {
		if (table_kind(r->signing) == TABLE_PATTERNS)
			star = "*@";
		buf_printf(b,
			   _("no line of SigningTable (%s) matches %.*s@%.*s. "
			     "To sign it add \"%s%.*s KEYNAME\""),
			   arena_cstr(cli->arena, table_name(r->signing)),
			   STR_ARG(str_head(rq->user, SHOWN_MAX)),
			   STR_ARG(str_head(c->domain, SHOWN_MAX)), star,
			   STR_ARG(str_head(c->domain, SHOWN_MAX)));
	} else if (r->domains) {
		buf_printf(b, _("Domain (%s) does not have %.*s"),
			   arena_cstr(cli->arena, table_name(r->domains)),
			   STR_ARG(str_head(c->domain, SHOWN_MAX)));
	} else {
		buf_printf(b, _("neither SigningTable nor Domain is set"));
	}
}

static void put_not_signed(struct cli *cli, struct buf *b,
			   const struct sign_choice *c,
			   const struct sign_request *rq)
{
	bool ours = first_held(c, SIGN_MTA, SIGN_DOMAIN) != SIGN_DOMAIN;

	if (!c->rules->sign)
		buf_printf(b, _("Mode has no \"s\" (sign)"));
	else if (ours && c->n_keys)
		buf_printf(b, _("a recipient is exempt: %s"),
			   finding(cli, c, SIGN_DONT_SIGN_TO));
	else if (c->n_keys)
		put_client(cli, b, c, rq);
	else if (ours)
		put_domain(cli, b, c, rq);
	else
		buf_printf(b, _("neither the client nor the sender's domain "
				"is yours"));
}

str why_text(struct cli *cli, const struct sign_choice *c,
	     const struct sign_request *rq)
{
	struct buf b = buf_of(cli->arena, SENTENCE_MAX);

	if (c->findings[SIGN_PEER].held)
		buf_printf(&b, _("the client is a peer: %s"),
			   finding(cli, c, SIGN_PEER));
	else if (c->findings[SIGN_EXEMPT].held)
		buf_printf(&b, _("the sender's domain is exempt: %s"),
			   finding(cli, c, SIGN_EXEMPT));
	else if (c->action == SIGN_SIGN)
		put_signed(cli, &b, c);
	else
		put_not_signed(cli, &b, c, rq);
	return out_text(cli->arena, buf_str(&b));
}
