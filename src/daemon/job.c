#include "daemon/job.h"

#include "base/limits.h"

enum { FIRST_BLOCK = 4096 };

static struct verify_options verify_options_of(const struct job *j)
{
	const struct conf *c = j->s->conf;
	struct verify_options o = verify_defaults(j->now);

	o.drift = c->clock_drift;
	o.keys = j->filter->station->keys;
	if (c->minimum_key_bits > 0)
		o.min_key_bits = (unsigned)c->minimum_key_bits;
	if (c->maximum_signatures_to_verify > 0)
		o.max_signatures = (unsigned)c->maximum_signatures_to_verify;
	if (c->maximum_headers > 0)
		o.max_header_bytes = (size_t)c->maximum_headers;
	else if (c->maximum_headers == 0) /* "no limit" is what memory allows */
		o.max_header_bytes = LIMIT_MESSAGE_MEMORY / 2;
	return o;
}

static struct job *made(struct arena *arena, struct filter *f, str from)
{
	struct job *j = arena_new_of(arena, struct job);

	j->arena = arena;
	j->filter = f;
	j->now = station_now(f->station);
	j->envelope_from = arena_str(arena, from);
	arena_limit(arena, LIMIT_MESSAGE_MEMORY);
	return j;
}

struct job *job_new(struct filter *f, str envelope_from)
{
	struct arena *arena = arena_new(FIRST_BLOCK);

	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		return NULL;
	}

	struct job *j = made(arena, f, envelope_from);

	arena_leave(arena);
	j->s = f->station->era->conf;

	struct verify_options o = verify_options_of(j);

	j->verify = verify_new(&o, f->station->era->resolver);
	if (!j->verify) {
		arena_free(arena);
		return NULL;
	}
	j->era = era_hold(f->station->era);
	verify_envelope(j->verify, f->client_ip, filter_helo(f), envelope_from);
	return j;
}

void job_free(struct job *j)
{
	if (!j)
		return;

	struct era *era = j->era;

	verify_free(j->verify);
	arena_free(j->arena);
	era_release(era);
}

str job_queue_id(const struct job *j)
{
	return milter_session_macro(&j->filter->session, STR("i"));
}

str job_authserv_id(struct job *j)
{
	const struct conf *c = j->s->conf;
	str id = c->authserv_id;
	struct buf b = buf_of(j->arena, 1024);

	if (str_ieq(id, STR("HOSTNAME")))
		id = str_of(j->filter->station->host);
	if (!id.n)
		id = milter_session_macro(&j->filter->session, STR("j"));
	if (!id.n)
		id = str_of(j->filter->station->host);
	if (!c->authserv_id_with_job_id || !job_queue_id(j).n)
		return id;
	buf_put(&b, id);
	buf_putc(&b, '/');
	buf_put(&b, job_queue_id(j));
	return buf_str(&b);
}
