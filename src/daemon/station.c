#include "daemon/station.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What Postfix and sendmail send at MAIL without being asked, which a list of
 * our own replaces. */
static const char default_symbols[] =
	"i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} "
	"{mail_mailer}";

static void add_symbol(struct station *st, str name)
{
	size_t n = strlen(st->mail_symbols);
	size_t room = sizeof st->mail_symbols - n;
	bool bare = name.n > 1 && name.p[0] != '{';

	if (snprintf(st->mail_symbols + n, room, " %s%.*s%s", bare ? "{" : "",
		     STR_ARG(name), bare ? "}" : "") >= (int)room)
		st->mail_symbols[n] =
			'\0'; /* too many: this one is not asked for */
}

static void ask_for_symbols(struct station *st)
{
	const struct snapshot *s = st->era->conf;
	struct table_entry entry;
	size_t at = 0;

	if (!s->rules.macros && !s->conf->sender_macro.n)
		return;
	(void)snprintf(st->mail_symbols, sizeof st->mail_symbols, "%s",
		       default_symbols);
	while (s->rules.macros && table_next(s->rules.macros, &at, &entry))
		add_symbol(st, entry.key);
	if (s->conf->sender_macro.n)
		add_symbol(st, s->conf->sender_macro);
	st->wish.actions |= MILTER_SYMBOL_LIST;
	st->wish.symbols[MILTER_AT_MAIL] = st->mail_symbols;
}

static bool quarantines(const struct conf *c)
{
	return c->on_bad_signature == CONF_QUARANTINE ||
	       c->on_dns_error == CONF_QUARANTINE ||
	       c->on_internal_error == CONF_QUARANTINE ||
	       c->on_key_not_found == CONF_QUARANTINE ||
	       c->on_no_signature == CONF_QUARANTINE ||
	       c->on_security == CONF_QUARANTINE ||
	       c->own_domain_spoofed == CONF_QUARANTINE ||
	       c->hold_quarantined_messages ||
	       c->on_signature_error == CONF_QUARANTINE ||
	       c->capture_unknown_errors;
}

/* An answer costs the MTA a round trip, so it gets one only where a verdict may
 * come: at CONNECT with a PeerList, and once after the header.  Where mail is
 * verified that is at body chunks, because much of it needs no body at all; the
 * early verdict then comes with the first chunk.  Where it is only signed every
 * body is needed, and the end of headers says when none is. */
static struct milter_wish wish_of(const struct snapshot *s)
{
	struct milter_wish w = {
		.actions = MILTER_ADD_HEADERS | MILTER_CHANGE_HEADERS,
		.steps = MILTER_LEADING_SPACE | MILTER_SKIP |
			 MILTER_NO_UNKNOWN | MILTER_NO_DATA | MILTER_NR_HELO |
			 MILTER_NR_MAIL | MILTER_NR_RCPT | MILTER_NR_HEADER,
	};

	if (!s->rules.peers)
		w.steps |= MILTER_NR_CONNECT;
	w.steps |= s->rules.verify ? MILTER_NR_END_OF_HEADERS : MILTER_NR_BODY;
	if (quarantines(s->conf))
		w.actions |= MILTER_QUARANTINE;
	if (s->conf->redirect_failures_to.n)
		w.actions |= MILTER_ADD_RCPT | MILTER_DELETE_RCPT;
	return w;
}

struct era *era_new(struct snapshot *conf, struct resolver *resolver)
{
	struct era *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	*e = (struct era){ .conf = conf, .resolver = resolver, .users = 1 };
	return e;
}

struct era *era_hold(struct era *e)
{
	e->users++;
	return e;
}

void era_release(struct era *e)
{
	if (!e || --e->users)
		return;
	resolver_free(e->resolver);
	snapshot_release(e->conf);
	free(e);
}

void station_use(struct station *st, struct era *e)
{
	era_release(st->era);
	st->era = e;
	st->wish = wish_of(e->conf);
	ask_for_symbols(st);
}

int64_t station_now(const struct station *st)
{
	return st->fixed_time >= 0 ? st->fixed_time : (int64_t)time(NULL);
}
