/* The reports about one domain and day: whose work it is, who wants them, what
 * they say, and each mail by sendmail. */
#include "cli/reports_unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "file/write.h"
#include "report/values.h"
#include "setup/run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LEASE = 900, /* seconds; one mail takes less */
	SENDMAIL_SECONDS = 300,
	WAIT = 900, /* before the second attempt, and twice as long each time */
	WAIT_MAX = 21600,
	ATTEMPTS = 12,
	MAIL_MAX = INT32_MAX
};

bool sendmail_run(struct arena *arena, const char *program,
		  const char *envelope, const char *to, str mail, struct err *e)
{
	const char *const argv[] = { program, "-i", "-f", envelope,
				     "--",    to,   NULL };
	struct run_result r;

	if (!run_program(arena, argv, mail, SENDMAIL_SECONDS, &r, e))
		return false;
	if (r.status == 0)
		return true;
	return err_set(e, ERR_UNAVAILABLE, "%s: %.*s", program,
		       STR_ARG(str_head(run_complaint(arena, &r), 300)));
}

void unit_tell(struct unit *u, str address, const struct composed *r,
	       const char *what, str why)
{
	struct cli *cli = u->s->cli;
	char day[32];

	(void)show_day(u->id.day, day);
	if (cli->json) {
		json_array_append_new(
			u->s->told,
			json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:o}",
				  "domain", json_of(u->id.domain), "day", day,
				  "address", json_of(address), "report_id",
				  r ? json_of(r->report_id) : json_null(),
				  "records", reports_count(r ? r->records : 0),
				  "messages",
				  reports_count(r ? r->messages : 0), "result",
				  what, "reason",
				  why.n ? json_of(why) : json_null()));
		return;
	}
	printf("%.*s  %s  %.*s  ", STR_ARG(u->id.domain), day,
	       STR_ARG(out_text(cli->arena, address)));
	if (r && !why.n)
		printf(_("%llu rows, %llu messages\n"),
		       (unsigned long long)r->records,
		       (unsigned long long)r->messages);
	else
		printf("%s: %.*s\n", _(what),
		       STR_ARG(out_text(cli->arena, why)));
}

void unit_put_off(struct unit *u, str why)
{
	u->later = true;
	if (!u->why.n)
		u->why = arena_str(u->s->work, why);
}

/* ---- one mail ---- */

str unit_short_hash(struct arena *arena, str s)
{
	str digest = hash_of(arena, HASH_SHA256, s);
	struct buf b = buf_of(arena, 16);

	for (size_t i = 0; i < 4; i++)
		buf_printf(&b, "%02x", (unsigned)(unsigned char)digest.p[i]);
	return buf_str(&b);
}

static struct letter letter_for(struct unit *u, const struct composed *r,
				str address)
{
	struct sending *s = u->s;
	struct buf id = buf_of(s->work, 512);

	buf_printf(&id, "%.*s.%.*s.%s@%.*s", STR_ARG(r->unique),
		   STR_ARG(unit_short_hash(s->work, address)), u->id.token,
		   STR_ARG(s->submitter));
	return (struct letter){
		.submitter = s->submitter,
		.domain = u->id.domain,
		.begin = r->begin,
		.end = r->end,
		.report_id = r->report_id,
		.unique = r->unique,
		.from = str_of(s->from),
		.to = address,
		.message_id = buf_str(&id),
		.date = sending_now(s),
	};
}

bool unit_write_file(const char *dir, str name, str octets, struct arena *a,
		     struct err *e)
{
	struct buf path = buf_of(a, 8192);
	int fd;
	bool ok;

	buf_printf(&path, "%s/%.*s%c", dir, STR_ARG(name), '\0');
	fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0) {
		(void)err_sys(e, _("cannot create %s"), path.p);
		e->code = ERR_CREATE;
		return false;
	}
	ok = write_all(fd, octets) || err_sys(e, _("cannot write %s"), path.p);
	return (close(fd) == 0 || err_sys(e, _("cannot write %s"), path.p)) &&
	       ok;
}

