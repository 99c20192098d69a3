#include "doctor/ports.h"

#include "crypto/cert.h"
#include "doctor/speak.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_MS = 30000, DAY = 86400, SOON = 14 };

static bool is_local(struct ip ip)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	bool is4 = ip.family == IP_V4;
	int fd = socket(is4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	memcpy(is4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, ip.b,
	       is4 ? 4 : 16);
	ok = bind(fd, is4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		  is4 ? sizeof v4 : sizeof v6) == 0;
	close(fd);
	return ok;
}

struct port {
	str host;
	struct ip ip;
	uint16_t number;
	str subject;
};

static bool for_users(const struct port *at)
{
	return at->number != 25;
}

/* Mail programs insist on what servers among themselves overlook. */
static void judge_tls(const struct ports_check *p, enum finding_code code,
		      bool good, const struct port *at, const str *args)
{
	finding_put(p->f, code,
		    good            ? FINDING_OK
		    : for_users(at) ? FINDING_FAIL
				    : FINDING_WARN,
		    at->subject, args);
}

static void free_cert(void *cert)
{
	cert_free(cert);
}

/* True: nothing is wrong with it, as far as time and name go. */
static bool check_shown(const struct ports_check *p, const struct port *at,
			str chain)
{
	struct arena_slot *slot = arena_defer_slot(p->m->arena, free_cert);
	struct cert *cert = cert_read(chain);
	struct buf days = buf_of(p->m->arena, 32);
	int64_t left;
	bool named;

	arena_defer_set(slot, cert);
	if (!cert)
		return false;
	left = cert_not_after(cert) - p->m->now;
	named = cert_names(cert, at->host);
	buf_printf(&days, "%lld", (long long)(left / DAY));
	judge_tls(p, FIND_SHOWN_NAME, named, at, ARGS(at->host));
	finding_put(p->f, FIND_SHOWN_EXPIRED,
		    left <= 0                    ? FINDING_FAIL
		    : left < (int64_t)SOON * DAY ? FINDING_WARN
						 : FINDING_OK,
		    at->subject, ARGS(buf_str(&days)));
	return named && left > 0;
}

static bool check_peer(const struct ports_check *p, const struct port *at,
		       const struct dialog_tls *peer)
{
	str distrust = peer->distrust
			       ? arena_str(p->m->arena, str_of(peer->distrust))
			       : STR("");

	judge(p->f, FIND_SHOWN_PROTOCOL, !peer->old, at->subject,
	      ARGS(str_of(peer->version)));
	judge_tls(p, FIND_SHOWN_CHAIN, !peer->distrust, at, ARGS(distrust));
	return check_shown(p, at, peer->chain) && !peer->distrust;
}

/* "submission/inet", or as master.cf calls the service on that port. */
static str service_at(const struct machine *m, uint16_t number)
{
	const struct mastercf_service *s = m->postfix.master.first;

	while (s && postfix_port(s) != number)
		s = s->next;
	return s ? service_name(m, s) : STR("submission/inet");
}

static void check_auth(const struct ports_check *p, const struct port *at,
		       const struct speak_seen *s)
{
	if (at->number == 587)
		judge(p->f, FIND_AUTH_IN_CLEAR, !s->auth_in_clear, at->subject,
		      ARGS(service_at(p->m, at->number)));
	if (for_users(at) && s->tls && s->greeted)
		judge(p->f, FIND_AUTH_MISSING, s->auth, at->subject, NULL);
}

static void remember(struct ports_check *p, const struct port *at,
		     const struct speak_seen *s, bool trusted)
{
	if (at->number == 25 && p->n_chains < PORTS_CHAINS_MAX)
		p->chains[p->n_chains++] = (struct ports_chain){
			.host = at->host,
			.chain = s->tls ? s->peer.chain : STR(""),
			.reached = s->reached,
			.trusted = trusted,
		};
}

