#include "daemon/filter.h"

#include "daemon/job.h"
#include "mail/message.h"

static void copy_name(char *to, unsigned char *n, str from)
{
	from = str_head(from, FILTER_NAME_MAX);
	memcpy(to, from.n ? from.p : "", from.n);
	*n = (unsigned char)from.n;
}

str filter_client(const struct filter *f)
{
	return (str){ f->client, f->client_n };
}

str filter_helo(const struct filter *f)
{
	return (str){ f->helo, f->helo_n };
}

/* A name in brackets is an address without a verified name. */
static str verified_name(str host)
{
	return host.n && host.p[0] == '[' ? STR("") : host;
}

static enum milter_verdict on_connect(void *arg, const struct milter_peer *peer)
{
	struct filter *f = arg;
	struct sign_finding found;

	copy_name(f->client, &f->client_n, verified_name(peer->host));
	f->client_ip = peer->ip;
	f->helo_n = 0;
	return sign_is_peer(&f->station->era->conf->rules, filter_client(f),
			    f->client_ip, &found)
		       ? MILTER_ACCEPT
		       : MILTER_GO_ON;
}

static enum milter_verdict on_helo(void *arg, str name)
{
	struct filter *f = arg;

	copy_name(f->helo, &f->helo_n, name);
	return MILTER_GO_ON;
}

static enum milter_verdict on_mail(void *arg, str path)
{
	struct filter *f = arg;

	f->job = job_new(f, path);
	if (!f->job) {
		milter_set_reply(&f->session, "451", "4.3.0",
				 STR("out of memory, try again later"));
		return MILTER_TEMPFAIL;
	}
	stats_add(&f->station->stats.messages, 1);
	judging_mail(f->job);
	return MILTER_GO_ON;
}

static void add_rcpt(struct job *j, str path)
{
	if (j->n_rcpts == j->cap_rcpts) {
		size_t cap = j->cap_rcpts ? 2 * j->cap_rcpts : 8;

		j->rcpts = arena_grow(j->arena, j->rcpts,
				      j->cap_rcpts * sizeof *j->rcpts,
				      cap * sizeof *j->rcpts);
		j->cap_rcpts = cap;
	}
	j->rcpts[j->n_rcpts++] = arena_str(j->arena, path);
}

/* The recipients matter only to settings that name some, and to reports. */
static enum milter_verdict on_rcpt(void *arg, str path)
{
	struct job *j = ((struct filter *)arg)->job;

	if (!j->s->rules.dont_sign_to && !j->s->ignore_mail_to &&
	    !j->s->conf->redirect_failures_to.n && !j->s->conf->store.n)
		return MILTER_GO_ON;
	if (!arena_enter(j->arena)) {
		j->out_of_memory = true;
		return MILTER_GO_ON;
	}
	add_rcpt(j, path);
	arena_leave(j->arena);
	return MILTER_GO_ON;
}

static str joined(struct job *j, str lead, str value)
{
	if (!lead.n)
		return value;

	char *p = arena_alloc(j->arena, lead.n + value.n + 1);

	memcpy(p, lead.p, lead.n);
	memcpy(p + lead.n, value.p, value.n);
	return (str){ p, lead.n + value.n };
}

static enum milter_verdict on_header(void *arg, str name, str lead, str value)
{
	struct job *j = ((struct filter *)arg)->job;

	if (!arena_enter(j->arena)) {
		j->out_of_memory = true;
		return MILTER_GO_ON;
	}
	value = joined(j, lead, value);
	if (str_ieq(name, STR("Authentication-Results")))
		job_note_results(j, value);
	(void)header_add(&j->header, name, value);
	arena_leave(j->arena);
	return MILTER_GO_ON;
}