static bool write_out(struct unit *u, const struct letter *l, str mail)
{
	struct arena *a = u->s->work;
	struct buf name = buf_of(a, 512);
	struct err *e = &u->s->cli->err;

	(void)mkdir(u->s->output, 0750);
	buf_printf(&name, "%.*s.%.*s.eml", STR_ARG(l->unique),
		   STR_ARG(unit_short_hash(a, l->to)));
	return unit_write_file(u->s->output, letter_file_name(a, l), l->octets,
			       a, e) &&
	       unit_write_file(u->s->output, buf_str(&name), mail, a, e);
}

bool unit_hand_over(struct unit *u, const struct letter *l,
		    const struct composed *r, str mail)
{
	struct sending *s = u->s;
	struct store_mail m = { .report_id = l->report_id,
				.address = l->to,
				.message_id = l->message_id,
				.records = r->records,
				.messages = r->messages };
	struct err e;

	if (!sendmail_run(s->work, s->sendmail, s->envelope,
			  arena_cstr(s->work, l->to), mail, &e)) {
		s->refused_by_sendmail = true;
		out_warning(e.text);
		unit_put_off(u, str_of(e.text));
		unit_tell(u, l->to, r, N_("not sent"), str_of(e.text));
		return true;
	}
	m.now = sending_now(s);
	if (!store_put_sent(s->store, &u->id, &m, &s->cli->err))
		return false;
	s->mails++;
	unit_tell(u, l->to, r, N_("sent"), STR(""));
	return true;
}

bool unit_renew(struct unit *u)
{
	struct sending *s = u->s;
	bool ours;

	if (!store_renew(s->store, &u->id, sending_now(s) + LEASE, &ours,
			 &s->cli->err))
		return false;
	u->lost = !ours;
	return true;
}

static bool send_one(struct unit *u, size_t i, str address)
{
	struct sending *s = u->s;
	const struct composed *r = compose_at(u->reports, i);
	struct letter l = letter_for(u, r, address);
	struct buf mail = buf_of(s->work, MAIL_MAX);

	if (!compose_read(u->reports, i, s->work, &l.octets, &s->cli->err))
		return false;
	letter_write(&mail, &l);
	if (s->output && !write_out(u, &l, buf_str(&mail)))
		return false;
	if (s->dry) {
		s->mails++;
		unit_tell(u, address, r, N_("would be sent"), STR(""));
		return true;
	}
	if (!unit_renew(u))
		return false;
	return u->lost || unit_hand_over(u, &l, r, buf_str(&mail));
}

/* ---- one address ---- */

static bool was_sent(struct unit *u, size_t i, str address, bool *was)
{
	struct sending *s = u->s;

	*was = false;
	return s->dry || store_was_sent(s->store, &u->id,
					compose_at(u->reports, i)->report_id,
					address, was, &s->cli->err);
}

bool unit_suppressed(struct unit *u, str address, bool *is)
{
	struct sending *s = u->s;

	if (!store_is_suppressed(s->store, value_domain(s->work, address),
				 address, sending_now(s), is, &s->cli->err))
		return false;
	if (*is)
		unit_tell(u, address, NULL, N_("suppressed"),
			  str_of(_("mail to it came back, or by hand")));
	return true;
}

static bool send_to(struct unit *u, const struct destination *d)
{
	bool was, suppressed;

	if (!unit_suppressed(u, d->address, &suppressed))
		return false;
	if (suppressed)
		return true;
	for (size_t i = 0; i < compose_count(u->reports) && !u->lost; i++) {
		const struct composed *r = compose_at(u->reports, i);

		if (d->size && r->octets > d->size) {
			unit_tell(u, d->address, r, N_("too large"),
				  str_of(_("the record names a smaller size")));
			continue;
		}
		if (!was_sent(u, i, d->address, &was) ||
		    (!was && !send_one(u, i, d->address)))
			return false;
	}
	return true;
}

