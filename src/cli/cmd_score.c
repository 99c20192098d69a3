/* inkan score: a message in points of ten, as a stranger's server sees it. */
#include "base/buf.h"
#include "base/limits.h"
#include "cli/message.h"
#include "cli/score_out.h"
#include "dns/idn.h"
#include "dns/name.h"
#include "mail/address.h"
#include "verify/verify.h"

static const struct opt options[] = {
	{ "ip", 0, "ADDR",
	  N_("the address that sent it, default from the Received field") },
	{ "helo", 0, "NAME",
	  N_("the name it gave in HELO, default from the same field") },
	{ "mail-from", 0, "ADDR",
	  N_("the envelope's sender, default from Return-Path") },
	{ "html", 0, "FILE", N_("write a page for sharing") },
	{ "blocklist", 0, "DOMAIN",
	  N_("ask this DNS blocklist about the address (repeatable)") },
	{ "offline", 0, NULL,
	  N_("do not ask DNS: what needs it is not tested") },
	{ NULL, 0, NULL, NULL },
};

enum { LISTS_MAX = 20 };

/* Answers nothing, for --offline. */
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

struct scoring {
	struct cli *cli;
	struct dns_client *dns; /* NULL: offline */
	struct resolver offline;
	struct resolver *resolver;
	struct verify *v;
	struct score_facts facts;
	struct received received;
	str mail_from;
};

/* The last hop that came from outside: the topmost Received with an address
 * that is not this machine's own. */
static void find_hop(struct scoring *sc, const struct header *h)
{
	struct ip_prefix local4, local6;
	const struct field *f;

	if (!ip_prefix_parse(STR("127.0.0.0/8"), &local4) ||
	    !ip_prefix_parse(STR("::1/128"), &local6))
		return;
	for (size_t i = 0; (f = header_find(h, STR("Received"), i)); i++) {
		struct received r = received_parse(f->value);

		if (r.ip.family == IP_NONE || ip_in_prefix(r.ip, local4) ||
		    ip_in_prefix(r.ip, local6))
			continue;
		sc->received = r;
		sc->facts.received = &sc->received;
		return;
	}
}

static str return_path(const struct header *h)
{
	const struct field *f = header_find(h, STR("Return-Path"), 0);

	return f ? str_trim(f->value) : (str){ NULL, 0 };
}

/* What the options say, and else the message. */
static void set_envelope(struct scoring *sc)
{
	const struct header *h = verify_fields(sc->v);
	struct args *a = &sc->cli->args;
	struct score_facts *f = &sc->facts;

	find_hop(sc, h);
	if (!args_has(a, "ip") && f->received)
		f->ip = f->received->ip;
	f->helo = args_has(a, "helo") ? str_of(args_get(a, "helo"))
		  : f->received       ? f->received->helo
				      : STR("");
	sc->mail_from = args_has(a, "mail-from")
				? str_of(args_get(a, "mail-from"))
				: return_path(h);
	if (f->ip.family != IP_NONE)
		verify_envelope(sc->v, f->ip, f->helo, sc->mail_from);
}

static void on_field(void *arg, str raw)
{
	(void)verify_header_raw(((struct scoring *)arg)->v, raw);
}

static void on_too_large(void *arg)
{
	verify_header_too_large(((struct scoring *)arg)->v);
}

static void on_end_of_header(void *arg)
{
	set_envelope(arg);
	verify_end_of_headers(((struct scoring *)arg)->v);
}

static void on_body(void *arg, str chunk)
{
	struct scoring *sc = arg;

	score_body_add(&sc->facts.body, chunk);
	verify_body(sc->v, chunk);
}

