/* The running signer, spoken to as Postfix would: does it answer, does it sign
 * the domains' mail, and does the signature hold with the record in the DNS? */
#include "dns/client.h"
#include "doctor/areas.h"
#include "milter/client.h"
#include "net/listen.h"
#include "verify/stream.h"

#include <sys/socket.h>
#include <unistd.h>

/* What Postfix offers. */
enum { ALL_ACTIONS = 0x1ff, ALL_STEPS = 0x1fffff };
enum { SECONDS = 30, LIVE_DOMAINS = 5 };

static bool open_socket(const struct machine *m, int *fd, struct err *e)
{
	struct timeval limit = { .tv_sec = SECONDS };
	struct net_address a;

	if (!net_address_parse(m->signer.conf->socket, &a, e) ||
	    !net_connect(&a, fd, e))
		return false;
	(void)setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return true;
}

/* A message of the domain's own, handed in by a user who has logged in. */
static bool hand_in(const struct machine *m, int fd, str domain,
		    str *signed_text, struct milter_outcome *out, struct err *e)
{
	struct buf from = buf_of(m->arena, 512), text = buf_of(m->arena, 2048);
	struct milter_client c;
	char verdict;
	bool ok;

	buf_printf(&from, "postmaster@%.*s", STR_ARG(domain));
	buf_printf(&text,
		   "From: <%.*s>\r\nTo: <%.*s>\r\nSubject: inkan check\r\n"
		   "\r\nThis is not sent.\r\n",
		   STR_ARG(buf_str(&from)), STR_ARG(buf_str(&from)));

	const str rcpt = buf_str(&from);
	struct milter_envelope env = {
		.client_name = STR("localhost"),
		.client_ip = STR("127.0.0.1"),
		.helo = STR("localhost"),
		.mail_from = rcpt,
		.rcpts = &rcpt,
		.rcpt_count = 1,
		.auth_type = STR("PLAIN"),
		.auth_user = STR("postmaster"),
		.host = postfix_value(m, NULL, STR("myhostname")),
		.queue_id = STR("CHECK"),
	};

	milter_client_init(&c, fd);
	ok = milter_client_negotiate(&c, MILTER_VERSION, ALL_ACTIONS, ALL_STEPS,
				     e) &&
	     milter_client_hello(&c, &env, &verdict, e) &&
	     milter_client_message(&c, m->arena, &env, buf_str(&text), out, e);
	if (ok)
		milter_client_quit(&c);
	milter_client_done(&c);
	if (ok)
		*signed_text = milter_apply(m->arena, out, buf_str(&text));
	return ok;
}

static bool signed_by(const struct milter_outcome *o, str domain)
{
	for (const struct milter_change *c = o->first; c; c = c->next) {
		struct buf b = { 0 };
		char want[512];

		b.p = want;
		b.cap = b.max = sizeof want;
		buf_printf(&b, "d=%.*s;", STR_ARG(domain));
		if (str_ieq(c->name, STR("DKIM-Signature")) &&
		    memmem(c->value.p, c->value.n, want, b.n))
			return true;
	}
	return false;
}

/* The domain's signature that fares best; NULL: none. */
static const struct verdict_dkim *best(const struct verdict *v, str domain)
{
	const struct verdict_dkim *found = NULL;

	for (size_t i = 0; i < v->n_dkim; i++)
		if (str_ieq(v->dkim_rows[i].domain, domain) &&
		    (!found || v->dkim_rows[i].result == DKIM_PASS))
			found = &v->dkim_rows[i];
	return found;
}

static void judge_signature(struct findings *f, const struct machine *m,
			    str domain, const struct verdict *v)
{
	const struct verdict_dkim *row = best(v, domain);
	str reason;

	if (!row || row->result == DKIM_TEMPERROR) {
		finding_skip(f, FIND_LIVE_HOLDS, domain,
			     N_("the name servers gave no answer"));
		return;
	}
	reason = str_of(row->reason ? row->reason
				    : dkim_result_word(row->result));
	judge(f, FIND_LIVE_HOLDS, row->result == DKIM_PASS, domain,
	      ARGS(arena_str(m->arena, row->selector),
		   arena_str(m->arena, reason)));
}

/* As a receiver does. */
static void check_signature(struct findings *f, const struct machine *m,
			    struct dns_client *dns, str domain, str text)
{
	struct verify_options o = verify_defaults(m->now);
	struct verify *v = dns ? verify_new(&o, dns_client_resolver(dns))
			       : NULL;
	struct feed_sink sink = verify_sink(v);
	struct feed *feed;
	bool waiting = true;

	if (!v) {
		finding_skip(f, FIND_LIVE_HOLDS, domain,
			     N_("no name server is asked"));
		return;
	}
	feed = feed_new(m->arena, &sink);
	feed_put(feed, text);
	feed_end(feed);
	verify_end(v);
	while (waiting && !verify_run(v))
		waiting = dns_client_wait(dns, verify_asks(v));
	if (!waiting)
		verify_give_up(v);
	judge_signature(f, m, domain, verify_verdict(v));
	verify_free(v);
}

static void check_domain(struct findings *f, const struct machine *m,
			 struct dns_client *dns, str domain, bool *answers)
{
	str text = STR("");
	struct milter_outcome out = { 0 };
	struct err e = { .text = "" };
	int fd = -1;
	bool ok = open_socket(m, &fd, &e) &&
		  hand_in(m, fd, domain, &text, &out, &e);

	if (fd >= 0)
		close(fd);
	*answers = ok;
	if (!ok && e.code == ERR_PERMISSION)
		finding_skip(f, FIND_LIVE, m->signer.conf->socket,
			     N_("only root may open it: run this as root"));
	else
		judge(f, FIND_LIVE, ok, m->signer.conf->socket,
		      ARGS(arena_str(m->arena, str_of(e.text)),
			   m->signer.ours ? STR("inkand") : STR("opendkim")));
	if (!ok)
		return;
	judge(f, FIND_LIVE_SIGNS, signed_by(&out, domain), domain,
	      ARGS(m->signer.conf->socket));
	if (signed_by(&out, domain))
		check_signature(f, m, dns, domain, text);
}

void check_live(struct findings *f, const struct machine *m,
		struct dns_client *dns)
{
	str domains[MACHINE_DOMAINS_MAX];
	size_t n = machine_domains(m, domains);
	bool answers = true;

	if (!m->signer.there || !m->signer.conf->socket.n)
		return;
	if (!m->tree.live) {
		finding_skip(f, FIND_LIVE, m->signer.conf->socket,
			     N_("a tree of files has no sockets"));
		return;
	}
	for (size_t i = 0; i < n && i < LIVE_DOMAINS && answers; i++)
		check_domain(f, m, dns, domains[i], &answers);
}
