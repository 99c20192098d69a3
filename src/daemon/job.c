#include "daemon/job.h"

#include "base/limits.h"

/* What a usual message takes, measured: one that users of our own send and
 * that is signed, and another. */
enum { FIRST_BLOCK_OWN = 12288, FIRST_BLOCK = 7168 };

static size_t header_limit(const struct conf *c)
{
	if (c->maximum_headers > 0)
		return (size_t)c->maximum_headers;
	/* "no limit" is what memory allows */
	return c->maximum_headers == 0 ? LIMIT_MESSAGE_MEMORY / 4 : 0;
}

static struct job *made(struct arena *arena, struct filter *f, str from)
{
	struct job *j = arena_new_of(arena, struct job);

	j->arena = arena;
	j->filter = f;
	j->now = station_now(f->station);
	j->envelope_from = arena_str(arena, from);
	j->s = f->station->era->conf;
	j->header = header_of(arena, header_limit(j->s->conf), 0);
	arena_limit(arena, LIMIT_MESSAGE_MEMORY);
	return j;
}

struct job *job_new(struct filter *f, str envelope_from)
{
	bool own = milter_session_macro(&f->session, STR("auth_type")).n > 0;
	struct arena *arena = arena_new(own ? FIRST_BLOCK_OWN : FIRST_BLOCK);

	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		return NULL;
	}

	struct job *j = made(arena, f, envelope_from);

	arena_leave(arena);
	j->era = era_hold(f->station->era);
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

static unsigned methods_of(const struct job *j)
{
	const struct conf *c = j->s->conf;
	unsigned m = c->methods & CONF_DKIM ? VERIFY_DKIM : 0;

	if (c->methods & CONF_ARC)
		m |= VERIFY_ARC;
	if (((c->methods & CONF_IPREV) || j->s->excuse_ptr) && !j->exempt)
		m |= VERIFY_IPREV;
	if ((c->methods & CONF_DMARC) && !j->exempt)
		m |= VERIFY_DMARC;
	if (!(c->methods & CONF_SPF) || j->exempt_spf)
		return m;
	if (c->mail_from_reject != CONF_SPF_NO_CHECK || (m & VERIFY_DMARC))
		m |= VERIFY_SPF;
	if (c->helo_reject > CONF_SPF_NO_CHECK || j->s->excuse_helo)
		m |= VERIFY_HELO;
	return m;
}

static struct dkim_cover cover_of(struct conf_minimum m)
{
	enum dkim_part part = m.unit == 'b'   ? DKIM_OCTETS
			      : m.unit == '%' ? DKIM_PERCENT
			      : m.unit == '+' ? DKIM_ALL_BUT
					      : DKIM_ALL;

	return (struct dkim_cover){ part, (uint32_t)m.n };
}

/* Their questions come on top of the message's own. */
static void set_excuses(struct job *j, struct verify_options *o)
{
	enum { QUESTIONS_EACH = 20 };
	const struct table *t = j->s->excuse_domains;
	struct table_entry e;
	size_t at = 0;
	str *all;

	if (!t || j->exempt_spf || !arena_enter(j->arena))
		return;
	all = arena_array_of(j->arena, str, VERIFY_EXCUSES_MAX);
	while (o->n_spf_excuses < VERIFY_EXCUSES_MAX && table_next(t, &at, &e))
		all[o->n_spf_excuses++] = e.key;
	arena_leave(j->arena);
	o->spf_excuses = all;
	o->max_questions = LIMIT_QUESTIONS +
			   QUESTIONS_EACH * (unsigned)o->n_spf_excuses;
}

static struct verify_options verify_options_of(struct job *j)
{
	const struct conf *c = j->s->conf;
	struct verify_options o = verify_defaults(j->now);

	o.drift = c->clock_drift;
	o.keys = j->filter->station->keys;
	if (c->minimum_key_bits > 0)
		o.min_key_bits = (unsigned)c->minimum_key_bits;
	o.cover = cover_of(c->minimum);
	if (c->maximum_signatures_to_verify > 0)
		o.max_signatures = (unsigned)c->maximum_signatures_to_verify;
	o.max_header_bytes = j->header.max_bytes;
	o.methods = methods_of(j);
	o.receiver = str_of(j->filter->station->host);
	o.suffixes = j->s->suffixes;
	set_excuses(j, &o);
	if (c->void_limit >= 0)
		o.spf_voids = (unsigned)c->void_limit;
	return o;
}

static void on_answer(void *arg)
{
	struct filter *f = arg;

	f->station->ready(f->station, f);
}

bool job_verify_envelope(struct job *j)
{
	struct filter *f = j->filter;
	struct verify_options o = verify_options_of(j);

	j->verify = verify_new(&o, j->era->resolver);
	if (!j->verify)
		return false;
	verify_on_answer(j->verify, on_answer, f);
	verify_envelope(j->verify, f->client_ip, filter_helo(f),
			j->envelope_from);
	return true;
}

bool job_verify(struct job *j)
{
	if (!j->verify && !job_verify_envelope(j))
		return false;
	verify_header_of(j->verify, &j->header);
	if (exempt_from_dmarc(j))
		verify_without(j->verify, VERIFY_DMARC);
	claims_take(j);
	verify_end_of_headers(j->verify);
	return true;
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