static bool read_message(struct scoring *sc)
{
	struct feed_sink sink = { sc, on_field, on_too_large, on_end_of_header,
				  on_body };
	bool ok = message_feed(sc->cli, &sink);

	verify_end(sc->v);
	while (ok && !verify_run(sc->v))
		if (!sc->dns || !dns_client_wait(sc->dns, verify_asks(sc->v))) {
			verify_give_up(sc->v);
			break;
		}
	return ok;
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
static void ask_all(struct scoring *sc, struct asks *asks, str author,
		    struct score_listing *lists)
{
	struct arena *arena = sc->cli->arena;
	struct score_facts *f = &sc->facts;

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
		lists[i].answer = ask(
			asks, DNS_A, listing_name(arena, f->ip, lists[i].list));
}

static void ask_rest(struct scoring *sc)
{
	struct arena *arena = sc->cli->arena;
	struct asks *asks = asks_new(arena, sc->resolver, LIMIT_QUESTIONS);
	struct score_listing *lists = arena_array_of(
		arena, struct score_listing, LISTS_MAX);
	const struct verdict_dmarc *dmarc = sc->facts.verdict->dmarc;
	size_t n;
	const char *const *names = args_all(&sc->cli->args, arena, "blocklist",
					    &n);

	for (size_t i = 0; i < n && i < LISTS_MAX; i++)
		lists[sc->facts.n_listings++].list = str_of(names[i]);
	sc->facts.listings = lists;
	do
		ask_all(sc, asks, dmarc ? dmarc->domain : STR(""), lists);
	while (asks_outstanding(asks) && sc->dns &&
	       dns_client_wait(sc->dns, asks));
	ask_all(sc, asks, dmarc ? dmarc->domain : STR(""), lists);
	asks_cancel(asks);
}

static int report(struct scoring *sc)
{
	struct cli *cli = sc->cli;
	const char *html = args_get(&cli->args, "html");
	struct score score;

	sc->facts.verdict = verify_verdict(sc->v);
	sc->facts.header = verify_fields(sc->v);
	if (sc->facts.verdict->out_of_memory) {
		(void)err_set(&cli->err, ERR_INTERNAL,
			      _("out of memory: nothing is known"));
		return cli_fail(cli);
	}
	ask_rest(sc);
	score_make(cli->arena, &sc->facts, &score);
	if (html && !score_html(cli, &score, sc->facts.header, html))
		return cli_fail(cli);
	if (cli->json)
		out_json(score_json(&score));
	else
		score_print(cli, &score);
	return args_has(&cli->args, "fail") && score.total < 1000 ? 1 : 0;
}

static bool prepare(struct scoring *sc)
{
	struct cli *cli = sc->cli;
	struct verify_options o = verify_defaults(cli->now);
	const char *ip = args_get(&cli->args, "ip");

	sc->offline = (struct resolver){ refuse, forget, end };
	sc->resolver = &sc->offline;
	if (ip && !ip_parse(str_of(ip), &sc->facts.ip))
		return err_set(&cli->err, ERR_USAGE,
			       _("--ip \"%.60s\" is not an address"), ip);
	if (!args_has(&cli->args, "offline")) {
		sc->dns = cli_dns(cli);
		if (!sc->dns)
			return false;
		sc->resolver = dns_client_resolver(sc->dns);
	}
	o.methods = VERIFY_DKIM | VERIFY_SPF | VERIFY_DMARC | VERIFY_IPREV;
	sc->v = verify_new(&o, sc->resolver);
	return sc->v || err_set(&cli->err, ERR_INTERNAL, _("out of memory"));
}

static int run(struct cli *cli)
{
	struct scoring sc = { .cli = cli };
	int status = prepare(&sc) && read_message(&sc) ? report(&sc)
						       : cli_fail(cli);

	verify_free(sc.v);
	dns_client_free(sc.dns);
	return status;
}

const struct command cmd_score = {
	"score",
	N_("[--html FILE] [OPTIONS] [FILE]"),
	N_("give a message points of ten, as a stranger's server sees it"),
	N_("Send a mail to a mailbox elsewhere, save it there with its whole "
	   "header, and give it\nto inkan score. What cannot be looked at is "
	   "\"not tested\" and costs no points."),
	options,
	run,
};
