/* host: the sending host's names, TLS, and what others say of it. */
#include "base/buf.h"
#include "dns/name.h"
#include "score/score.h"

#define N_(text) text

static const str nothing = { "", 0 };

static void judge_ptr(const struct score_facts *f, struct score *s)
{
	const struct iprev_verdict *v = f->verdict->iprev;

	if (!v)
		score_put(s, SCORE_PTR, SCORE_SKIP, 0,
			  N_("the address that sent it is not known (--ip)"),
			  nothing);
	else if (v->result == IPREV_TEMPERROR)
		score_put(s, SCORE_PTR, SCORE_SKIP, 0, N_("DNS did not answer"),
			  nothing);
	else
		score_judge(s, SCORE_PTR, v->result == IPREV_PASS,
			    N_("name and address belong together"),
			    v->name.n ? N_("the name does not have the address")
				      : N_("the address has no name"),
			    v->name);
}

static bool has_address(const struct dns_answer *a, struct ip ip)
{
	for (size_t i = 0; i < a->n; i++)
		if (ip_equal(ip_of_bytes(a->rr[i].data.p, a->rr[i].data.n), ip))
			return true;
	return false;
}

static void judge_helo(const struct score_facts *f, struct score *s)
{
	const struct dns_answer *a = f->helo_answer;

	if (!f->helo.n)
		score_put(s, SCORE_HELO, SCORE_SKIP, 0,
			  N_("the HELO name is not known (--helo)"), nothing);
	else if (!dns_name_is_domain(f->helo, true) ||
		 dns_name_labels(f->helo) < 2)
		score_judge(s, SCORE_HELO, false, NULL,
			    N_("it is no full host name"), f->helo);
	else if (f->ip.family == IP_NONE || !a || a->status == DNS_TEMPFAIL)
		score_put(s, SCORE_HELO, SCORE_SKIP, 0,
			  N_("its address could not be asked for"), f->helo);
	else
		score_judge(s, SCORE_HELO, has_address(a, f->ip),
			    N_("it has the sending address"),
			    N_("it does not have the sending address"),
			    f->helo);
}

static void judge_tls(const struct score_facts *f, struct score *s)
{
	if (!f->received || !f->received->known)
		score_put(s, SCORE_TLS, SCORE_SKIP, 0,
			  N_("no Received field says how it came"), nothing);
	else
		score_judge(s, SCORE_TLS, f->received->tls,
			    N_("it came over TLS"), N_("it came in the clear"),
			    nothing);
}

static void judge_mx(const struct score_facts *f, struct score *s)
{
	const struct dns_answer *mx = f->mx, *a = f->address;
	bool null;

	if (!mx || mx->status == DNS_TEMPFAIL || !a ||
	    a->status == DNS_TEMPFAIL) {
		score_put(s, SCORE_MX, SCORE_SKIP, 0, N_("DNS did not answer"),
			  nothing);
		return;
	}
	/* RFC 7505 */
	null = mx->n == 1 &&
	       (!mx->rr[0].data.n || str_eq(mx->rr[0].data, STR(".")));
	score_judge(s, SCORE_MX, !null && (mx->n || a->n), N_("it does"),
		    N_("it takes no mail"), nothing);
}

static void judge_lists(struct arena *arena, const struct score_facts *f,
			struct score *s)
{
	struct buf on = buf_of(arena, 4096);
	bool answered = false;

	for (size_t i = 0; i < f->n_listings; i++) {
		const struct dns_answer *a = f->listings[i].answer;

		answered |= a && a->status != DNS_TEMPFAIL;
		/* RFC 5782 2.1: 127.0.0.0/8 means listed; 127.255.255.0/24
		 * says that the list does not serve us */
		if (a && a->n && a->rr[0].data.n == 4 &&
		    a->rr[0].data.p[0] == 127 &&
		    (unsigned char)a->rr[0].data.p[1] != 255)
			buf_printf(&on, "%s%.*s", on.n ? ", " : "",
				   STR_ARG(f->listings[i].list));
	}
	if (!answered)
		score_put(s, SCORE_BLOCKLIST, SCORE_SKIP, 0,
			  f->n_listings ? N_("no list answered")
					: N_("no list was named "
					     "(--blocklist)"),
			  nothing);
	else
		score_judge(s, SCORE_BLOCKLIST, !on.n, N_("not listed"),
			    N_("listed"), buf_str(&on));
}

void score_host(struct arena *arena, const struct score_facts *f,
		struct score *s)
{
	judge_ptr(f, s);
	judge_helo(f, s);
	judge_tls(f, s);
	judge_mx(f, s);
	judge_lists(arena, f, s);
}
