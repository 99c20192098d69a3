/* seen: see rotate/seen.h. */
#include "rotate/seen.h"

#include "base/buf.h"
#include "base/tr.h"
#include "conf/keytest.h"
#include "dns/name.h"
#include "publish/primary.h"

str seen_name(struct arena *arena, str selector, str domain)
{
	struct buf b = buf_of(arena, (size_t)2 * DNS_NAME_MAX);

	buf_printf(&b, "%.*s._domainkey.%.*s", STR_ARG(selector),
		   STR_ARG(domain));
	return buf_str(&b);
}

static const char *words(enum keytest_result result, enum seen_want want)
{
	static const char *const what[] = {
		[KEYTEST_OK] = N_("the key is there"),
		[KEYTEST_NOT_FOUND] = N_("no record yet"),
		[KEYTEST_TIMEOUT] = N_("no answer"),
		[KEYTEST_BOGUS] = N_("an answer whose DNSSEC is broken"),
		[KEYTEST_INVALID] = N_("a record that is no usable key"),
		[KEYTEST_REVOKED] = N_("revoked"),
		[KEYTEST_MISMATCH] = N_("another key"),
	};

	if (want != SEEN_KEY && result == KEYTEST_NOT_FOUND)
		return N_("no record");
	return what[result];
}

static struct seen_place judge(const char *server, enum keytest_result result,
			       enum seen_want want)
{
	bool ok = want == SEEN_KEY ? result == KEYTEST_OK
				   : result == KEYTEST_NOT_FOUND ||
					     (want == SEEN_REVOKED &&
					      result == KEYTEST_REVOKED);

	return (struct seen_place){ server, words(result, want), ok,
				    result == KEYTEST_TIMEOUT };
}

/* The server's own answer in the form that a resolver gives. */
static struct dns_answer answer_of(struct arena *arena,
				   const struct server_answer *from)
{
	size_t n = server_count(from);
	struct dns_rr *rr = arena_array_of(arena, struct dns_rr, n + 1);

	for (size_t i = 0; i < n; i++)
		rr[i].data = server_value_at(arena, from, i);
	return (struct dns_answer){ .status = n ? DNS_OK : DNS_NODATA,
				    .n = n,
				    .rr = rr };
}

/* Refused, or not its zone (lame): no answer. */
static enum keytest_result ask_one(struct arena *arena, const struct server *s,
				   str name, const struct privkey *key)
{
	struct keytest t = { .name = name };
	struct server_answer raw;
	struct dns_answer a;
	struct err e;

	if (!server_ask(arena, s, DNS_TXT, name, &raw, &e) ||
	    !raw.authoritative || (raw.rcode != 0 && raw.rcode != 3))
		return KEYTEST_TIMEOUT;
	a = answer_of(arena, &raw);
	keytest_judge(arena, &a, key, &t);
	return t.result;
}

bool seen_check(struct arena *arena, struct dns_client *dns, str domain,
		str selector, enum seen_want want, const struct privkey *key,
		unsigned timeout_ms, struct seen *out, struct err *e)
{
	struct server servers[PRIMARY_SERVERS_MAX];
	str zone, primary, name = seen_name(arena, selector, domain);
	size_t n;

	if (!primary_zone(arena, dns, dns_name_parent(name), &zone, &primary,
			  e) ||
	    !primary_servers(arena, dns, zone, timeout_ms, servers, &n, e))
		return false;
	out->place = arena_array_of(arena, struct seen_place, n + 1);
	out->n = 0;
	out->all = true;
	for (size_t i = 0; i < n; i++)
		out->place[out->n++] = judge(
			arena_cstr(arena, str_of(servers[i].text)),
			ask_one(arena, &servers[i], name, key), want);
	for (size_t i = 0; i < out->n; i++)
		out->all = out->all && out->place[i].ok;
	if (!out->all || want == SEEN_NOTHING)
		return true;
	out->place[out->n] = judge(
		NULL, keytest_run(arena, dns, domain, selector, key).result,
		want);
	out->all = out->place[out->n++].ok;
	return true;
}