static const struct sign_macro *macros_of(struct job *j, size_t *n)
{
	const struct table *t = j->s->rules.macros;
	const struct milter_session *s = &j->filter->session;
	size_t cap = (t ? table_count(t) : 0) + 2, at = 0;
	struct sign_macro *m = arena_array_of(j->arena, struct sign_macro, cap);
	struct table_entry entry;

	m[0] = (struct sign_macro){ STR("auth_type"),
				    milter_session_macro(s, STR("auth_type")) };
	m[1] = (struct sign_macro){
		STR("daemon_name"), milter_session_macro(s, STR("daemon_name"))
	};
	*n = 2;
	while (t && *n < cap && table_next(t, &at, &entry)) {
		str name = entry.key;

		if (name.n > 2 && name.p[0] == '{')
			name = (str){ name.p + 1, name.n - 2 };
		m[*n] = (struct sign_macro){ name,
					     milter_session_macro(s, name) };
		*n += m[*n].value.p != NULL;
	}
	return m;
}

static void choose(struct job *j)
{
	struct filter *f = j->filter;

	job_find_sender(j);
	j->request.client_name = filter_client(f);
	j->request.client_ip = f->client_ip;
	j->request.recipients = j->rcpts;
	j->request.n_recipients = j->n_rcpts;
	j->request.macros = macros_of(j, &j->request.n_macros);
	j->choice = sign_choose(&j->s->rules, &j->request, j->arena);
}

static enum milter_verdict ignore(struct job *j)
{
	j->kind = JOB_IGNORE;
	report_ignored(j);
	return MILTER_ACCEPT;
}

/* opendkim lets mail to such recipients pass without looking at it. */
static bool left_alone(const struct sign_choice *c)
{
	return c->action == SIGN_IGNORE ||
	       (c->action != SIGN_SIGN && c->findings[SIGN_DONT_SIGN_TO].held);
}

static enum milter_verdict refuse(struct job *j, enum conf_action action,
				  str text, const char *why)
{
	enum milter_verdict v = job_act(j, action, text);

	if (v != MILTER_ACCEPT)
		report_refused(j, why, v);
	return v;
}

static enum milter_verdict end_of_headers(struct job *j)
{
	const struct conf *c = j->s->conf;
	const char *wrong = rules_broken(&j->header, j->arena);

	if (j->out_of_memory)
		return refuse(j, CONF_TEMPFAIL,
			      STR("out of memory, try again later"),
			      "out of memory");
	choose(j);
	if (left_alone(j->choice))
		return ignore(j);
	if (wrong && c->required_headers) {
		milter_set_reply(&j->filter->session, "550", "5.0.0",
				 str_of(wrong));
		report_refused(j, wrong, MILTER_REJECT);
		return MILTER_REJECT;
	}
	if (j->header.too_large && c->on_security != CONF_ACCEPT) {
		enum milter_verdict v = refuse(
			j, c->on_security, STR("message header too large"),
			"header too large (MaximumHeaders, On-Security)");

		if (v != MILTER_ACCEPT)
			return v;
	}
	if (c->strict_headers)
		j->malformed = wrong;
	if (j->choice->action != SIGN_SIGN)
		return judging_begin(j);
	verify_free(j->verify);
	j->verify = NULL;
	return signing_begin(j);
}

static enum milter_verdict on_end_of_headers(void *arg)
{
	struct job *j = ((struct filter *)arg)->job;

	if (!arena_enter(j->arena)) {
		j->out_of_memory = true;
		return MILTER_TEMPFAIL;
	}

	enum milter_verdict v = end_of_headers(j);

	arena_leave(j->arena);
	job_count(j, v);
	return v;
}

static void take_body(struct job *j, str chunk)
{
	if (j->kind == JOB_SIGN)
		signing_body(j, chunk);
	else
		verify_body(j->verify, chunk);
}