bool unit_each_address(struct unit *u,
		       bool (*fn)(struct unit *u, const struct destination *d))
{
	for (size_t i = 0; i < u->to.n && !u->lost; i++) {
		const struct destination *d = &u->to.list[i];

		if (d->state == DESTINATION_OK) {
			if (!fn(u, d))
				return false;
			continue;
		}
		if (d->state == DESTINATION_TEMPERROR)
			unit_put_off(u, str_of(d->why));
		unit_tell(u, d->address.p ? d->address : d->uri, NULL,
			  d->state == DESTINATION_TEMPERROR ? N_("later")
							    : N_("refused"),
			  str_of(_(d->why)));
	}
	return true;
}

/* ---- all of it ---- */

void unit_destinations(struct unit *u)
{
	enum destination_tag tag = u->id.failures ? DESTINATION_RUF
						  : DESTINATION_RUA;

	struct sending *s = u->s;
	struct asks *asks = asks_new(s->work, dns_client_resolver(s->dns),
				     LIMIT_REPORT_QUESTIONS);

	do
		destinations_find(asks, u->id.domain, tag, &u->to);
	while (u->to.pending && dns_client_wait(s->dns, asks));
	if (u->to.pending) {
		asks_give_up(asks);
		destinations_find(asks, u->id.domain, tag, &u->to);
	}
	/* what came is in the arena; nothing comes after this */
	asks_cancel(asks);
	if (u->to.temperror)
		unit_put_off(u,
			     STR("the domain's DMARC record could not be asked "
				 "for"));
}

static bool take_row(void *arg, const struct store_verdict_row *r)
{
	struct unit *u = arg;

	return compose_row(u->reports, r, &u->s->cli->err);
}

static bool compose(struct unit *u)
{
	struct sending *s = u->s;
	struct composing about = { .submitter = s->submitter,
				   .org = s->org,
				   .email = str_of(s->from),
				   .contact = s->contact,
				   .domain = u->id.domain,
				   .day = u->id.day,
				   .max = s->max };
	struct err *e = &s->cli->err;

	u->reports = compose_new(&about, s->work, e);
	return u->reports &&
	       store_verdict_rows(s->store, u->id.domain, u->id.day, take_row,
				  u, e) &&
	       compose_end(u->reports, e);
}

bool unit_finish(struct unit *u)
{
	struct sending *s = u->s;
	int64_t wait = WAIT;

	if (s->dry || u->lost)
		return true;
	for (uint64_t i = 1; i < u->id.attempts && wait < WAIT_MAX; i++)
		wait = wait * 2 < WAIT_MAX ? wait * 2 : WAIT_MAX;
	if (u->later && u->id.attempts >= ATTEMPTS) {
		s->given_up++;
		return store_finish(s->store, &u->id, STORE_GIVEN_UP, 0, u->why,
				    &s->cli->err);
	}
	s->later += u->later;
	if (u->id.failures && !u->later)
		return store_release(s->store, &u->id, &s->cli->err);
	return store_finish(s->store, &u->id,
			    u->later ? STORE_LATER : STORE_SENT,
			    sending_now(s) + wait, u->why, &s->cli->err);
}

bool unit_claim(struct unit *u, bool *taken)
{
	struct sending *s = u->s;
	char token[OUTBOX_TOKEN + 1];
	int64_t now = sending_now(s);

	sending_random(token);
	(void)snprintf(u->id.holder, sizeof u->id.holder, "%s", s->holder);
	(void)snprintf(u->id.token, sizeof u->id.token, "%s", token);
	*taken = true;
	return s->dry || store_claim(s->store, &u->id, token, now, now + LEASE,
				     taken, &s->cli->err);
}

bool sending_unit(struct sending *s, str domain, int64_t day)
{
	struct unit u = { .s = s,
			  .id = { .domain = domain, .day = day },
			  .why = STR("") };
	bool taken, ok;

	arena_reset(s->work);
	if (!unit_claim(&u, &taken))
		return false;
	if (!taken)
		return true;
	s->units++;
	unit_destinations(&u);
	ok = !u.to.n || (compose(&u) && unit_each_address(&u, send_to));
	ok = ok && unit_finish(&u);
	compose_free(u.reports);
	return ok;
}