static void check_port(struct ports_check *p, const struct port *at)
{
	const str helo = p->records->host.n ? p->records->host
					    : STR("localhost");
	const struct speak_options o = {
		.ip = at->ip,
		.port = at->number,
		.tls_first = at->number == 465,
		.name = machine_cstr(p->m, at->host),
		.helo = machine_cstr(p->m, helo),
		.ca_file = p->ca_file,
		.timeout_ms = TIMEOUT_MS,
	};
	struct speak_seen s;
	bool trusted = false;

	speak(p->m->arena, &o, &s);
	if (!s.reached) {
		finding_skip(p->f, FIND_SMTP, at->subject,
			     N_("nothing answers on the port, or a firewall is "
				"in between"));
		remember(p, at, &s, false);
		return;
	}
	if (s.greeted || !o.tls_first || s.tls)
		judge(p->f, FIND_SMTP, s.greeted, at->subject, ARGS(s.trouble));
	if (s.greeted && !o.tls_first)
		judge_tls(p, FIND_STARTTLS, s.starttls, at, NULL);
	if (s.starttls || (o.tls_first && s.reached))
		judge(p->f, FIND_HANDSHAKE, s.tls, at->subject,
		      ARGS(s.trouble));
	if (s.tls)
		trusted = check_peer(p, at, &s.peer);
	if (s.greeted)
		check_auth(p, at, &s);
	remember(p, at, &s, trusted);
}

static void look_at(struct ports_check *p, str host, struct ip ip,
		    uint16_t number)
{
	struct buf subject = buf_of(p->m->arena, 512);
	char text[IP_TEXT_MAX];

	buf_printf(&subject, "%.*s:%u (%.*s)", STR_ARG(host), number,
		   STR_ARG(ip_text(ip, text)));

	const struct port at = { host, ip, number, buf_str(&subject) };

	check_port(p, &at);
}

/* One address of each family, of this machine alone when own is set. */
static size_t choose(struct ports_check *p, str host, bool own,
		     struct ip out[2])
{
	struct ip ips[RECORDS_ADDRESSES_MAX];
	bool have[IP_V6 + 1] = { false };
	size_t n, found = 0;

	if (!records_addresses(p->records, host, ips, &n))
		n = 0;
	for (size_t i = 0; i < n && found < 2; i++) {
		if (have[ips[i].family] || (own && !is_local(ips[i])))
			continue;
		have[ips[i].family] = true;
		out[found++] = ips[i];
	}
	/* behind NAT: the DNS has the address of the router */
	if (own && !found)
		(void)ip_parse(STR("127.0.0.1"), &out[found++]);
	return found;
}

static void check_own(struct ports_check *p)
{
	static const uint16_t numbers[] = { 25, 587, 465 };
	struct ip ips[2];
	size_t n = choose(p, p->records->host, true, ips);

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		for (size_t j = 0; j < n; j++)
			look_at(p, p->records->host, ips[j], numbers[i]);
	finding_skip(p->f, FIND_RELAY, p->records->host,
		     N_("whether strangers may relay is seen from outside "
			"only, and is not guessed; postfix.relay.open is what "
			"the files say"));
}

/* Of the others one address is enough: the first family that there is. */
static void check_exchangers(struct ports_check *p, str domain)
{
	const struct dns_answer *a = ask(p->records->asks, DNS_MX, domain);

	for (size_t i = 0; a && i < a->n; i++) {
		str host = a->rr[i].data;
		struct ip ips[2];

		if (host.n && !ports_chain(p, host) &&
		    p->n_chains < PORTS_CHAINS_MAX &&
		    choose(p, host, false, ips))
			look_at(p, host, ips[0], 25);
	}
}

const struct ports_chain *ports_chain(const struct ports_check *p, str host)
{
	const struct ports_chain *found = NULL;

	for (size_t i = 0; i < p->n_chains; i++)
		if (str_ieq(p->chains[i].host, host) &&
		    (!found || !found->reached))
			found = &p->chains[i];
	return found;
}

void check_ports(struct ports_check *p)
{
	if (!p->m->tree.live || p->records->zones_only) {
		finding_skip(p->f, FIND_SMTP, p->records->host,
			     p->m->tree.live
				     ? N_("with --zone nobody is spoken to")
				     : N_("a tree of files has no servers"));
		return;
	}
	if (p->records->host.n)
		check_own(p);
	for (size_t i = 0; i < p->records->n_domains; i++)
		check_exchangers(p, p->records->domains[i]);
}
