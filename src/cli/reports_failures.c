/* inkan reports send --failures: a mail for each kind of messages that failed, to
 * those who asked for it (RFC 9991). */
#include "base/buf.h"
#include "base/limits.h"
#include "cli/reports_unit.h"
#include "report/failure_letter.h"

#include <sys/stat.h>

enum { MAIL_MAX = 1 << 16, DAY = 86400 };

struct failures {
	struct store_incident_row row[LIMIT_INCIDENTS];
	size_t n;
	uint64_t mails; /* sent about that domain and day */
	bool limited;
	const struct store_incident_row *now;
};

static bool keep_row(void *arg, const struct store_incident_row *r)
{
	struct unit *u = arg;
	struct failures *f = u->failures;
	struct arena *a = u->s->work;
	struct store_incident_row *to = &f->row[f->n];

	if (f->n == LIMIT_INCIDENTS)
		return true;
	f->n++;
	*to = *r;
	to->source_ip = arena_str(a, r->source_ip);
	to->envelope_from = arena_str(a, r->envelope_from);
	to->alignment = arena_str(a, r->alignment);
	to->feedback = arena_str(a, r->feedback);
	to->header = arena_str(a, r->header);
	return true;
}

/* The same for the same messages: a mail that was sent is known again. */
static str report_id(struct arena *a, const struct store_incident_row *r)
{
	struct buf key = buf_of(a, 2048), id = buf_of(a, 256);

	buf_printf(&key, "%.*s %.*s %.*s", STR_ARG(r->source_ip),
		   STR_ARG(r->envelope_from), STR_ARG(r->alignment));
	buf_printf(&id, INCIDENT_ID "%llx.%.*s.%llu",
		   (unsigned long long)r->writer,
		   STR_ARG(unit_short_hash(a, buf_str(&key))),
		   (unsigned long long)r->reported);
	return buf_str(&id);
}

static str mail_of(struct unit *u, const struct letter *l)
{
	struct sending *s = u->s;
	struct buf mail = buf_of(s->work, MAIL_MAX);
	struct buf boundary = buf_of(s->work, 64);
	struct failure_letter f = {
		.submitter = s->submitter,
		.domain = u->id.domain,
		.from = str_of(s->from),
		.to = l->to,
		.message_id = l->message_id,
		.date = sending_now(s),
		.row = u->failures->now,
	};

	buf_printf(&boundary, "=_%s", u->id.token);
	f.boundary = buf_str(&boundary);
	failure_letter_write(&mail, &f);
	return buf_str(&mail);
}

static bool dry(struct unit *u, const struct letter *l,
		const struct composed *c, str mail)
{
	struct sending *s = u->s;
	struct buf name = buf_of(s->work, 512);

	s->mails++;
	u->failures->mails++;
	if (s->output) {
		(void)mkdir(s->output, 0750);
		buf_printf(&name, "%.*s.%.*s.eml", STR_ARG(l->report_id),
			   STR_ARG(unit_short_hash(s->work, l->to)));
		if (!unit_write_file(s->output, buf_str(&name), mail, s->work,
				     &s->cli->err))
			return false;
	}
	unit_tell(u, l->to, c, N_("would be sent"), STR(""));
	return true;
}

static bool send_mail(struct unit *u, const struct letter *l,
		      const struct composed *c)
{
	struct failures *f = u->failures;
	uint64_t before = u->s->mails;
	bool ok;

	if (f->mails >= u->s->rate) {
		f->limited = true;
		return true;
	}
	if (u->s->dry)
		return dry(u, l, c, mail_of(u, l));
	if (!unit_renew(u))
		return false;
	ok = u->lost || unit_hand_over(u, l, c, mail_of(u, l));
	f->mails += u->s->mails - before;
	return ok;
}

static bool send_to(struct unit *u, const struct destination *d)
{
	struct sending *s = u->s;
	const struct store_incident_row *r = u->failures->now;
	struct composed c = { .report_id = report_id(s->work, r),
			      .records = 1,
			      .messages = r->incidents - r->reported };
	struct letter l = { .report_id = c.report_id, .to = d->address };
	struct buf id = buf_of(s->work, 512);
	bool stop;

	if (!unit_suppressed(u, d->address, &stop))
		return false;
	if (!stop && !s->dry &&
	    !store_was_sent(s->store, &u->id, l.report_id, l.to, &stop,
			    &s->cli->err))
		return false;
	if (stop)
		return true;
	buf_printf(&id, "%.*s.%.*s.%s@%.*s", STR_ARG(l.report_id),
		   STR_ARG(unit_short_hash(s->work, l.to)), u->id.token,
		   STR_ARG(s->submitter));
	l.message_id = buf_str(&id);
	return send_mail(u, &l, &c);
}

/* What the limit keeps back stays: it is told no more, and goes with its day. */
static bool send_rows(struct unit *u)
{
	struct failures *f = u->failures;
	struct sending *s = u->s;

	for (size_t i = 0; i < f->n && !u->lost && !f->limited; i++) {
		bool later = u->later;

		u->later = false;
		f->now = &f->row[i];
		if (!unit_each_address(u, send_to))
			return false;
		if (!u->later && !u->lost && !f->limited && !s->dry &&
		    !store_incident_told(s->store, &u->id, f->now,
					 &s->cli->err))
			return false;
		u->later |= later;
	}
	return true;
}

static bool finish(struct unit *u)
{
	struct sending *s = u->s;

	if (!u->failures->limited || s->dry || u->lost)
		return unit_finish(u);
	s->given_up++;
	return store_finish(s->store, &u->id, STORE_GIVEN_UP, 0,
			    STR("as many mails a day as --rate allows"),
			    &s->cli->err);
}

static bool send_unit(struct sending *s, str domain, int64_t day)
{
	struct unit u = {
		.s = s,
		.id = { .domain = domain, .day = day, .failures = true },
		.why = STR(""),
	};
	bool taken;

	arena_reset(s->work);
	if (!unit_claim(&u, &taken))
		return false;
	if (!taken)
		return true;
	s->units++;
	u.failures = arena_new_of(s->work, struct failures);
	unit_destinations(&u);
	return store_incident_mails(s->store, &u.id, &u.failures->mails,
				    &s->cli->err) &&
	       store_incidents(s->store, &u.id, sending_now(s), keep_row, &u,
			       &s->cli->err) &&
	       (u.to.temperror || send_rows(&u)) && finish(&u);
}

struct units {
	struct arena *arena;
	struct store_unit *list;
	size_t n, cap;
};

static bool add_unit(void *arg, str domain, int64_t day)
{
	struct units *l = arg;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;

		l->list = arena_grow(l->arena, l->list,
				     l->cap * sizeof *l->list,
				     cap * sizeof *l->list);
		l->cap = cap;
	}
	l->list[l->n++] = (struct store_unit){ .domain = arena_str(l->arena,
								   domain),
					       .day = day };
	return true;
}

bool sending_failures(struct sending *s)
{
	struct cli *cli = s->cli;
	struct units units = { .arena = cli->arena };
	bool ok = store_incidents_owed(s->store, sending_now(s), s->dry,
				       add_unit, &units, &cli->err);

	for (size_t i = 0; ok && i < units.n; i++)
		ok = send_unit(s, units.list[i].domain, units.list[i].day);
	return ok && (s->dry || store_prune_incidents(s->store,
						      sending_now(s) / DAY -
							      INCIDENT_DAYS,
						      &cli->err));
}
