/* action: what On-... settings do to a message, and the changes that every kept
 * message gets. */
#include "daemon/job.h"

void job_count(struct job *j, enum milter_verdict v)
{
	struct stats *s = &j->filter->station->stats;

	if (v == MILTER_REJECT)
		stats_add(&s->rejected, 1);
	if (v == MILTER_TEMPFAIL)
		stats_add(&s->tempfailed, 1);
}

enum milter_verdict job_act(struct job *j, enum conf_action action, str text)
{
	return job_act_as(j, action, NULL, NULL, text);
}

enum milter_verdict job_act_as(struct job *j, enum conf_action action,
			       const char *permanent, const char *temporary,
			       str text)
{
	struct milter_session *s = &j->filter->session;

	switch (action) {
	case CONF_REJECT:
		milter_set_reply(s, "550", permanent ? permanent : "5.7.0",
				 text);
		return MILTER_REJECT;
	case CONF_TEMPFAIL:
		milter_set_reply(s, "451", temporary ? temporary : "4.7.0",
				 text);
		return MILTER_TEMPFAIL;
	case CONF_DISCARD:
		return MILTER_DISCARD;
	case CONF_QUARANTINE:
		j->quarantine = arena_str(j->arena, text);
		return MILTER_ACCEPT;
	default:
		return MILTER_ACCEPT;
	}
}

static void software_header(struct job *j)
{
	struct buf b = buf_of(j->arena, 1024);
	str host = milter_session_macro(&j->filter->session, STR("j"));
	str id = job_queue_id(j);

	if (!host.n)
		host = str_of(j->filter->station->host);
	buf_put(&b, STR("inkan v" INKAN_VERSION " "));
	buf_put(&b, host);
	if (id.n)
		buf_putc(&b, ' ');
	buf_put(&b, id);
	milter_insert_header(&j->filter->session, 0,
			     j->s->conf->opendmarc ? STR("DMARC-Filter")
						   : STR("DKIM-Filter"),
			     buf_str(&b));
}

str job_value(struct job *j, str field)
{
	bool named = field.n && field.p[0] != ' ';
	str value = named ? str_skip(field, str_find(field, ':') + 1) : field;
	char *to = arena_alloc(j->arena, value.n + 1);
	size_t n = 0;

	if (value.n && value.p[0] == ' ')
		value = str_skip(value, 1);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '\r')
			to[n++] = value.p[i];
	return (str){ to, n };
}

/* From the last to the first: each deletion renumbers those behind it. */
static void remove_forged(struct job *j)
{
	for (size_t i = j->n_forged; i-- > 0;)
		milter_delete_header(&j->filter->session,
				     STR("Authentication-Results"),
				     j->forged[i]);
}

void job_common_changes(struct job *j)
{
	remove_forged(j);
	if (j->s->conf->software_header)
		software_header(j);
	if (j->quarantine.n)
		milter_quarantine(&j->filter->session, j->quarantine);
}

/* The job is gone after this. */
void job_finish(struct job *j, enum milter_verdict v)
{
	job_count(j, v);
	milter_finish(&j->filter->session, v);
}
