/* exempt: whom SPF and DMARC do not judge: our own networks and users, and
 * those that the settings name. */
#include "daemon/job.h"
#include "mail/address.h"

static bool has_host(struct job *j, const struct hosts *h)
{
	const struct filter *f = j->filter;
	struct table_entry by;

	return h &&
	       hosts_find(h, filter_client(f), f->client_ip, &by) == HOSTS_IN;
}

static bool has_authenticated(struct job *j)
{
	const struct milter_session *s = &j->filter->session;

	return milter_session_macro(s, STR("auth_authen")).n ||
	       milter_session_macro(s, STR("auth_type")).n;
}

void exempt_client(struct job *j)
{
	const struct snapshot *s = j->s;
	const struct conf *c = s->conf;

	j->exempt = j->filter->client_ip.family == IP_NONE ||
		    has_host(j, s->ignore_hosts) ||
		    (!c->opendmarc && has_host(j, s->rules.internal)) ||
		    (c->ignore_authenticated_clients && has_authenticated(j));
	j->exempt_spf = j->exempt || has_host(j, s->skip_addresses) ||
			has_host(j, s->whitelist);
}

/* The address, or its domain. */
static bool listed(const struct table *t, str path)
{
	struct table_entry e;
	struct path p;
	str bare;

	(void)path_parse(path, &p);
	bare = path;
	if (bare.n >= 2 && bare.p[0] == '<')
		bare = (str){ bare.p + 1, bare.n - 2 };
	return table_find(t, bare, &e) ||
	       (p.domain.n && table_find(t, p.domain, &e));
}

/* Only when all recipients want it so. */
static bool all_recipients_listed(struct job *j)
{
	for (size_t i = 0; i < j->n_rcpts; i++)
		if (!listed(j->s->ignore_mail_to, j->rcpts[i]))
			return false;
	return j->n_rcpts > 0;
}

bool exempt_from_dmarc(struct job *j)
{
	const struct snapshot *s = j->s;
	struct table_entry e;
	struct authors a;

	if (s->ignore_mail_to && all_recipients_listed(j))
		return true;
	if (!s->ignore_mail_from)
		return false;
	authors_of(j->arena, &j->header, &a);
	return a.one.domain.n &&
	       table_find(s->ignore_mail_from, a.one.domain, &e);
}
