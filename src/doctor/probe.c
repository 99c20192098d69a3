#include "doctor/probe.h"

#include "base/ip.h"
#include "doctor/speak.h"

#include <errno.h>

/* Two of each family: one server may be down for a reason of its own. */
enum { EACH_MAX = 2, TIMEOUT_MS = 10000, QUESTIONS_MAX = 50 };

struct target {
	str host;
	struct ip ip;
};

struct targets {
	struct target v4[EACH_MAX], v6[EACH_MAX];
	size_t n4, n6;
};

static str subject_of(const struct probe *p, const struct target *t)
{
	struct buf b = buf_of(p->m->arena, 512);
	char text[IP_TEXT_MAX];

	buf_printf(&b, "%.*s:25 (%.*s)", STR_ARG(t->host),
		   STR_ARG(ip_text(t->ip, text)));
	return buf_str(&b);
}

static void add(struct targets *t, str host, struct ip ip)
{
	bool v4 = ip.family == IP_V4;
	size_t *n = v4 ? &t->n4 : &t->n6;

	if (*n < EACH_MAX)
		(v4 ? t->v4 : t->v6)[(*n)++] = (struct target){ host, ip };
}

/* The first address of each family. */
static void add_host(const struct probe *p, struct asks *asks, str host,
		     struct targets *t)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < 2; i++) {
		const struct dns_answer *a = dns_client_ask(p->dns, asks,
							    types[i], host);

		if (a && a->n)
			add(t, host,
			    ip_of_bytes(a->rr[0].data.p, a->rr[0].data.n));
	}
}

/* The one after the preference `above`, in the order of RFC 5321 5.1. */
static const struct dns_rr *next_exchanger(const struct dns_answer *mx,
					   const struct dns_rr *last)
{
	const struct dns_rr *best = NULL;

	for (size_t i = 0; i < mx->n; i++) {
		const struct dns_rr *rr = &mx->rr[i];
		bool later = !last || rr->preference > last->preference ||
			     (rr->preference == last->preference && rr > last);

		if (later && (!best || rr->preference < best->preference))
			best = rr;
	}
	return best;
}

static void find_targets(const struct probe *p, struct targets *t)
{
	struct asks *asks = asks_new(p->m->arena, dns_client_resolver(p->dns),
				     QUESTIONS_MAX);
	const struct dns_answer *mx;
	const struct dns_rr *rr = NULL;
	str whom = str_of(p->whom);
	struct ip ip;

	if (ip_parse(whom, &ip)) {
		add(t, whom, ip);
		return;
	}
	mx = dns_client_ask(p->dns, asks, DNS_MX, whom);
	for (size_t i = 0; mx && i < 2 * EACH_MAX; i++) {
		rr = next_exchanger(mx, rr);
		if (!rr)
			break;
		if (rr->data.n) /* RFC 7505: takes no mail */
			add_host(p, asks, rr->data, t);
	}
	if (mx && !mx->n)
		add_host(p, asks, whom, t);
	asks_cancel(asks);
}

/* Does mail leave by another port than 25? */
static bool leaves_elsewhere(const struct machine *m)
{
	str relay = m->postfix.there ? postfix_value(m, NULL, STR("relayhost"))
				     : STR("");
	str port = str_skip(relay, str_find(relay, ']'));

	port = str_skip(port.n ? port : relay,
			str_rfind(port.n ? port : relay, ':') + 1);
	return relay.n && port.n && !str_eq(port, STR("25")) &&
	       !str_eq(port, STR("smtp"));
}

static bool by_protocol(const struct machine *m, const char *word)
{
	str protocols = m->postfix.there
				? postfix_value(m, NULL, STR("inet_protocols"))
				: STR("all");

	return postfix_has_word(protocols, STR("all")) ||
	       postfix_has_word(protocols, str_of(word));
}

static bool has_no_route(int problem)
{
	return problem == ENETUNREACH || problem == EADDRNOTAVAIL ||
	       problem == EAFNOSUPPORT;
}

static void judge_unreached(struct probe *p, const struct target *t,
			    const struct speak_seen *s,
			    enum finding_status status)
{
	finding_put(p->f,
		    s->problem == ETIMEDOUT ? FIND_OUT_SILENT
					    : FIND_OUT_REFUSED,
		    leaves_elsewhere(p->m) ? FINDING_NOTE : status,
		    subject_of(p, t), ARGS(s->trouble));
}

static void judge_talk(struct probe *p, const struct target *t,
		       const struct speak_seen *s)
{
	str subject = subject_of(p, t);

	judge(p->f, FIND_OUT_SILENT, true, subject, NULL);
	judge(p->f, FIND_OUT_REFUSED, true, subject, NULL);
	judge(p->f, FIND_OUT_GREETING, s->greeted, subject, ARGS(s->trouble));
	if (s->greeted)
		judge(p->f, FIND_OUT_STARTTLS, s->starttls, subject, NULL);
}

static void talk(const struct probe *p, const struct target *t,
		 struct speak_seen *out)
{
	const struct speak_options o = {
		.ip = t->ip,
		.port = 25,
		.no_tls = true,
		.name = machine_cstr(p->m, t->host),
		.helo = p->helo.n ? machine_cstr(p->m, p->helo) : "localhost",
		.timeout_ms = TIMEOUT_MS,
	};

	speak(p->m->arena, &o, out);
}

/* The first that is reached counts, and without one the first.  True: reached. */
static bool probe_each(struct probe *p, const struct target *t, size_t n,
		       enum finding_status status)
{
	struct speak_seen first = { .reached = false }, s;

	for (size_t i = 0; i < n; i++) {
		talk(p, &t[i], &s);
		if (s.reached) {
			judge_talk(p, &t[i], &s);
			return true;
		}
		if (i == 0)
			first = s;
	}
	if (n && t->ip.family == IP_V6 && has_no_route(first.problem))
		finding_skip(p->f, FIND_OUT_SILENT, subject_of(p, t),
			     N_("this machine has no way out by IPv6"));
	else if (n)
		judge_unreached(p, t, &first, status);
	return false;
}

static bool is_refused(struct probe *p)
{
	const char *why = NULL;

	if (!p->whom)
		why = N_("nobody was named to be connected to: add --probe "
			 "with a domain that takes mail");
	else if (!p->m->tree.live)
		why = N_("a tree of files has no network");
	else if (p->zones_only)
		why = N_("with --zone nobody is spoken to");
	else if (!p->dns)
		why = N_("--offline speaks to nobody");
	if (why)
		finding_skip(p->f, FIND_OUT_SILENT,
			     p->whom ? str_of(p->whom) : STR("--probe"), why);
	return why;
}

void check_probe(struct probe *p)
{
	struct targets t = { .n4 = 0 };
	bool reached = false;

	if (is_refused(p))
		return;
	find_targets(p, &t);
	if (!t.n4 && !t.n6) {
		finding_skip(p->f, FIND_OUT_SILENT, str_of(p->whom),
			     N_("no address of a mail server was found"));
		return;
	}
	if (by_protocol(p->m, "ipv4"))
		reached = probe_each(p, t.v4, t.n4, FINDING_FAIL);
	/* whoever has IPv6 has IPv4 too, as a rule, and Postfix goes on to it */
	if (by_protocol(p->m, "ipv6"))
		(void)probe_each(p, t.v6, t.n6,
				 reached ? FINDING_WARN : FINDING_FAIL);
}