/* FixCRLF: a CR or LF alone is taken as CRLF. */
static void take_fixed(struct job *j, str chunk)
{
	size_t begin = 0;

	for (size_t i = 0; i < chunk.n; i++) {
		bool lf = chunk.p[i] == '\n';

		if (lf ? j->cr : chunk.p[i] != '\r' && !j->cr) {
			j->cr = false;
			continue; /* CRLF, or no line end at all */
		}
		if (lf || j->cr) {
			/* the other half is missing here */
			take_body(j, (str){ chunk.p + begin, i - begin });
			take_body(j, lf ? STR("\r") : STR("\n"));
			begin = i;
		}
		j->cr = chunk.p[i] == '\r';
	}
	take_body(j, str_skip(chunk, begin));
}

static bool wants_body(const struct job *j)
{
	return j->kind == JOB_SIGN || (j->kind == JOB_VERIFY && !j->malformed &&
				       verify_wants_body(j->verify));
}

static enum milter_verdict on_body(void *arg, str chunk)
{
	struct job *j = ((struct filter *)arg)->job;

	if (!wants_body(j))
		return MILTER_SKIP_BODY;
	if (!arena_enter(j->arena)) {
		j->out_of_memory = true;
		return MILTER_TEMPFAIL;
	}
	if (j->s->conf->fix_crlf)
		take_fixed(j, chunk);
	else
		take_body(j, chunk);
	arena_leave(j->arena);
	return MILTER_GO_ON;
}

/* Nothing of a message that lacked memory is believed or half done. */
static void finish_without_memory(struct job *j)
{
	j->out_of_memory = true;
	milter_changes(&j->filter->session);
	milter_set_reply(&j->filter->session, "451", "4.3.0",
			 STR("out of memory, try again later"));
	job_finish(j, MILTER_TEMPFAIL);
}

static void end(struct job *j)
{
	if (j->cr && j->s->conf->fix_crlf)
		take_body(j, STR("\n"));
	if (j->kind == JOB_SIGN)
		signing_end(j);
	else
		judging_end(j);
}

static void guarded_end(struct job *j)
{
	struct milter_session *s = &j->filter->session;

	milter_changes(s);
	if (!arena_enter(j->arena)) {
		s->out->n = s->mark; /* half a change is none */
		finish_without_memory(j);
		return;
	}

	struct arena *arena = j->arena;
	struct filter *f = j->filter;

	end(j);
	if (f->job) /* else it is done, and its arena gone */
		arena_leave(arena);
}

static void on_end(void *arg)
{
	struct job *j = ((struct filter *)arg)->job;

	if (j->out_of_memory)
		finish_without_memory(j);
	else
		guarded_end(j);
}

static void on_message_end(void *arg)
{
	struct filter *f = arg;

	job_free(f->job);
	f->job = NULL;
}

static const struct milter_handler handler = {
	.connect = on_connect,
	.helo = on_helo,
	.mail = on_mail,
	.rcpt = on_rcpt,
	.header = on_header,
	.end_of_headers = on_end_of_headers,
	.body = on_body,
	.end = on_end,
	.message_end = on_message_end,
};

void filter_init(struct filter *f, struct station *st)
{
	f->station = st;
	f->job = NULL;
	f->client_ip = (struct ip){ .family = IP_NONE };
	f->client_n = f->helo_n = 0;
	f->is_ready = false;
	milter_session_init(&f->session, &handler, f, &st->wish);
}

void filter_done(struct filter *f)
{
	milter_session_done(&f->session);
}

bool filter_waiting(const struct filter *f)
{
	return f->session.state == MILTER_JUDGING;
}

void filter_resume(struct filter *f)
{
	if (f->job && f->job->verify && verify_run(f->job->verify) &&
	    filter_waiting(f))
		guarded_end(f->job);
}

void filter_give_up(struct filter *f)
{
	if (!filter_waiting(f) || !f->job)
		return;
	verify_give_up(f->job->verify);
	guarded_end(f->job);
}

void filter_tempfail(struct filter *f)
{
	if (!filter_waiting(f) || !f->job)
		return;
	milter_changes(&f->session);
	job_finish(f->job, MILTER_TEMPFAIL);
}
