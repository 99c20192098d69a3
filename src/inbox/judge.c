#include "inbox/judge.h"

#include "base/buf.h"
#include "base/limits.h"
#include "dns/name.h"
#include "verify/verify.h"

/* Answers nothing, for who is offline. */
static void refuse(struct resolver *r, struct asks *as, unsigned id,
		   enum dns_type type, str name)
{
	static const struct dns_answer nothing = { .status = DNS_TEMPFAIL };

	(void)r, (void)type, (void)name;
	asks_answer(as, id, &nothing);
}

static void forget(struct resolver *r, struct asks *as)
{
	(void)r, (void)as;
}

static void end(struct resolver *r)
{
	(void)r;
}

/* The last hop that came from outside: the topmost Received with an address
 * that others can see.  What stands above it is the way within our network. */
static void find_hop(struct judge *j, const struct header *h)
{
	const struct field *f;

	for (size_t i = 0; (f = header_find(h, STR("Received"), i)); i++) {
		struct received r = received_parse(f->value);

		if (!ip_is_global(r.ip))
			continue;
		j->received = r;
		j->facts.received = &j->received;
		return;
	}
}

/* No other machine sent it: it was handed in here, by a user who named himself
 * or by somebody within. */
static bool is_own(const struct judge *j)
{
	const struct received *hop = j->facts.received;

	return j->o->arrived &&
	       (j->facts.ip.family == IP_NONE ||
		(hop && hop->submitted && ip_equal(hop->ip, j->facts.ip)));
}

static str return_path(const struct header *h)
{
	const struct field *f = header_find(h, STR("Return-Path"), 0);

	return f ? str_trim(f->value) : (str){ NULL, 0 };
}

/* What the options say, and else the message. */
static void set_envelope(struct judge *j)
{
	const struct header *h = verify_fields(j->v);
	const struct judge_options *o = j->o;
	struct score_facts *f = &j->facts;

	find_hop(j, h);
	f->ip = o->ip;
	f->helo = o->helo;
	/* a relay of ours gave it to us: who gave it to that one? */
	if (o->arrived && !ip_is_global(f->ip)) {
		f->ip.family = IP_NONE;
		f->helo.p = NULL;
	}
	if (f->ip.family == IP_NONE && f->received)
		f->ip = f->received->ip;
	if (!f->helo.p)
		f->helo = f->received ? f->received->helo : STR("");
	j->own = is_own(j);
	if (j->own) {
		f->ip = o->own_ip;
		f->helo = o->own_helo.p ? o->own_helo : STR("");
	}
	/* how it came to a user's own server says nothing of the way to others;
	 * nor does another hop's field of this one */
	if (j->own ||
	    (o->arrived && f->received && !ip_equal(f->received->ip, f->ip)))
		f->received = NULL;
	if (f->ip.family != IP_NONE)
		verify_envelope(j->v, f->ip, f->helo,
				o->mail_from.p ? o->mail_from : return_path(h));
}

static void on_field(void *arg, str raw)
{
	(void)verify_header_raw(((struct judge *)arg)->v, raw);
}

static void on_too_large(void *arg)
{
	verify_header_too_large(((struct judge *)arg)->v);
}

static void on_end_of_header(void *arg)
{
	set_envelope(arg);
	verify_end_of_headers(((struct judge *)arg)->v);
}

static void on_body(void *arg, str chunk)
{
	struct judge *j = arg;

	score_body_add(&j->facts.body, chunk);
	verify_body(j->v, chunk);
}

static void free_late(void *judge)
{
	judge_free(judge);
}

struct judge *judge_new(struct arena *arena, const struct judge_options *o)
{
	struct judge *j = arena_new_of(arena, struct judge);
	struct verify_options vo = verify_defaults(o->now);

	/* also when memory runs out */
	arena_defer(arena, free_late, j);
	j->arena = arena;
	j->o = o;
	j->offline = (struct resolver){ refuse, forget, end };
	j->resolver = o->dns ? dns_client_resolver(o->dns) : &j->offline;
	j->sink = (struct feed_sink){ j, on_field, on_too_large,
				      on_end_of_header, on_body };
	vo.methods = VERIFY_DKIM | VERIFY_SPF | VERIFY_DMARC | VERIFY_IPREV;
	vo.trace = true;
	j->v = verify_new(&vo, j->resolver);
	return j->v ? j : NULL;
}

const struct feed_sink *judge_sink(const struct judge *j)
{
	return &j->sink;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	verify_free(j->v);
	j->v = NULL;
}

/* "1.2.0.192.list.example" */
static str listing_name(struct arena *arena, struct ip ip, str list)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX + IP_REVERSE_MAX);
	char text[IP_REVERSE_MAX];
	str name = ip_reverse_name(ip, text);

	name.n -= ip.family == IP_V4 ? sizeof ".in-addr.arpa" - 1
				     : sizeof ".ip6.arpa" - 1;
	buf_printf(&b, "%.*s.%.*s", STR_ARG(name), STR_ARG(list));
	return buf_str(&b);
}

/* One run over all questions; what is not there yet is asked for. */
static void ask_all(struct judge *j, struct asks *asks, str author,
		    struct score_listing *lists)
{
	struct score_facts *f = &j->facts;

	if (f->ip.family != IP_NONE && dns_name_is_domain(f->helo, true))
		f->helo_answer = ask(asks,
				     f->ip.family == IP_V4 ? DNS_A : DNS_AAAA,
				     f->helo);
	if (author.n) {
		f->mx = ask(asks, DNS_MX, author);
		f->address = ask(asks, DNS_A, author);
		if (f->address && f->address->status != DNS_TEMPFAIL &&
		    !f->address->n)
			f->address = ask(asks, DNS_AAAA, author);
	}
	for (size_t i = 0; f->ip.family != IP_NONE && i < f->n_listings; i++)
		lists[i].answer = ask(asks, DNS_A,
				      listing_name(j->arena, f->ip,
						   lists[i].list));
}

static void ask_rest(struct judge *j)
{
	struct asks *asks = asks_new(j->arena, j->resolver, LIMIT_QUESTIONS);
	struct score_listing *lists = arena_array_of(
		j->arena, struct score_listing, JUDGE_LISTS_MAX);
	const struct verdict_dmarc *dmarc = j->facts.verdict->dmarc;

	for (size_t i = 0; i < j->o->n_lists && i < JUDGE_LISTS_MAX; i++)
		lists[j->facts.n_listings++].list = str_of(j->o->lists[i]);
	j->facts.listings = lists;
	j->facts.asks = asks;
	do
		ask_all(j, asks, dmarc ? dmarc->domain : STR(""), lists);
	while (asks_outstanding(asks) && j->o->dns &&
	       dns_client_wait(j->o->dns, asks));
	ask_all(j, asks, dmarc ? dmarc->domain : STR(""), lists);
	asks_cancel(asks);
}

bool judge_end(struct judge *j)
{
	verify_end(j->v);
	while (!verify_run(j->v))
		if (!j->o->dns ||
		    !dns_client_wait(j->o->dns, verify_asks(j->v))) {
			verify_give_up(j->v);
			break;
		}
	j->facts.verdict = verify_verdict(j->v);
	j->facts.header = verify_fields(j->v);
	j->facts.verdict_asks = verify_asks(j->v);
	if (j->facts.verdict->out_of_memory)
		return false;
	ask_rest(j);
	score_make(j->arena, &j->facts, &j->score);
	return true;
}
